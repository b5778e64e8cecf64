"""A machine that no packet can leave, with a name server. Ports 25 and 53 are free in it."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.lab.namespaces import Namespaces

NAMESERVER, SENDER, RECEIVER, FORWARDER, STRANGER = (
    f"192.0.2.{last}" for last in (53, 10, 20, 30, 66)
)


PROGRAMS = ("unshare", "nsenter", "ip", "named")


def missing(*more: str) -> str | None:
    """Return why no isolated host with these programs can run here, or None."""
    absent = [program for program in (*PROGRAMS, *more) if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (script/servers gets them)"
    if os.geteuid() != 0:
        return "a network of its own and mail servers need root"
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


class IsolatedHost(Namespaces):
    """A machine with all of the lab's addresses; `nameserver` is what the programs in it ask."""

    nameserver = NAMESERVER
    addresses: tuple[str, ...] = (NAMESERVER, SENDER, RECEIVER, FORWARDER, STRANGER)

    def __init__(self) -> None:
        self.secret = base64.b64encode(secrets.token_bytes(32)).decode()

    def __enter__(self) -> Self:
        super().__enter__()
        addresses = " && ".join(f"ip addr add {each}/32 dev lo" for each in self.addresses)
        self.shell(
            f"ip link set lo up && {addresses}"
            " && mount -t tmpfs -o mode=755 tmpfs /srv && mount -t tmpfs -o mode=755 tmpfs /run"
            f" && echo 'nameserver {self.nameserver}' > /srv/resolv.conf"
            " && mount --bind /srv/resolv.conf /etc/resolv.conf"
            " && mkdir -p /srv/repo"
        )
        return self

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

    def bind(self, zones: dict[str, str]) -> None:
        """Serve these zones on port 53, open to updates with the lab's key."""
        # Recursion is on because libunbound takes no server that does not offer it.
        stanzas = []
        for zone, text in zones.items():
            self.write(f"/srv/named/{zone}.zone", text)
            stanzas.append(
                f'zone "{zone}" {{ type primary; file "{zone}.zone";'
                " update-policy { grant lab-key zonesub ANY; };"
                " allow-transfer { key lab-key; }; };"
            )
        self.write(
            "/srv/named/named.conf",
            f"""options {{ directory "/srv/named"; pid-file "/srv/named/pid";
              session-keyfile "/srv/named/session.key";
              listen-on {{ {NAMESERVER}; }}; listen-on-v6 {{ none; }};
              dnssec-validation no; notify no;
              recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; }};
            controls {{ }};
            key "lab-key" {{ algorithm hmac-sha256; secret "{self.secret}"; }};
            {" ".join(stanzas)}""",
        )
        self.begin("named", "-g", "-n", "1", "-c", "/srv/named/named.conf")
        self.wait(lambda: self.listening(NAMESERVER, 53), "BIND")
