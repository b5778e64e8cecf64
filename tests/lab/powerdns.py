"""PowerDNS with its HTTP API."""

from __future__ import annotations

import json
import secrets
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing

import dns.query

from tests.conftest import free_port
from tests.lab.name_server import NameServer
from tests.lab.powerdns_conf import DATABASE, SCHEMA, conf


class PowerDns(NameServer):
    """PowerDNS with SQLite and its HTTP API."""

    id = "powerdns"
    program = "pdns_server"

    def prepare(self) -> None:
        self.api_port = getattr(self, "api_port", None) or free_port()
        self.secret = getattr(self, "secret", None) or secrets.token_hex(16)
        self.environment = {"LAB_PDNS_KEY": self.secret}
        database = self.folder / DATABASE
        address = "127.0.0.1"
        (self.folder / "pdns.conf").write_text(
            conf(str(self.folder), address, self.port, self.api_port, self.secret, address)
        )
        if database.exists():
            return
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(SCHEMA.read_text())
        for zone, text in self.zones.items():
            file = self.folder / f"{zone}.zone"
            file.write_text(text)
            self._tool("load-zone", zone, str(file))
            self._tool("set-kind", zone, "native")

    def _tool(self, *arguments: str) -> None:
        done = subprocess.run(
            ["pdnsutil", f"--config-dir={self.folder}", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"pdnsutil {arguments}: {done.stdout}{done.stderr}")

    def command(self) -> list[str]:
        return ["pdns_server", f"--config-dir={self.folder}"]

    def ready(self) -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}/api/v1/servers/localhost",
            headers={"X-API-Key": self.secret},
        )
        try:
            urllib.request.urlopen(request, timeout=2).close()
        except (urllib.error.URLError, OSError):
            return False
        return super().ready()

    def stanza(self) -> dict[str, object]:
        return {
            "class": "octodns_powerdns.PowerDnsProvider",
            "host": "127.0.0.1",
            "port": self.api_port,
            "api_key": "env/LAB_PDNS_KEY",
            "mode_of_operation": "native",
            "root_ns_warnings": "false",
        }

    def put(self, zone: str, name: str, type: str, ttl: int, *rdatas: str) -> None:
        self.put_records(
            zone, name, type, ttl, *({"content": rdata, "disabled": False} for rdata in rdatas)
        )

    def put_records(
        self, zone: str, name: str, type: str, ttl: int, *records: Mapping[str, object]
    ) -> None:
        """Write this set through the API; each record has `content`, and may be `disabled`."""
        change = {
            "name": f"{name}.",
            "type": type,
            "ttl": ttl,
            "changetype": "REPLACE" if records else "DELETE",
            "records": records,
        }
        self.ask_api("PATCH", f"/zones/{zone}.", {"rrsets": [change]})

    def exchange(
        self, zone: str, name: str, type: str, ttl: int, gone: set[str], new: set[str]
    ) -> None:
        """Take away and add single values of a set, as clients do: read it, and write it whole."""
        entries = json.loads(self.ask_api("GET", f"/zones/{zone}."))["rrsets"]
        there = {
            record["content"]
            for entry in entries
            if (entry["name"], entry["type"]) == (f"{name}.", type)
            for record in entry["records"]
        }
        self.put(zone, name, type, ttl, *sorted(there - gone | new))

    @property
    def version(self) -> tuple[int, ...]:
        """What it says of itself."""
        text = str(json.loads(self.ask_api("GET", ""))["version"])
        return tuple(map(int, text.partition("-")[0].split(".")))

    def count_serial(self, zone: str, kind: str = "DEFAULT") -> None:
        """Let the zone's serial rise with each write through the API."""
        self.ask_api("PUT", f"/zones/{zone}.", {"soa_edit_api": kind})

    def ask_api(self, method: str, path: str, data: object = None) -> bytes:
        """Return what the API answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}/api/v1/servers/localhost{path}",
            data=None if data is None else json.dumps(data).encode(),
            method=method,
            headers={"X-API-Key": self.secret, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bytes(answer.read())

    def _transfer(self, zone: str) -> object:
        return dns.query.xfr("127.0.0.1", zone, port=self.port, timeout=5, relativize=False)
