"""BIND as a primary and as a secondary."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any

import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update

from tests.lab.name_server import START, NameServer


class Bind(NameServer):
    """BIND 9, with updates and transfers under one TSIG key."""

    id = "bind"
    program = "named"
    policy = "grant lab-key zonesub ANY;"  # who may update what
    options = ""  # further ones of the server

    def prepare(self) -> None:
        zones = self.folder / "zones"
        zones.mkdir(exist_ok=True)
        self.secret = (
            getattr(self, "secret", None) or base64.b64encode(secrets.token_bytes(32)).decode()
        )
        self.environment = {"LAB_BIND_SECRET": self.secret}
        stanzas = []
        for zone, text in self.zones.items():
            file = zones / f"{zone}.zone"
            if not file.exists():
                file.write_text(text)
            stanzas.append(
                f'zone "{zone}" {{ type primary; file "{zone}.zone"; check-names ignore; '
                f"update-policy {{ {self.policy} }}; "
                "allow-transfer { key lab-key; }; };"
            )
        (self.folder / "named.conf").write_text(
            f"""options {{ directory "{zones}"; pid-file "{self.folder}/named.pid";
              session-keyfile "{self.folder}/session.key";
              listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
              recursion no; allow-transfer {{ none; }}; dnssec-validation no; notify no;
              minimal-responses yes; check-integrity no; {self.options} }};
            controls {{ }};
            key "lab-key" {{ algorithm hmac-sha256; secret "{self.secret}"; }};
            {" ".join(stanzas)}"""
        )

    def command(self) -> list[str]:
        return ["named", "-g", "-n", "1", "-c", str(self.folder / "named.conf")]

    def stanza(self) -> dict[str, object]:
        return {
            "class": "octodns_bind.Rfc2136Provider",
            "host": "127.0.0.1",
            "port": self.port,
            "timeout": 5,
            "key_name": "lab-key",
            "key_secret": "env/LAB_BIND_SECRET",
            "key_algorithm": "hmac-sha256",
            "root_ns_warnings": "false",
        }

    def put(self, zone: str, name: str, type: str, ttl: int, *rdatas: str) -> None:
        update = dns.update.UpdateMessage(zone, **self._key())
        update.delete(f"{name}.", type)
        if rdatas:
            update.add(f"{name}.", ttl, type, *rdatas)
        answer = dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=5)
        if answer.rcode() != dns.rcode.NOERROR:
            raise RuntimeError(f"update of {name} {type}: {dns.rcode.to_text(answer.rcode())}")

    def exchange(
        self, zone: str, name: str, type: str, ttl: int, gone: set[str], new: set[str]
    ) -> None:
        """Take away and add single values of a set, and leave the others alone."""
        update = dns.update.UpdateMessage(zone, **self._key())
        for rdata in gone:
            update.delete(f"{name}.", type, rdata)
        for rdata in new:
            update.add(f"{name}.", ttl, type, rdata)
        answer = dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=5)
        if answer.rcode() != dns.rcode.NOERROR:
            raise RuntimeError(f"update of {name} {type}: {dns.rcode.to_text(answer.rcode())}")

    def _transfer(self, zone: str) -> object:
        return dns.query.xfr(
            "127.0.0.1", zone, port=self.port, timeout=5, relativize=False, **self._key()
        )

    def _key(self) -> dict[str, Any]:
        keyring = dns.tsigkeyring.from_text({"lab-key": self.secret})
        return {"keyring": keyring, "keyname": "lab-key", "keyalgorithm": "hmac-sha256"}


class Secondary(Bind):
    """A BIND with the zones of another one. It lags until a test tells it that they changed."""

    def __init__(self, primary: Bind) -> None:
        super().__init__(primary.zones)
        self.primary = primary

    def prepare(self) -> None:
        self.secret = self.primary.secret
        zones = self.folder / "zones"
        zones.mkdir(exist_ok=True)
        stanzas = [
            f'zone "{zone}" {{ type secondary; file "{zone}.zone"; '
            f"primaries {{ 127.0.0.1 port {self.primary.port} key lab-key; }}; "
            "allow-transfer { key lab-key; }; };"
            for zone in self.zones
        ]
        (self.folder / "named.conf").write_text(
            f"""options {{ directory "{zones}"; pid-file "{self.folder}/named.pid";
              session-keyfile "{self.folder}/session.key";
              listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
              recursion no; dnssec-validation no; notify no; minimal-responses yes; }};
            controls {{ }};
            key "lab-key" {{ algorithm hmac-sha256; secret "{self.secret}"; }};
            {" ".join(stanzas)}"""
        )

    def catch_up(self, zone: str) -> None:
        """Tell it that the zone changed, and wait until it has it."""
        wanted = self.primary.served(zone, "SOA")
        notify = dns.message.make_query(f"{zone}.", "SOA")
        notify.set_opcode(dns.opcode.NOTIFY)
        until = time.monotonic() + START
        while self.served(zone, "SOA") != wanted:
            if time.monotonic() > until:
                raise RuntimeError(f"the secondary does not catch up with {zone}")
            dns.query.udp(notify, "127.0.0.1", port=self.port, timeout=2)
            time.sleep(0.3)
