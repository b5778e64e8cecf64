"""Read and write zones/locks/spf.json, the file of the lock."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Literal, NoReturn

from pydantic import AfterValidator, BeforeValidator, ValidationError

from mailauth_dns.errors import FileProblem, RecordSyntaxError
from mailauth_dns.policy.spf_lock import Lock, LockedName, LockedPart
from mailauth_dns.policy.spf_lock_proof import HostsUnknown, disproved, is_networks
from mailauth_dns.records import spf
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name
from mailauth_dns.typed_yaml.model_errors import words
from mailauth_dns.typed_yaml.scalars import Day, Flag, Section, fail, host_name, said
from mailauth_dns.typed_yaml.yaml_reader import DocumentError

FORMAT = 1
MAX_FILE = 500_000_000  # octets; 100 000 domains with two parts each have about a fifth
MAX_DIGITS = 18  # of a number; the format's own is the only one there is
MAX_RECORD = 65535  # octets (RFC 1035 §3.2.1, RDLENGTH)


def _domain(text: str) -> str:
    name = host_name(text)
    if name != text:
        fail(f"write {name}")
    return text


def _record(text: str) -> str:
    if len(text) > MAX_RECORD:
        fail(f"a record of {len(text)} octets; DNS has none above {MAX_RECORD}")
    try:
        spf.parse(text)
    except RecordSyntaxError as error:
        fail(str(error))
    return text


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        fail(f"not a network: {error}")
    if str(network) != text:
        fail(f"write {network}")
    return text


def _host(text: str) -> str:
    name, _, rrtype = text.partition(" ")
    _domain(name)
    if rrtype not in ("A", "AAAA", "MX"):
        fail("write a name and A, AAAA or MX")
    return text


def _aware(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        fail(f"{said(text)} is not a date and time with its zone; write 2026-05-31T12:00:00+00:00")
    return moment


_Name = Annotated[str, AfterValidator(_domain)]
_Host = Annotated[str, AfterValidator(_host)]
_Record = Annotated[str, AfterValidator(_record)]


class _NameEntry(Section):
    since: Day
    networks: tuple[Annotated[str, AfterValidator(_network)], ...]
    records: dict[_Name, _Record]
    hosts: dict[_Host, tuple[str, ...]] | None = None


class _PartEntry(Section):
    record: _Record
    ready: Annotated[datetime, BeforeValidator(_aware)] | None = None
    unused_since: Annotated[datetime, BeforeValidator(_aware)] | None = None
    absent: Flag = False


class _File(Section):
    format: Literal[1]
    names: dict[_Name, _NameEntry]
    parts: dict[_Name, dict[_Name, _PartEntry]]


_MEND = "mend it from git's history, or delete it and run `mailauth-dns spf lock`"


def read(path: str, data: bytes) -> Lock:
    """Return the lock in a file's octets.

    Raises:
        DocumentError: it is not what `text` writes, with every problem; nothing is guessed.
    """
    file = _file(path, _content(path, data))
    problems = list(_misnamed(path, file))
    names = {}
    for name, entry in file.names.items():
        try:
            names[DomainName(name)] = _locked_name(DomainName(name), entry)
        except ValueError as error:
            problems.append(_problem(path, ("names", name), f"{error}; {_MEND}"))
    if problems:
        raise DocumentError(problems)
    parts = {
        DomainName(domain): {
            DomainName(name): LockedPart(
                entry.record, entry.unused_since, entry.absent, entry.ready
            )
            for name, entry in of_domain.items()
        }
        for domain, of_domain in file.parts.items()
    }
    return Lock(names, parts)


def _file(path: str, content: object) -> _File:
    given = content.get("format") if isinstance(content, dict) else None
    if type(given) is not int or given != FORMAT:
        message = (
            f"{said(given)} is not a format that this version reads, which is {FORMAT}; {_MEND}"
        )
        raise DocumentError([FileProblem(path, 0, 0, "format", message)])
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems = [_problem(path, detail["loc"], words(detail)) for detail in details]
        raise DocumentError(problems) from None


def _content(path: str, data: bytes) -> object:
    """Return the file's JSON; repeated keys and numbers without a value are refused."""

    def refuse(message: str, line: int = 0, column: int = 0) -> NoReturn:
        raise DocumentError([FileProblem(path, line, column, "", f"{message}; {_MEND}")])

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            again = next(
                name for name, times in Counter(name for name, _ in pairs).items() if times > 1
            )
            refuse(f"{again} stands twice, as after a merge")
        return found

    def number(digits: str) -> int:
        # Python refuses to convert long ones, and does not say where they stand.
        if len(digits) > MAX_DIGITS:
            at = data.find(digits.encode())
            refuse(
                f"a number of {len(digits)} digits",
                data.count(b"\n", 0, at) + 1,
                at - data.rfind(b"\n", 0, at),
            )
        return int(digits)

    def constant(word: str) -> NoReturn:
        refuse(f"not JSON: {word} is no number")

    try:
        return json.loads(data, object_pairs_hook=once, parse_int=number, parse_constant=constant)
    except json.JSONDecodeError as error:
        refuse(f"not JSON: {error.msg.lower()}", error.lineno, error.colno)
    except (UnicodeDecodeError, RecursionError):
        refuse("not JSON")


def _locked_name(name: DomainName, entry: _NameEntry) -> LockedName:
    """Return what an entry says, worked out again.

    Raises:
        ValueError: its networks are not what its records let pass.
    """
    addresses = addresses_of(map(ip_network, entry.networks))
    proven = True
    try:
        if wrong := disproved(name, addresses, entry.records, entry.hosts):
            raise ValueError("; ".join(wrong))
    except HostsUnknown:
        proven = False
    records = tuple((DomainName(owner), text) for owner, text in entry.records.items())
    return LockedName(addresses, records, entry.since, tuple((entry.hosts or {}).items()), proven)


def _misnamed(path: str, file: _File) -> list[FileProblem]:
    """Return what `spf lock` never writes: parts with more than networks, or misnamed ones."""
    found = []
    for domain, parts in file.parts.items():
        for name, entry in parts.items():
            wanted = part_name(entry.record, DomainName(domain))
            if name != wanted:
                found.append(
                    _problem(
                        path, ("parts", domain, name), f"its record belongs to {wanted}; {_MEND}"
                    )
                )
            elif not is_networks(entry.record):
                found.append(
                    _problem(
                        path,
                        ("parts", domain, name),
                        f"a part holds ip4: and ip6: terms that pass, and nothing else; {_MEND}",
                    )
                )
    return found


def _problem(path: str, location: tuple[int | str, ...], message: str) -> FileProblem:
    return FileProblem(
        path, 0, 0, ".".join(str(step) for step in location if step != "[key]"), message
    )


def text(lock: Lock) -> str:
    """Return the file's text: the same lock gives the same octets."""
    names = {
        name: {
            "since": locked.since.isoformat(),
            "networks": [str(network) for network in locked.addresses.networks],
            "records": dict(locked.records),
            **({"hosts": dict(locked.hosts)} if locked.hosts else {}),
        }
        for name, locked in sorted(lock.names.items())
    }
    parts = {
        domain: {name: _part_entry(part) for name, part in sorted(of_domain.items())}
        for domain, of_domain in sorted(lock.parts.items())
        if of_domain
    }
    return (
        json.dumps({"format": FORMAT, "names": names, "parts": parts}, indent=1, ensure_ascii=True)
        + "\n"
    )


def _part_entry(part: LockedPart) -> dict[str, object]:
    entry: dict[str, object] = {"record": part.text}
    if part.ready is not None:
        entry["ready"] = part.ready.isoformat()
    if part.unused_since is not None:
        entry["unused_since"] = part.unused_since.isoformat()
    if part.absent:
        entry["absent"] = True
    return entry
