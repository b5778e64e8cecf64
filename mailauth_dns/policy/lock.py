"""zones/locks/spf.json: what SPF names of others resolved to when it was last reviewed, and which parts were ever published.

`compile` has no clock and no network, so this file is both its eyes and its memory: the addresses behind a name that a policy flattens, and
the parts of records that DNS may still hold after the policy needs them no more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from mailauth_dns.errors import FileProblem, RecordSyntaxError
from mailauth_dns.policy.document import DocumentError
from mailauth_dns.records import spf
from mailauth_dns.records.addresses import Addresses, addresses_of
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.spf_parts import part_name

LOCK_FILE = Path("zones/locks/spf.json")
FORMAT = 1
MAX_FILE = 500_000_000  # octets; 100 000 domains with two parts each have about a fifth


@dataclass(frozen=True, slots=True)
class LockedName:
    """What an SPF name lets pass, the records that said so, and the day on which that was first seen."""

    addresses: Addresses
    records: tuple[tuple[DomainName, str], ...]
    since: date


@dataclass(frozen=True, slots=True)
class LockedPart:
    """A part of a domain's record.

    `ready` is when no cache can deny it any more: every server was seen to serve it, and the TTLs that counted then have passed. None until
    that was seen. `unused_since` is when live DNS was first seen without a record that refers to it; `absent` parts go.
    """

    text: str
    unused_since: datetime | None = None
    absent: bool = False
    ready: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """All that the file says: names, and by domain the parts by name."""

    names: Mapping[DomainName, LockedName] = field(default_factory=dict)
    parts: Mapping[DomainName, Mapping[DomainName, LockedPart]] = field(default_factory=dict)


def _domain(text: str) -> str:
    try:
        name = domain_name(text)
    except RecordSyntaxError as error:
        raise ValueError(error.expected) from None
    if name != text:
        raise ValueError(f"write {name}")
    return text


def _record(text: str) -> str:
    try:
        spf.parse(text)
    except RecordSyntaxError as error:
        raise ValueError(str(error)) from None
    return text


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(f"not a network: {error}") from None
    if str(network) != text:
        raise ValueError(f"write {network}")
    return text


_Name = Annotated[str, AfterValidator(_domain)]
_Record = Annotated[str, AfterValidator(_record)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _NameEntry(_Entry):
    since: date
    networks: tuple[Annotated[str, AfterValidator(_network)], ...]
    records: dict[_Name, _Record]


class _PartEntry(_Entry):
    record: _Record
    ready: AwareDatetime | None = None
    unused_since: AwareDatetime | None = None
    absent: bool = False


class _File(_Entry):
    format: Literal[1]
    names: dict[_Name, _NameEntry]
    parts: dict[_Name, dict[_Name, _PartEntry]]


_MEND = "mend it from git's history, or delete it and run `mailauth-dns spf lock`"


def read(path: str, data: bytes) -> Lock:
    """Return the lock in a file's octets.

    Raises:
        DocumentError: it is not what `text` writes, with every problem; nothing is guessed.
    """

    def refuse(message: str, line: int = 0, column: int = 0, key: str = "") -> NoReturn:
        raise DocumentError([FileProblem(path, line, column, key, message)])

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            again = next(name for name in names if names.count(name) > 1)
            refuse(f"{again} stands twice, as after a merge; {_MEND}")
        return found

    try:
        content = json.loads(data, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        refuse(f"not JSON: {error.msg.lower()}; {_MEND}", error.lineno, error.colno)
    except (UnicodeDecodeError, RecursionError):
        refuse(f"not JSON; {_MEND}")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        given = content.get("format") if isinstance(content, dict) else None
        refuse(f"{given!r} is not a format that this version reads, which is {FORMAT}; {_MEND}", key="format")
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        raise DocumentError([_problem(path, detail["loc"], detail["msg"]) for detail in error.errors(include_url=False)]) from None
    if problems := list(_misnamed(path, file)):
        raise DocumentError(problems)
    names = {
        DomainName(name): LockedName(
            addresses_of(map(ip_network, entry.networks)),
            tuple((DomainName(owner), text) for owner, text in entry.records.items()),
            entry.since,
        )
        for name, entry in file.names.items()
    }
    parts = {
        DomainName(domain): {
            DomainName(name): LockedPart(entry.record, entry.unused_since, entry.absent, entry.ready) for name, entry in of_domain.items()
        }
        for domain, of_domain in file.parts.items()
    }
    return Lock(names, parts)


def _misnamed(path: str, file: _File) -> list[FileProblem]:
    """Return what no `spf lock` can have written: a part under a name that is not made of its text, a name without addresses."""
    found = []
    for domain, parts in file.parts.items():
        for name, entry in parts.items():
            wanted = part_name(entry.record, DomainName(domain))
            if name != wanted:
                found.append(_problem(path, ("parts", domain, name), f"its record belongs to {wanted}; {_MEND}"))
    for name, locked in file.names.items():
        if not locked.networks:
            found.append(_problem(path, ("names", name, "networks"), f"holds no network; {_MEND}"))
    return found


def _problem(path: str, location: tuple[int | str, ...], message: str) -> FileProblem:
    said = message.removeprefix("Value error, ")
    return FileProblem(path, 0, 0, ".".join(str(step) for step in location if step != "[key]"), said[:1].lower() + said[1:])


def text(lock: Lock) -> str:
    """Return the file's text: the same lock gives the same octets."""
    names = {
        name: {
            "since": locked.since.isoformat(),
            "networks": [str(network) for network in locked.addresses.networks],
            "records": dict(locked.records),
        }
        for name, locked in sorted(lock.names.items())
    }
    parts = {
        domain: {name: _part_entry(part) for name, part in sorted(of_domain.items())}
        for domain, of_domain in sorted(lock.parts.items())
        if of_domain
    }
    return json.dumps({"format": FORMAT, "names": names, "parts": parts}, indent=1, ensure_ascii=True) + "\n"


def _part_entry(part: LockedPart) -> dict[str, object]:
    entry: dict[str, object] = {"record": part.text}
    if part.ready is not None:
        entry["ready"] = part.ready.isoformat()
    if part.unused_since is not None:
        entry["unused_since"] = part.unused_since.isoformat()
    if part.absent:
        entry["absent"] = True
    return entry
