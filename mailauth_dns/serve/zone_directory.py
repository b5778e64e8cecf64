"""A directory of master files, as a source of answers."""

from __future__ import annotations

import errno
from pathlib import Path

from mailauth_dns.errors import ProviderError
from mailauth_dns.evaluate.zone_answers import Authority, ZoneAnswer
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.masterfile.master_file import parse
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone


class ZoneDirectory:
    """The zones of a directory. A zone is read again when its file changes."""

    recursive = False

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[str, tuple[tuple[int, int, int], Authority]] = {}

    def answer(self, name: DomainName, type: str) -> ZoneAnswer | None:
        """Return the answer of the deepest zone that holds `name`, or None.

        Raises:
            ProviderError: its file cannot be read or is broken.
        """
        origin: str = name
        while origin:
            path = self._directory / f"{origin}.zone"
            if "/" not in origin and _is_file(path):
                return self._authority(origin, path).answer(name, type)
            _, _, origin = origin.partition(".")
        return None

    def _authority(self, name: str, path: Path) -> Authority:
        try:
            state = path.stat()
            stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
            known = self._read.get(name)
            if known is not None and known[0] == stamp:
                return known[1]
        except OSError as error:
            raise ProviderError(f"{path}: {error.strerror}") from None
        authority = Authority(whole_zone(DomainName(name), path))
        if not authority.has_soa:
            raise ProviderError(f"{path}: the zone has no SOA record, so it is not served")
        self._read[name] = (stamp, authority)
        return authority


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise ProviderError(f"{path}: {error.strerror}") from None


def whole_zone(origin: DomainName, path: Path) -> Zone:
    """Return the zone in a file.

    Raises:
        ProviderError: the file cannot be read, is broken, or holds only a part of the zone.
    """
    try:
        master = parse(origin, path.read_bytes().decode("latin-1"))
    except MasterFileError as error:
        raise ProviderError(str(error)) from error
    except OSError as error:
        raise ProviderError(f"{path}: {error.strerror}") from None
    # $INCLUDE or $GENERATE could add a record. We would say that it does not exist.
    if not master.whole:
        raise ProviderError(
            f"{path}: $INCLUDE and $GENERATE are not read here, so the zone is not served"
        )
    return master.zone()
