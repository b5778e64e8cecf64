"""All that is not the user's machine: name servers, a resolver, and a receiver of mail."""

from __future__ import annotations

import base64
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from playground import zones
from playground.places import (
    API_PORT,
    BIND,
    POWERDNS,
    RECEIVER,
    RECEIVER_NS,
    RECEIVER_RESOLVER,
    REGISTRIES,
    RESOLVER,
    SHARED,
    STRANGER,
)

from tests.lab.mailhost import MailHost
from tests.lab.powerdns_conf import DATABASE, SCHEMA, conf

_NAMED = """options {{ directory "{folder}"; pid-file "{folder}/pid";
  session-keyfile "{folder}/session.key"; listen-on {{ {addresses} }}; listen-on-v6 {{ none; }};
  dnssec-validation no; notify no; allow-query {{ any; }}; {options} }};
controls {{ }};
{rest}
"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens the user's zones: BIND's key, PowerDNS's, and the registrar's own for its form."""

    bind: str
    powerdns: str
    registrar: str


class World(MailHost):
    """The servers. `registrar`: BIND takes changes from the registrar's form alone."""

    nameserver = RECEIVER_RESOLVER
    addresses = (
        *(RESOLVER, BIND, POWERDNS, REGISTRIES),
        *(RECEIVER, RECEIVER_NS, RECEIVER_RESOLVER, STRANGER),
    )

    def __init__(self, dns: str, fleet: int, *, forgetful: bool) -> None:
        super().__init__()
        keys = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
        self.secrets = Secrets(next(keys), secrets.token_hex(16), next(keys))
        self.dns = dns
        self.forgetful = forgetful  # resolvers keep nothing for longer than a second
        self.fleet = zones.of_the_fleet(fleet)
        self.held = {
            "example.com": POWERDNS if dns == "powerdns" else BIND,
            "example.org": POWERDNS,
        }

    def serve(self) -> None:
        """Start all of it."""
        self._registries()
        self._bind()
        self._resolver("yours", RESOLVER)
        self._resolver("receiver", RECEIVER_RESOLVER)
        self._powerdns()
        for address in (REGISTRIES, BIND, RESOLVER, RECEIVER_RESOLVER, POWERDNS):
            self.wait(partial(self.listening, address, 53), f"the name server at {address}")
        self.shell(
            f"mkdir -p {SHARED}/inbox /srv/in/mail && mount --bind {SHARED}/inbox /srv/in/mail"
        )
        self.receiver(RECEIVER, spf_daemon=True)

    def _named(self, name: str, addresses: str, options: str, rest: str) -> None:
        folder = f"/srv/named-{name}"
        text = _NAMED.format(folder=folder, addresses=addresses, options=options, rest=rest)
        self.write(f"{folder}/named.conf", text)
        self.begin("named", "-g", "-n", "1", "-c", f"{folder}/named.conf")

    def _zones(self, name: str, held: dict[str, str], more: str) -> str:
        stanzas = []
        for zone, text in held.items():
            file = f"{zone.strip('.') or 'root'}.zone"
            self.write(f"/srv/named-{name}/{file}", text)
            stanzas.append(f'zone "{zone}" {{ type primary; file "{file}"; {more} }};\n')
        return "".join(stanzas)

    def _registries(self) -> None:
        held = zones.of_the_registries(self.held, self.fleet)
        addresses = f"{REGISTRIES}; {RECEIVER_NS};"
        stanzas = self._zones("registries", held, "")
        self._named("registries", addresses, "recursion no;", stanzas)

    def _bind(self) -> None:
        granted = ["registrar-form"] if self.dns == "registrar" else ["mailauth", "registrar-form"]
        keys = {"mailauth": self.secrets.bind, "registrar-form": self.secrets.registrar}
        declared = "".join(
            f'key "{name}" {{ algorithm hmac-sha256; secret "{keys[name]}"; }};\n'
            for name in granted
        )
        grants = " ".join(f"grant {name} zonesub ANY;" for name in granted)
        transfers = " ".join(f"key {name};" for name in granted)
        held = {
            domain: zones.of_the_user(domain, BIND)
            for domain, address in self.held.items()
            if address == BIND
        }
        stanzas = self._zones(
            "user", held, f"update-policy {{ {grants} }}; allow-transfer {{ {transfers} }};"
        )
        self._named("user", f"{BIND};", "recursion no;", declared + stanzas)

    def _resolver(self, whose: str, address: str) -> None:
        self.write(f"/srv/named-{whose}/hints", f". IN NS ns.root.\nns.root. IN A {REGISTRIES}\n")
        memory = "max-cache-ttl 1; max-ncache-ttl 1;" if self.forgetful else ""
        self._named(
            whose,
            f"{address};",
            # BIND has empty zones of its own for the addresses of examples.
            f"recursion yes; allow-recursion {{ any; }}; empty-zones-enable no; {memory}",
            'zone "." { type hint; file "hints"; };',
        )

    def _powerdns(self) -> None:
        # SQLite opens no file by a path through /proc, so the folder is one that both sides see.
        folder = f"{SHARED}/pdns"
        self.write(
            f"{folder}/pdns.conf",
            conf(folder, POWERDNS, 53, API_PORT, self.secrets.powerdns, "192.0.2.0/24"),
        )
        database = f"{folder}/{DATABASE}"
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(SCHEMA.read_text())
        tool = ["pdnsutil", f"--config-dir={folder}"]
        for domain, address in self.held.items():
            if address == POWERDNS:
                self.write(f"{folder}/{domain}.zone", zones.of_the_user(domain, POWERDNS))
                self.run(*tool, "load-zone", domain, f"{folder}/{domain}.zone")
        if self.fleet:
            # One by one, pdnsutil would take minutes for a large fleet.
            self.write(f"{folder}/fleet.zone", zones.FLEET_ZONE)
            self.run(*tool, "load-zone", self.fleet[0], f"{folder}/fleet.zone")
            with closing(sqlite3.connect(database)) as connection:
                _multiply(connection, self.fleet)
        self.begin("pdns_server", f"--config-dir={folder}")


def _multiply(connection: sqlite3.Connection, fleet: list[str]) -> None:
    """Give each zone of the fleet the records of the first."""
    records = connection.execute(
        "SELECT type, content, ttl FROM records WHERE name = ?", fleet[:1]
    ).fetchall()
    with connection:
        for domain in fleet[1:]:
            zone = connection.execute(
                "INSERT INTO domains (name, type) VALUES (?, 'NATIVE')", (domain,)
            ).lastrowid
            connection.executemany(
                "INSERT INTO records (domain_id, name, type, content, ttl, auth)"
                " VALUES (?, ?, ?, ?, ?, 1)",
                [(zone, domain, type, content, ttl) for type, content, ttl in records],
            )
