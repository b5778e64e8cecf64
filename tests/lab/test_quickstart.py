"""Quickstart, and then the commands that it prints, exactly: a real receiver says pass three times."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import need
from tests.lab import mailhost
from tests.lab.isolated_host import NAMESERVER, RECEIVER, SENDER, missing
from tests.lab.mailhost import MailHost, results

HEAD = (
    "$TTL 1\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 1\n"
    "@ IN NS ns1.example.net.\n"
)
ZONES = {
    "example.com": f'{HEAD}@ IN MX 0 mx\nmx IN A {SENDER}\n@ IN TXT "site-verification=foreign"\n',
    "example.net": f"{HEAD}@ IN MX 0 mx\nmx IN A {RECEIVER}\nns1 IN A {NAMESERVER}\n",
    "2.0.192.in-addr.arpa": f"{HEAD}10 IN PTR mx.example.com.\n",
}
SHORT = 2  # seconds, in place of a first key's TTL
# As the packages' units start them; there is no systemd in the namespace.
SYSTEMCTL = """#!/bin/sh
set -eu
[ "$1" = restart ]
case "$2" in
  opendkim)
    [ ! -e /run/opendkim/opendkim.pid ] || kill "$(cat /run/opendkim/opendkim.pid)"
    mkdir -p /run/opendkim && chown opendkim /run/opendkim
    exec /usr/sbin/opendkim;;
  rspamd)
    mkdir -p /run/rspamd && chown _rspamd /run/rspamd
    rspamd -u _rspamd -g _rspamd -c /etc/rspamd/rspamd.conf >/srv/rspamd.log 2>&1;;
esac
"""
BIND = ("--dns", "bind", "--dns-host", NAMESERVER, "--dns-key-name", "lab-key")
WAYS = {
    "registrar, opendkim": ("--dns", "registrar", "--signer", "opendkim"),
    "bind, opendkim": (*BIND, "--signer", "opendkim"),
    "bind, rspamd": (*BIND, "--signer", "rspamd"),
}


@dataclass
class Newcomer:
    """A person on the mail host, in the folder /srv/repo; `took` is how long each command took."""

    host: MailHost
    took: list[tuple[str, float]] = field(default_factory=list)

    def run(self, command: str, code: int = 0) -> str:
        began = time.monotonic()
        done = self.host.run(
            "sh",
            "-c",
            f"cd /srv/repo && {command}",
            check=False,
            PATH=f"/srv/bin:{os.environ['PATH']}",
            BIND_KEY_SECRET=self.host.secret,
        )
        self.took.append((command, time.monotonic() - began))
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture
def newcomer() -> Iterator[Newcomer]:
    need(missing(*mailhost.PROGRAMS, "rspamd"))
    with MailHost() as host:
        host.bind(ZONES)
        host.receiver()
        # Its own /etc: what the steps change there ends with the namespace.
        host.shell("cp -a /etc /srv/etc && mount --bind /srv/etc /etc")
        host.shell(f"echo 'nameserver {NAMESERVER}' > /etc/resolv.conf")
        host.postfix("out", "mx.example.com", SENDER, "", listens="127.0.0.1")
        host.shell("cp /srv/out/etc/main.cf /srv/out/etc/master.cf /etc/postfix/")
        host.shell("mkdir -p /srv/rspamd && mount --bind /srv/rspamd /var/lib/rspamd")
        host.shell("chown _rspamd /var/lib/rspamd && mkdir /srv/dkim && rm -rf /etc/opendkim")
        host.run("postfix", "start")
        for name, text in {
            "systemctl": SYSTEMCTL,
            "mailauth-dns": f'#!/bin/sh\nPYTHONPATH={Path.cwd()} exec {sys.executable} -m mailauth_dns "$@"\n',
        }.items():
            host.write(f"/srv/bin/{name}", text)
            host.outside(f"/srv/bin/{name}").chmod(0o755)
        yield Newcomer(host)


def filled_in(host: MailHost, text: str) -> list[str]:
    """Play the registrar: put what is to be pasted into the zone, as a person reads it."""
    blocks = re.split(r"^ *(?=Type:? )", text, flags=re.MULTILINE)[1:]
    rows = [
        tuple(
            re.findall(rf"^ *{field}:? +(.+)$", block, re.MULTILINE)[0]
            for field in ("Type", "Host", "TTL", "Value")
        )
        for block in blocks
    ]
    for type, name, ttl, value in rows:
        script = f"""import dns.query, dns.tsig, dns.update
key = {{"lab-key": ("hmac-sha256", {host.secret!r})}}
import dns.tsigkeyring
update = dns.update.UpdateMessage("example.com", keyring=dns.tsigkeyring.from_text(key))
value = {value!r}
parts = " ".join('"' + value[at:at + 255] + '"' for at in range(0, len(value), 255))
update.add({name!r}, {min(int(ttl.split()[0]), SHORT)}, {type!r}, parts)
assert dns.query.tcp(update, {NAMESERVER!r}, timeout=5).rcode() == 0
"""
        host.run(sys.executable, "-c", script)
    return [name for _, name, _, _ in rows]


def printed(text: str) -> list[tuple[str, list[str]]]:
    """Return the steps of quickstart's text: each title with its commands."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if step := re.fullmatch(r"\d+\. (.+)", line):
            found.append((step[1], []))
        elif line.startswith("   $ "):
            found[-1][1].append(line.removeprefix("   $ "))
    return found


@pytest.mark.timeout(900)  # Rspamd loads for a minute where the machine is busy
@pytest.mark.parametrize("way", WAYS)
def test_the_printed_steps_lead_to_three_passes(newcomer: Newcomer, way: str) -> None:
    host = newcomer.host
    folder = "/etc/opendkim/keys" if "opendkim" in way else "/var/lib/rspamd/dkim"
    said = newcomer.run(
        "mailauth-dns quickstart example.com --mail-host mx.example.com --test-to bob@example.net"
        f" --ip {SENDER} {' '.join(WAYS[way])}"
    )
    steps = printed(said)
    # Five minutes become two seconds, here and where the records are pasted.
    policy = host.outside("/srv/repo/zones/policy/example.com.yaml")
    assert "ttl: 300" in policy.read_text()
    policy.write_text(policy.read_text().replace("ttl: 300", f"ttl: {SHORT}"))
    for title, commands in steps:
        if title == "Publish the records" and not commands:
            assert sorted(filled_in(host, said)) == sorted(
                ["@", "_dmarc", re.findall(r"(\d{8}\w?)\._domainkey", said)[0] + "._domainkey"]
            )
        if title == "See what the receiver found":
            message = host.delivered("mailauth-dns test")
            host.write("/srv/repo/message.eml", message.as_string())
        for command in commands:
            newcomer.run(command)
    found = results(host.delivered("mailauth-dns test"))
    assert (found["spf"], found["dkim"], found["dmarc"]) == (["pass"], ["pass"], ["pass"])
    assert not list(host.outside(folder).glob("*/*.draft"))
    # Run again, it changes nothing.
    again = newcomer.run("mailauth-dns quickstart example.com")
    assert "has a policy already: zones/policy/example.com.yaml; nothing was written" in again
    for command, seconds in newcomer.took:
        print(f"{seconds:6.1f} s  {command}")
