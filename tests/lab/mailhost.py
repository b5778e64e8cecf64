"""Mail on one isolated machine: Postfix, OpenDKIM and OpenDMARC of a sender and a receiver."""

from __future__ import annotations

import email.message
import email.parser
import pwd
import re
import secrets
import subprocess
import sys
from pathlib import Path

from tests.lab.isolated_host import FORWARDER, RECEIVER, IsolatedHost

FORESEEN = "127.0.0.1"  # where `serve --plan` answers
PROGRAMS = ("postfix", "opendkim", "opendkim-testkey", "opendmarc")

MASTER = """\
smtp      inet  n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file_prefixes = /srv
maillog_file = {folder}/log
mail_owner = postfix
inet_protocols = ipv4
inet_interfaces = {listens}
smtp_bind_address = {address}
myhostname = {hostname}
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
smtp_host_lookup = dns
smtputf8_enable = no
smtpd_peername_lookup = no
import_environment = MAIL_CONFIG
"""


class MailHost(IsolatedHost):
    """A machine on which mail goes from a sender to a receiver, straight or by a forwarder.

    With `holds`, the receiver puts aside what is in quarantine; else it delivers that.
    """

    holds = False

    def postfix(self, name: str, hostname: str, address: str, more: str, listens: str = "") -> None:
        """Make a Postfix of its own in /srv/<name>."""
        folder = f"/srv/{name}"
        main = MAIN.format(
            folder=folder, hostname=hostname, address=address, listens=listens or address
        )
        self.write(f"{folder}/etc/main.cf", main + more)
        self.write(f"{folder}/etc/master.cf", MASTER)
        self.shell(f"mkdir -p {folder}/spool {folder}/data && chown postfix {folder}/data")

    def start_postfix(self, name: str, address: str) -> None:
        self.run("postfix", "-c", f"/srv/{name}/etc", "start")
        self.wait(lambda: self.listening(address, 25), f"Postfix {name}")

    def start_opendkim(self, conf: str, port: int) -> None:
        self.shell("mkdir -p /run/opendkim && chown opendkim /run/opendkim")
        self.begin("opendkim", "-f", "-x", conf)
        self.wait(lambda: self.listening("127.0.0.1", port), "OpenDKIM")

    def serve_plan(self, plan: str) -> None:
        """Serve DNS as after a plan on port 53, as the resolver of all that starts from now on."""
        module = (
            sys.executable,
            "-m",
            "mailauth_dns",
            "-C",
            "/srv/repo",
            "serve",
            "--port",
            "53",
            "--plan",
            plan,
        )
        self.begin(*module, LAB_SECRET=self.secret, PYTHONPATH=str(Path.cwd()))
        self.wait(lambda: self.listening(FORESEEN, 53), "mailauth-dns serve")
        self.nameserver = FORESEEN
        self.shell(f"echo 'nameserver {FORESEEN}' > /etc/resolv.conf")

    def receiver(self, address: str = RECEIVER, *, spf_daemon: bool = False) -> None:
        """Start mx.example.net, which verifies, obeys DMARC, and keeps bob's mail.

        With `spf_daemon` it asks an SPF daemon too.
        """
        nobody = pwd.getpwnam("nobody")
        # No TrustAnchorFile: without a signed root every look-up of a key would time out.
        # libunbound does not read resolv.conf, and asks nothing of loopback unless told so.
        self.write("/srv/in/unbound.conf", "server:\n  do-not-query-localhost: no\n")
        self.write(
            "/srv/in/opendkim.conf",
            "Mode v\nSocket inet:8894@127.0.0.1\nAuthservID mx.example.net\nAlwaysAddARHeader yes\n"
            f"Nameservers {self.nameserver}\nResolverConfiguration /srv/in/unbound.conf\n",
        )
        self.write("/srv/in/suffixes", "com\nnet\norg\n")
        self.write(
            "/srv/in/opendmarc.conf",
            "Socket inet:8893@127.0.0.1\nAuthservID mx.example.net\n"
            "TrustedAuthservIDs mx.example.net\nRejectFailures true\nSPFSelfValidate true\n"
            "SPFIgnoreResults true\nPublicSuffixList /srv/in/suffixes\n"
            f"HistoryFile /srv/in/history\nHoldQuarantinedMessages {str(self.holds).lower()}\n",
        )
        self.start_opendkim("/srv/in/opendkim.conf", 8894)
        self.begin("opendmarc", "-f", "-c", "/srv/in/opendmarc.conf")
        self.wait(lambda: self.listening("127.0.0.1", 8893), "OpenDMARC")
        self.postfix(
            "in",
            "mx.example.net",
            address,
            "virtual_mailbox_domains = example.net\nvirtual_mailbox_base = /srv/in/mail\nvirtual_mailbox_maps = static:bob/\n"
            f"virtual_uid_maps = static:{nobody.pw_uid}\nvirtual_gid_maps = static:{nobody.pw_gid}\n"
            "smtpd_milters = inet:127.0.0.1:8894, inet:127.0.0.1:8893\nmilter_default_action = tempfail\n"
            + (
                "smtpd_recipient_restrictions = check_policy_service unix:private/spf\n"
                if spf_daemon
                else ""
            ),
        )
        if spf_daemon:
            # It tells in the head what it found; to refuse mail is left to OpenDMARC.
            self.write("/srv/in/spf.conf", "HELO_reject = False\nMail_From_reject = False\n")
            with self.outside("/srv/in/etc/master.cf").open("a") as master:
                master.write(
                    "spf unix - n n - 0 spawn user=nobody argv=/usr/bin/policyd-spf /srv/in/spf.conf\n"
                )
        self.shell(f"mkdir -p /srv/in/mail && chown {nobody.pw_uid} /srv/in/mail")
        self.start_postfix("in", address)

    def forwarder(self) -> None:
        """Start mx.example.org, which sends everything on to bob with the envelope as it was."""
        more = "virtual_alias_domains = example.org\nvirtual_alias_maps = static:bob@example.net\n"
        self.postfix("forward", "mx.example.org", FORWARDER, more)
        self.start_postfix("forward", FORWARDER)

    # Mail

    def send(self, server: str, sender: str, recipient: str, subject: str, source: str = "") -> str:
        """Hand a message in over SMTP and return what the server said last."""
        return self.send_octets(
            server, sender, recipient, _text(sender, recipient, subject).encode(), source
        )

    def send_octets(
        self, server: str, sender: str, recipient: str, message: bytes, source: str = ""
    ) -> str:
        """Hand in these octets."""
        script = f"""import smtplib
try:
    with smtplib.SMTP({server!r}, 25, timeout=20, source_address={(source, 0) if source else None!r}) as smtp:
        smtp.sendmail({sender!r}, [{recipient!r}], {message!r})
    print("accepted")
except smtplib.SMTPResponseException as error:
    print(error.smtp_code, error.smtp_error.decode())
"""
        return self.run(sys.executable, "-c", script).stdout.strip()

    def submit(self, sender: str, recipient: str, subject: str) -> None:
        """Hand a message in as the article does, with the sendmail command of the sending host."""
        text = _text(sender, recipient, subject)
        command = self.inside("sendmail", "-C", "/srv/out/etc", "-i", "-f", sender, recipient)
        subprocess.run(command, input=text, text=True, check=True, capture_output=True)

    def mail_files(self) -> list[Path]:
        """Return the files of what was delivered to bob, oldest first."""
        return sorted(self.outside("/srv/in/mail/bob/new").glob("*"))

    def mail(self) -> dict[str, email.message.Message]:
        """Return bob's mail by subject."""
        found = [
            email.parser.BytesParser().parsebytes(path.read_bytes()) for path in self.mail_files()
        ]
        return {str(message["Subject"]): message for message in found}

    def delivered(self, subject: str) -> email.message.Message:
        self.wait(lambda: subject in self.mail(), f"the message {subject!r}")
        return self.mail()[subject]


def _text(sender: str, recipient: str, subject: str) -> str:
    return (
        f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\nDate: Sun, 31 May 2026 12:00:00 +0000\r\n"
        f"Message-ID: <{secrets.token_hex(8)}@example.com>\r\n\r\nhello\r\n"
    )


def results(message: email.message.Message) -> dict[str, list[str]]:
    """Return what mx.example.net found, by method: `{"dkim": ["pass"], ...}` (RFC 8601)."""
    found: dict[str, list[str]] = {}
    for header in message.get_all("Authentication-Results", []):
        if header.split(";")[0].strip() == "mx.example.net":
            for method, result in re.findall(r"\b(spf|dkim|dmarc)=(\w+)", header):
                found.setdefault(method, []).append(result)
    return found


def selectors(message: email.message.Message) -> list[str]:
    """Return the selectors that signed, in order."""
    return [
        found
        for header in message.get_all("DKIM-Signature", [])
        for found in re.findall(r"\bs=([^;\s]+)", header)
    ]
