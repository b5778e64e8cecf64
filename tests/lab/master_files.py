"""Servers whose zones are master files: provider `local` edits the file, and the server reads it again."""

from __future__ import annotations

import subprocess
from abc import abstractmethod
from pathlib import Path

import dns.query
import dns.rdataset
import dns.zone

from tests.lab.name_server import NameServer


class FileServer(NameServer):
    """A server that is told to read a zone's file again."""

    @property
    def files(self) -> Path:
        return self.folder / "zones"

    def file(self, zone: str) -> Path:
        return self.files / f"{zone}.zone"

    def prepare(self) -> None:
        self.files.mkdir(exist_ok=True)
        for zone, text in self.zones.items():
            if not self.file(zone).exists():
                self.file(zone).write_text(text)
        self.configure()

    def stanza(self) -> dict[str, object]:
        return {
            "class": "mailauth_dns.octo.LocalProvider",
            "directory": str(self.files),
            "reload": self.reload_command("{zone}"),
        }

    def put(self, zone: str, name: str, type: str, ttl: int, *rdatas: str) -> None:
        file = self.file(zone)
        read = dns.zone.from_file(str(file), zone, relativize=False)
        read.delete_rdataset(f"{name}.", type)
        if rdatas:
            read.replace_rdataset(f"{name}.", dns.rdataset.from_text("IN", type, ttl, *rdatas))
        [soa] = read.find_rdataset(f"{zone}.", "SOA")
        read.replace_rdataset(
            f"{zone}.", dns.rdataset.from_rdata(3600, soa.replace(serial=soa.serial + 1))
        )
        file.write_text(read.to_text(relativize=False))
        subprocess.run(self.reload_command(zone), check=True, capture_output=True)

    def serial(self, zone: str) -> int:
        """Return the serial that is served."""
        [soa] = self.served(zone, "SOA")
        return int(soa.split()[2])

    def _transfer(self, zone: str) -> object:
        return dns.query.xfr("127.0.0.1", zone, port=self.port, timeout=5, relativize=False)

    @abstractmethod
    def configure(self) -> None: ...

    @abstractmethod
    def reload_command(self, zone: str) -> list[str]: ...


class Nsd(FileServer):
    """NSD, which serves master files and nothing else."""

    id = "nsd"
    program = "nsd"

    def configure(self) -> None:
        zones = "\n".join(
            f'zone:\n  name: "{zone}"\n  zonefile: "{zone}.zone"\n  provide-xfr: 127.0.0.1 NOKEY'
            for zone in self.zones
        )
        self.conf.write_text(
            f"""server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{self.files}"
  pidfile: "{self.folder}/nsd.pid"
  xfrdfile: "{self.folder}/xfrd.state"
  zonelistfile: "{self.folder}/zone.list"
  xfrdir: "{self.folder}"
  server-count: 1
remote-control:
  control-enable: yes
  control-interface: {self.folder}/control.sock
{zones}
"""
        )

    @property
    def conf(self) -> Path:
        return self.folder / "nsd.conf"

    def command(self) -> list[str]:
        return ["nsd", "-d", "-c", str(self.conf)]

    def reload_command(self, zone: str) -> list[str]:
        return ["nsd-control", "-c", str(self.conf), "reload", zone]


class KnotFiles(FileServer):
    """Knot DNS with zone files that it reads and never writes."""

    id = "knot-files"
    program = "knotd"
    settings = "zonefile-sync: -1"  # of every zone; more lines are indented by four

    def configure(self) -> None:
        self.conf.write_text(
            knot_conf(self.folder, self.port)
            + f"""acl:
  - id: transfers
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: {self.files}
    file: "%s.zone"
    acl: transfers
    {self.settings}
zone:
"""
            + "".join(f"  - domain: {zone}\n" for zone in self.zones)
        )

    @property
    def conf(self) -> Path:
        return self.folder / "knot.conf"

    def command(self) -> list[str]:
        return ["knotd", "-c", str(self.conf)]

    def reload_command(self, zone: str) -> list[str]:
        return ["knotc", "-s", f"{self.folder}/knot.sock", "-b", "zone-reload", zone]


def knot_conf(folder: Path, port: int) -> str:
    """Return the part of knot.conf that says where the server and its own files are."""
    (folder / "db").mkdir(
        exist_ok=True
    )  # of its journals; knotd starts without it, and fails later
    return f"""server:
  rundir: {folder}
  listen: 127.0.0.1@{port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: {folder}/db
log:
  - target: stdout
    any: info
"""
