"""Mail on one machine that nothing can leave: Postfix, OpenDKIM, OpenDMARC and BIND in a network, mount and process namespace of their own.

Ports 25 and 53 are free in there, and everything that was started ends with the namespace's first process, which ends with the test.
"""

from __future__ import annotations

import base64
import email.message
import email.parser
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

NAMESERVER, SENDER, RECEIVER, FORWARDER, STRANGER = (
    f"192.0.2.{last}" for last in (53, 10, 20, 30, 66)
)
FORESEEN = "127.0.0.1"  # where `serve --plan` answers
PROGRAMS = (
    "unshare",
    "nsenter",
    "ip",
    "named",
    "postfix",
    "opendkim",
    "opendkim-testkey",
    "opendmarc",
)
PATIENCE = 30.0  # seconds for anything that happens by itself

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


def missing(*more: str) -> str | None:
    """Return why the mail loop, with these programs besides, cannot be run here, or None."""
    absent = [program for program in (*PROGRAMS, *more) if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (script/servers gets them)"
    if os.geteuid() != 0:
        return "a network of its own and mail servers need root"
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


class MailHost:
    """The namespace with its servers. Paths in it are those that its programs see; `outside` is how the test reaches one."""

    def __init__(self) -> None:
        self.secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self.nameserver = NAMESERVER  # what the programs in it ask

    def __enter__(self) -> Self:
        # The shell ends when its standard input does, and the kernel then ends all the rest.
        self._first = subprocess.Popen(
            [
                "unshare",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "bash",
                "-c",
                "while read -r _; do :; done",
            ],
            stdin=subprocess.PIPE,
        )
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children")
        self.wait(lambda: bool(children.read_text().split()), "the namespace")
        self._pid = int(children.read_text().split()[0])
        self.wait(
            lambda: "bash" in Path(f"/proc/{self._pid}/comm").read_text(), "the namespace's shell"
        )
        addresses = " && ".join(
            f"ip addr add {each}/32 dev lo"
            for each in (NAMESERVER, SENDER, RECEIVER, FORWARDER, STRANGER)
        )
        self.shell(
            f"ip link set lo up && {addresses} && mount -t tmpfs -o mode=755 tmpfs /srv && mount -t tmpfs -o mode=755 tmpfs /run"
            f" && echo 'nameserver {NAMESERVER}' > /srv/resolv.conf && mount --bind /srv/resolv.conf /etc/resolv.conf"
            " && mkdir -p /srv/repo /run/opendkim && chown opendkim /run/opendkim"
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._first.stdin is not None
        self._first.stdin.close()
        self._first.wait(10)

    # Running things in it

    def outside(self, path: str) -> Path:
        return Path(f"/proc/{self._pid}/root{path}")

    def inside(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self._pid), "-n", "-m", "-p", "-r", "--", *command]

    def run(
        self, *command: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.inside(*command),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1", **environment},
        )
        assert not check or done.returncode == 0, (
            f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def shell(self, script: str) -> str:
        return self.run("sh", "-euc", script).stdout

    def begin(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a server, its output in /srv/<program>.log."""
        with self.outside(f"/srv/{Path(command[0]).name}.log").open("ab") as log:
            return subprocess.Popen(
                self.inside(*command),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                env={**os.environ, **environment},
            )

    def mailauth(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in the zone repo /srv/repo."""
        return self.run(
            sys.executable,
            "-m",
            "mailauth_dns",
            "-C",
            "/srv/repo",
            *arguments,
            check=False,
            LAB_SECRET=self.secret,
            PYTHONPATH=str(Path.cwd()),
            **environment,
        )

    def write(self, path: str, text: str) -> None:
        target = self.outside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    @staticmethod
    def wait(ready: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < until, f"{what} was not ready in {PATIENCE} s"
            time.sleep(0.05)

    def listening(self, address: str, port: int) -> bool:
        script = f"import socket; socket.create_connection(({address!r}, {port}), 1).close()"
        return self.run(sys.executable, "-c", script, check=False).returncode == 0

    # Servers

    def bind(self, zones: dict[str, str]) -> None:
        """Serve these zones on port 53, open to updates with the lab's key."""
        stanzas = []
        for zone, text in zones.items():
            self.write(f"/srv/named/{zone}.zone", text)
            stanzas.append(
                f'zone "{zone}" {{ type primary; file "{zone}.zone"; update-policy {{ grant lab-key zonesub ANY; }};'
                " allow-transfer { key lab-key; }; };"
            )
        self.write(
            "/srv/named/named.conf",
            f"""options {{ directory "/srv/named"; pid-file "/srv/named/pid"; session-keyfile "/srv/named/session.key";
              listen-on {{ {NAMESERVER}; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify no;
              recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; }}; // libunbound takes no server that does not offer it
            controls {{ }};
            key "lab-key" {{ algorithm hmac-sha256; secret "{self.secret}"; }};
            {" ".join(stanzas)}""",
        )
        self.begin("named", "-g", "-n", "1", "-c", "/srv/named/named.conf")
        self.wait(lambda: self.listening(NAMESERVER, 53), "BIND")

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
        self.begin("opendkim", "-f", "-x", conf)
        self.wait(lambda: self.listening("127.0.0.1", port), "OpenDKIM")

    def serve_plan(self, plan: str) -> None:
        """Serve DNS as after a plan on port 53, and make it the resolver of all that starts from now on."""
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

    def receiver(self, *, spf_daemon: bool = False) -> None:
        """Start mx.example.net, which verifies, refuses what DMARC says to refuse, and keeps bob's mail; it may ask an SPF daemon too."""
        nobody = pwd.getpwnam("nobody")
        # No TrustAnchorFile: without a signed root every key look-up would time out. libunbound does not read resolv.conf, and asks
        # nothing of loopback unless told so.
        self.write("/srv/in/unbound.conf", "server:\n  do-not-query-localhost: no\n")
        self.write(
            "/srv/in/opendkim.conf",
            "Mode v\nSocket inet:8894@127.0.0.1\nAuthservID mx.example.net\nAlwaysAddARHeader yes\n"
            f"Nameservers {self.nameserver}\nResolverConfiguration /srv/in/unbound.conf\n",
        )
        self.write("/srv/in/suffixes", "com\nnet\norg\n")
        self.write(
            "/srv/in/opendmarc.conf",
            "Socket inet:8893@127.0.0.1\nAuthservID mx.example.net\nTrustedAuthservIDs mx.example.net\n"
            "RejectFailures true\nSPFSelfValidate true\nSPFIgnoreResults true\nPublicSuffixList /srv/in/suffixes\n",
        )
        self.start_opendkim("/srv/in/opendkim.conf", 8894)
        self.begin("opendmarc", "-f", "-c", "/srv/in/opendmarc.conf")
        self.wait(lambda: self.listening("127.0.0.1", 8893), "OpenDMARC")
        self.postfix(
            "in",
            "mx.example.net",
            RECEIVER,
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
        self.start_postfix("in", RECEIVER)

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
