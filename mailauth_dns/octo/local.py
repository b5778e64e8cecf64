"""The local provider: zones as master files in a directory, for people who serve them themselves.

    class: mailauth_dns.octo.LocalProvider
    directory: served                     # <zone>.zone in it
    reload: [rndc, reload, "{zone}"]      # optional; run after a zone was written

Record sets are changed one by one under a lock, and everything else in a file stays as it is. A
file is replaced in one step: at any time, and after a killed run, it holds the old or the new zone.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from typing import Any

from octodns.idna import IdnaError
from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.record.exception import RecordException
from octodns.record.rr import Rrset

from mailauth_dns.atomic_files import replace_file, sweep
from mailauth_dns.errors import ProviderError, SetMoved
from mailauth_dns.masterfile.edit import edited
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.masterfile.master_file import MasterFile, normal, parse
from mailauth_dns.octo.provider_zone import owner
from mailauth_dns.octo.txt_round_trip import internal_text, octets, txt_record
from mailauth_dns.octo.zone_reload import reload_zone
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset

LOCK_WAIT = 10.0  # seconds to wait for another run


class LocalProvider(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """An octoDNS provider over a directory of master files."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS_ROOT_NS = True
    SUPPORTS_MULTIVALUE_PTR = True
    SUPPORTS = frozenset(
        {
            "A",
            "AAAA",
            "CAA",
            "CNAME",
            "DNAME",
            "DS",
            "HTTPS",
            "LOC",
            "MX",
            "NAPTR",
            "NS",
            "PTR",
            "SRV",
            "SSHFP",
            "SVCB",
            "TLSA",
            "TXT",
            "URI",
        }
    )

    def __init__(
        self, id: str, directory: str, reload: list[str] | None = None, **kwargs: Any
    ) -> None:
        self.log = getLogger(f"LocalProvider[{id}]")
        super().__init__(id, **{"root_ns_warnings": False, **kwargs})
        if not isinstance(directory, str | Path):
            raise ValueError("directory is the path of a folder")
        if reload is not None and not (
            isinstance(reload, list) and all(isinstance(word, str) for word in reload)
        ):
            raise ValueError("reload is a list: the command and its arguments")
        self.directory = Path(directory)
        self.reload = reload
        self.within: Path | None = (
            None  # the repo, where the directory is its own: then no link of it leads out of it
        )
        self._swept = False

    def path(self, origin: DomainName) -> Path:
        """Return the file of a zone."""
        return self.directory / f"{origin}.zone"

    def list_zones(self) -> list[str]:
        """Return the zones there are, as octoDNS names them."""
        return sorted(f"{path.stem}." for path in self.directory.glob("*.zone"))

    def read(self, origin: DomainName) -> MasterFile | None:
        """Return a zone's file, or None where there is none.

        Raises:
            ProviderError: the file cannot be read, or is broken.
        """
        path = self.path(origin)
        if self.within is not None and not Path(os.path.realpath(path)).is_relative_to(
            os.path.realpath(self.within)
        ):
            raise ProviderError(
                f"{path}: is a link that leads out of the repo; "
                "name the directory that it leads to in the stanza"
            )
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise ProviderError(
                    f"{path}: not a regular file"
                )  # to open a pipe would be to wait for ever
            text = path.read_bytes().decode("latin-1")
        except FileNotFoundError:
            if not self.directory.is_dir():
                raise ProviderError(f"{self.directory}: there is no such folder") from None
            return None
        except OSError as error:
            raise ProviderError(f"{path}: {error.strerror}") from None
        with _told():
            return parse(origin, text)

    def read_whole(self, origin: DomainName) -> MasterFile | None:
        """Return a zone's file, or None where there is none.

        Raises:
            ProviderError: the file cannot be read, is broken, or holds only a part of the zone.
        """
        master = self.read(origin)
        if master is not None and not master.whole:
            raise ProviderError(
                f"{self.path(origin)}: {master.refusal}, so what the zone holds is not known here"
            )
        return master

    def refusal(self, master: MasterFile) -> str | None:
        """Return why a zone's file, which was just read, cannot be edited; None where it can."""
        journal = self.path(master.origin).with_name(f"{master.origin}.zone.jnl")
        if journal.exists():
            return (
                f"{journal.name} lies beside the file: a server changes this zone itself; "
                "use octodns_bind.Rfc2136Provider for it"
            )
        return master.refusal or (None if master.has_soa else "the file has no SOA record")

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> bool:
        """Read a zone for octoDNS. Types that it does not know are left out.

        That loses nothing, since sets are written one by one.
        """
        master = self.read_whole(owner(zone.name))
        if master is None:
            return False
        for rrset in sorted(master.zone().rrsets, key=lambda rrset: rrset.key):
            if rrset.type in self.SUPPORTS:
                try:
                    record = _record(zone, rrset)
                    # The chunking of a TXT may never end; `txt_round_trip` looks at it before a write.
                    if rrset.type != "TXT":
                        record.to_rrset()  # some values fail only when they are written
                except (RecordException, IdnaError, ValueError, LookupError) as error:
                    # One record that octoDNS cannot hold is no reason not to change the others.
                    self.log.warning(
                        "%s %s is left out: octoDNS cannot hold it: %s",
                        rrset.name,
                        rrset.type,
                        type(error).__name__,
                    )
                else:
                    zone.add_record(record, lenient=True)
        return True

    def _apply(self, plan: Any) -> bool:
        origin = owner(plan.desired.name)
        with self._locked():
            master = self.read(origin)
            if master is None:
                raise ProviderError(
                    f"{self.path(origin)}: there is no such file; zones are never made here"
                )
            refusal = self.refusal(master)
            if refusal is not None:
                raise ProviderError(f"{origin}: {refusal}")
            with _told():
                text = self._edited(master, plan.changes)
            if self.reload:
                mark = self._unloaded(origin)
                mark.unlink(missing_ok=True)  # a link would be followed
                mark.touch()  # first: if this run is killed, the next one reloads the zone
            self._replace(origin, text)
        self.finish(origin)
        return True

    def _edited(self, master: MasterFile, wanted: Iterable[Any]) -> str:
        """Return the text of a zone file with the changes that octoDNS planned."""
        changes: dict[RRKey, RRset | None] = {}
        for change in wanted:
            key = (owner(change.record.fqdn), change.record._type)
            self._check_unmoved(master, key, change.existing)
            new = change.new
            changes[key] = _rrset(new, master.origin) if new is not None else None
        text = edited(master, changes)
        self._check_aliases(parse(master.origin, text), changes)
        return text

    def finish(self, origin: DomainName) -> None:
        """Run the reload command where an earlier run was killed before it, or where it failed.

        Raises:
            ProviderError: the command fails.
        """
        mark = self._unloaded(origin)
        if self.reload and mark.exists():
            reload_zone(self.reload, origin)
            mark.unlink(missing_ok=True)

    def _unloaded(self, origin: DomainName) -> Path:
        return self.directory / f".{origin}.unloaded"

    def _check_aliases(self, master: MasterFile, changes: Mapping[RRKey, RRset | None]) -> None:
        """Refuse a file in which a new alias stands beside what we write.

        A name server would not load such a zone.
        """
        touched = {name for name, _ in changes}
        types: dict[DomainName, set[str]] = {}
        for rrset in master.zone().rrsets:
            if rrset.name in touched:
                types.setdefault(rrset.name, set()).add(rrset.type)
        for name, there in types.items():
            if "CNAME" in there and len(there) > 1:
                raise SetMoved(
                    f"{name}: changed since it was read, "
                    f"and holds {' and '.join(sorted(there))} now; plan again"
                )

    def _check_unmoved(self, master: MasterFile, key: RRKey, existing: Any) -> None:
        there = master.zone().get(key)
        if there is None or existing is None:
            unmoved = there is None and existing is None
        else:
            unmoved = _record(existing.zone, there).data == existing.data
        if not unmoved:
            raise SetMoved(f"{key[0]} {key[1]}: the set changed since it was read; plan again")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.directory / ".mailauth-dns.lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise ProviderError(f"{path}: {error.strerror}") from None
        try:
            until = time.monotonic() + LOCK_WAIT
            while True:
                try:
                    # The kernel gives it back when the process ends, however it ends.
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise ProviderError(
                            f"{self.directory} is locked by another run; wait until it ends"
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    def _replace(self, origin: DomainName, text: str) -> None:
        path = self.path(origin).resolve()  # a link stays a link
        try:
            self._sweep(path)
            replace_file(path, text.encode("latin-1"), durable=True)
        except OSError as error:
            raise ProviderError(f"{path}: {error.strerror}") from None

    def _sweep(self, path: Path) -> None:
        """Delete what killed runs left beside a file.

        Our own folder holds a file for each zone, so it is swept once.
        """
        if path.parent != self.directory.resolve():
            sweep(path.parent, path.name)
        elif not self._swept:
            sweep(path.parent, "*.zone")  # the lock says that no other run is in there
            self._swept = True


def _record(zone: Any, rrset: RRset) -> Any:
    name = zone.hostname_from_fqdn(f"{rrset.name}.")
    if rrset.type == "TXT":
        return txt_record(zone, name, rrset.ttl or 0, map(internal_text, rrset.values))
    [record] = Record.from_rrsets(
        zone, [Rrset(f"{rrset.name}.", rrset.type, rrset.ttl, sorted(rrset.values))], lenient=True
    )
    return record


def _rrset(record: Any, origin: DomainName) -> RRset:
    """Return an octoDNS record as a set in the form that reading a file gives."""
    if record._type == "TXT":
        values = frozenset(octets(str(value)) for value in record.values)
    else:
        values = frozenset(
            normal(record._type, rdata, origin) for rdata in record.to_rrset().rdatas
        )
    return RRset(owner(record.fqdn), record._type, record.ttl, values)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what is wrong with a zone file into an error of this provider."""
    try:
        yield
    except MasterFileError as error:
        raise ProviderError(str(error)) from error
