"""The local provider: zones as master files in a directory, for people who serve them themselves.

    class: mailauth_dns.octo.LocalProvider
    directory: served                     # <zone>.zone in it
    check: [named-checkzone, "{zone}", "{file}"]  # optional; what must accept a file before it is
                                                  # put in its place
    reload: [rndc, reload, "{zone}"]      # optional; run after a zone was written

Record sets are changed one by one under a lock, and everything else in a file stays as it is. A
file is replaced in one step: at any time, and after a killed run, it holds the old or the new zone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from typing import Any

from octodns.idna import IdnaError
from octodns.provider.base import BaseProvider
from octodns.record.exception import RecordException

from mailauth_dns.atomic_files import replace_file, sweep, sweep_beside
from mailauth_dns.errors import ProviderError
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.masterfile.master_file import MasterFile, parse
from mailauth_dns.octo.folder_lock import alone, is_free, locked
from mailauth_dns.octo.local_edit import Edits, edited_file, edited_sets, octodns_record
from mailauth_dns.octo.provider_zone import owner
from mailauth_dns.octo.zone_commands import check_zone, reload_zone
from mailauth_dns.records.name import DomainName

_KNOTS_OWN = ";; Zone dump (Knot DNS"


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
        self,
        id: str,
        directory: str,
        reload: list[str] | None = None,
        check: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.log = getLogger(f"LocalProvider[{id}]")
        super().__init__(id, **{"root_ns_warnings": False, **kwargs})
        if not isinstance(directory, str | Path):
            raise ValueError("directory is the path of a folder")
        self.directory = Path(directory)
        self.reload = _command("reload", reload)
        self.check = _command("check", check)
        if self.check and not any("{file}" in word for word in self.check):
            raise ValueError('check looks at "{file}": write it where the command takes the file')
        # The repo, if the directory is inside it: then no link of a zone may lead out of the repo.
        self.within: Path | None = None
        self._swept = False
        self._last: MasterFile | None = None  # one zone is read several times in a row

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
        try:
            # The directory was looked at when the stanza was (provider_objects.py).
            if (
                self.within is not None
                and path.is_symlink()
                and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.within))
            ):
                raise ProviderError(
                    f"{path}: is a link that leads out of the repo; "
                    "name the directory that it leads to in the stanza"
                )
            if not stat.S_ISREG(path.stat().st_mode):
                # Opening a pipe would wait for ever.
                raise ProviderError(f"{path}: not a regular file")
            text = path.read_bytes().decode("latin-1")
        except FileNotFoundError:
            if not self.directory.is_dir():
                raise ProviderError(f"{self.directory}: there is no such folder") from None
            return None
        except OSError as error:
            raise ProviderError(f"{path}: {error.strerror}") from None
        if self._last is not None and (self._last.origin, self._last.text) == (origin, text):
            return self._last
        with _told():
            self._last = parse(origin, text)
        return self._last

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
        if master.refusal is None and master.text.startswith(_KNOTS_OWN):
            return (
                "knotd writes this file itself, as its first line says, and would write over an "
                "edit; use octodns_bind.Rfc2136Provider for it, or set zonefile-sync: -1 in "
                "knot.conf and delete that line"
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
                    record = octodns_record(zone, rrset)
                    # The chunking of a TXT may never end; `txt_round_trip` checks before a write.
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
        self._write(owner(plan.desired.name), lambda master: edited_file(master, plan.changes))
        return True

    def edit(self, origin: DomainName, edits: Edits) -> None:
        """Replace sets of a zone, each if it is as it was planned.

        Raises:
            SetMoved: a set is not as it was; nothing was written.
            ProviderError: the file is refused, or cannot be written.
        """
        self._write(origin, lambda master: edited_sets(master, edits))

    def _write(self, origin: DomainName, edit: Callable[[MasterFile], MasterFile]) -> None:
        if not self._swept:
            self._sweep_folder()
        path = self.path(origin)
        with locked(self.directory, path):
            master = self.read(origin)
            if master is None:
                raise ProviderError(f"{path}: there is no such file; zones are never made here")
            refusal = self.refusal(master)
            if refusal is not None:
                raise ProviderError(f"{origin}: {refusal}")
            with _told():
                after = edit(master)
            if self.check:
                check_zone(self.check, origin, after.text.encode("latin-1"))
            if self.reload:
                mark = self._unloaded(origin)
                mark.unlink(missing_ok=True)  # a link would be followed
                mark.touch()  # first: if this run is killed, the next one reloads the zone
            self._replace(path, after.text, master.text)
            self._last = after
        self.finish(origin)

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

    def _replace(self, path: Path, text: str, instead_of: str) -> None:
        path = path.resolve()  # a link stays a link
        try:
            if path.parent != self.directory.resolve():
                sweep_beside(path)  # its own lock says that nobody writes it
            replace_file(
                path,
                text.encode("latin-1"),
                durable=True,
                instead_of=instead_of.encode("latin-1"),
            )
        except OSError as error:
            raise ProviderError(f"{path}: {error.strerror}") from None

    def _sweep_folder(self) -> None:
        """Delete what killed runs left in the folder, once, when nobody else writes in there."""
        with alone(self.directory) as is_alone:
            if is_alone:
                try:
                    # A link in another folder may lead here, and who writes it has the file alone.
                    sweep(self.directory.resolve(), "*.zone", is_free)
                except OSError as error:
                    raise ProviderError(f"{self.directory}: {error.strerror}") from None
                self._swept = True


def _command(key: str, words: object) -> list[str]:
    """Return a command of the stanza, or nothing where there is none.

    Raises:
        ValueError: it is no list of words.
    """
    if words is None:
        return []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{key} is a list: the command and its arguments")
    return words


@contextmanager
def _told() -> Iterator[None]:
    """Turn what is wrong with a zone file into an error of this provider."""
    try:
        yield
    except MasterFileError as error:
        raise ProviderError(str(error)) from error
