"""Real name servers on loopback, started by a test and ended with it: BIND and PowerDNS."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone
from dns.rdtypes.ANY.TXT import TXT

from tests.conftest import free_port

Record = tuple[str, str, int, str]  # owner, type, TTL in seconds, rdata as dnspython writes it

SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
START = 20.0  # seconds a server may take to answer


class NameServer(ABC):
    """One server with its zones; `environment` is what its provider stanza needs."""

    id: str
    program: str

    def __init__(self, zones: Mapping[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailauth-lab-"))
        self.port = free_port()
        self.zones = dict(zones)
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    def start(self) -> None:
        self.prepare()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
            )
        until = time.monotonic() + START
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(
                    f"{self.program} did not start:\n{(self.folder / 'log').read_text(errors='replace')[-3000:]}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Keep the server from answering while its port takes connections, as one that hangs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.thaw()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ready(self) -> bool:
        zone = next(iter(self.zones))
        try:
            return bool(self.ask(zone, "SOA").answer)
        except (dns.exception.DNSException, OSError):
            return False

    def ask(self, name: str, type: str) -> dns.message.Message:
        """Ask the server itself; over TCP, so that nothing is cut off."""
        return dns.query.tcp(
            dns.message.make_query(name + ".", type), "127.0.0.1", timeout=2, port=self.port
        )

    def served(self, name: str, type: str) -> set[str]:
        """Return what the server answers, TXT as joined octets."""
        return {
            b"".join(rdata.strings).decode("latin-1")
            if rdata.rdtype == dns.rdatatype.TXT
            else rdata.to_text()
            for rrset in self.ask(name, type).answer
            for rdata in rrset
            if dns.rdatatype.to_text(rrset.rdtype) == type
        }

    def dump(self, zone: str) -> set[Record]:
        """Return the whole zone by AXFR, without the SOA; TXT values as their octets joined."""
        transferred = dns.zone.from_xfr(self._transfer(zone), relativize=False)
        records: set[Record] = set()
        for name, ttl, rdata in transferred.iterate_rdatas():
            if rdata.rdtype == dns.rdatatype.SOA:
                continue
            text = (
                b"".join(rdata.strings).decode("latin-1")
                if isinstance(rdata, TXT)
                else rdata.to_text()
            )
            records.add(
                (name.to_text().rstrip("."), dns.rdatatype.to_text(rdata.rdtype), ttl, text)
            )
        return records

    @abstractmethod
    def put(self, zone: str, name: str, type: str, ttl: int, *rdatas: str) -> None:
        """Make this the set of that name and type, as an operator would by hand; without rdata it is taken away."""

    @abstractmethod
    def prepare(self) -> None: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def stanza(self) -> dict[str, object]: ...

    @abstractmethod
    def _transfer(self, zone: str) -> object: ...


class Bind(NameServer):
    """BIND 9, with updates and transfers under one TSIG key."""

    id = "bind"
    program = "named"

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
                "update-policy { grant lab-key zonesub ANY; }; allow-transfer { key lab-key; }; };"
            )
        (self.folder / "named.conf").write_text(
            f"""options {{ directory "{zones}"; pid-file "{self.folder}/named.pid"; session-keyfile "{self.folder}/session.key";
              listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; allow-transfer {{ none; }};
              dnssec-validation no; notify no; minimal-responses yes; check-integrity no; }};
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

    def _transfer(self, zone: str) -> object:
        return dns.query.xfr(
            "127.0.0.1", zone, port=self.port, timeout=5, relativize=False, **self._key()
        )

    def _key(self) -> dict[str, Any]:
        keyring = dns.tsigkeyring.from_text({"lab-key": self.secret})
        return {"keyring": keyring, "keyname": "lab-key", "keyalgorithm": "hmac-sha256"}


class Secondary(Bind):
    """A BIND that has its zones from another one, and lags until it is told that they changed."""

    def __init__(self, primary: Bind) -> None:
        super().__init__(primary.zones)
        self.primary = primary

    def prepare(self) -> None:
        self.secret = self.primary.secret
        zones = self.folder / "zones"
        zones.mkdir(exist_ok=True)
        stanzas = [
            f'zone "{zone}" {{ type secondary; file "{zone}.zone"; '
            f"primaries {{ 127.0.0.1 port {self.primary.port} key lab-key; }}; allow-transfer {{ key lab-key; }}; }};"
            for zone in self.zones
        ]
        (self.folder / "named.conf").write_text(
            f"""options {{ directory "{zones}"; pid-file "{self.folder}/named.pid"; session-keyfile "{self.folder}/session.key";
              listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; notify no;
              minimal-responses yes; }};
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


class PowerDns(NameServer):
    """PowerDNS with SQLite and its HTTP API."""

    id = "powerdns"
    program = "pdns_server"

    def prepare(self) -> None:
        self.api_port = getattr(self, "api_port", None) or free_port()
        self.secret = getattr(self, "secret", None) or secrets.token_hex(16)
        self.environment = {"LAB_PDNS_KEY": self.secret}
        database = self.folder / "pdns.db"
        (self.folder / "pdns.conf").write_text(
            f"""launch=gsqlite3
gsqlite3-database={database}
local-address=127.0.0.1
local-port={self.port}
socket-dir={self.folder}
api=yes
api-key={self.secret}
webserver=yes
webserver-address=127.0.0.1
webserver-port={self.api_port}
webserver-allow-from=127.0.0.1
allow-axfr-ips=127.0.0.1
daemon=no
guardian=no
dname-processing=yes
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 3600
security-poll-suffix=
"""
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
        """Make this the set, through the API; each record has its `content` and may be `disabled`."""
        change = {
            "name": f"{name}.",
            "type": type,
            "ttl": ttl,
            "changetype": "REPLACE" if records else "DELETE",
            "records": records,
        }
        body = json.dumps({"rrsets": [change]}).encode()
        url = f"http://127.0.0.1:{self.api_port}/api/v1/servers/localhost/zones/{zone}."
        request = urllib.request.Request(
            url,
            data=body,
            method="PATCH",
            headers={"X-API-Key": self.secret, "Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()

    def _transfer(self, zone: str) -> object:
        return dns.query.xfr("127.0.0.1", zone, port=self.port, timeout=5, relativize=False)


SERVERS: tuple[type[NameServer], ...] = (Bind, PowerDns)


def missing(kind: type[NameServer]) -> str | None:
    """Return why this server cannot be started here, or None."""
    if shutil.which(kind.program) is None:
        return f"{kind.program} is not installed (script/servers gets it)"
    if kind is PowerDns and not SCHEMA.exists():
        return "PowerDNS's SQLite backend is not installed (script/servers gets it)"
    return None
