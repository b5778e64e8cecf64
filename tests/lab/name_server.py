"""A real name server on loopback, started by a test and ended with it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
import dns.zone
from dns.rdtypes.ANY.TXT import TXT

from tests.conftest import free_port

Record = tuple[str, str, int, str]  # owner, type, TTL in seconds, rdata as dnspython writes it

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
                said = (self.folder / "log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"{self.program} did not start:\n{said}")
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
        """Make the server hang: it accepts connections and does not answer."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        # On a busy machine its threads go on for a while, and may answer.
        until = time.monotonic() + 10
        while any(state(task) != "T" for task in Path(f"/proc/{self.process.pid}/task").iterdir()):
            assert time.monotonic() < until
            time.sleep(0.01)

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
        """Ask the server itself, over TCP, so that no answer is truncated.

        NSD answers from a new process once it has read a zone again. A connection that its old one
        had taken ends without an answer.
        """
        question = dns.message.make_query(name + ".", type)
        until = time.monotonic() + 10
        while True:
            try:
                return dns.query.tcp(question, "127.0.0.1", timeout=2, port=self.port)
            except (ConnectionResetError, EOFError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

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
        """Write this set, as an operator would by hand. Without rdata the set is deleted."""

    @abstractmethod
    def prepare(self) -> None: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def stanza(self) -> dict[str, object]: ...

    @abstractmethod
    def _transfer(self, zone: str) -> object: ...


def state(task: Path) -> str:
    """Return the state letter of a thread (proc(5)); T is stopped."""
    return (task / "stat").read_text().rpartition(") ")[2][0]
