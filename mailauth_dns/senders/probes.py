"""What DNS has to say for a sender's entry to be true: questions, and what their answers mean.

Only names that are the same for everybody are asked: what only an account or a domain has is left
out. That a name does not answer is unknown, and never a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.records import dkim_received, spf
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import RRKey, RRset
from mailauth_dns.senders.entry import Entry, ReturnPath
from mailauth_dns.senders.templates import filled, places

Said = RRset | Unknown | None  # what a name and type lead to; None where there is nothing


class Result(StrEnum):
    """What DNS says of a fact. A note is a fact that DNS alone cannot decide."""

    TRUE = "true"
    DIFFERS = "differs"
    NOTE = "note"
    UNKNOWN = "unknown"


class About(StrEnum):
    """Which fact of an entry a name is about."""

    INCLUDE = "include"
    DKIM = "DKIM alias"
    RETURN_PATH = "return path"
    NAME_SERVER = "name server"
    WRONG = "known wrong"


@dataclass(frozen=True, slots=True)
class Probe:
    """A name that a sender's entry states, and the types to ask it for."""

    about: About
    name: DomainName
    types: tuple[str, ...]

    @property
    def questions(self) -> tuple[RRKey, ...]:
        """The sets to ask for."""
        return tuple((self.name, type) for type in self.types)


@dataclass(frozen=True, slots=True)
class Finding:
    """What DNS says of one probe, and the words for it."""

    probe: Probe
    result: Result
    detail: str


def probes(entry: Entry) -> tuple[Probe, ...]:
    """Return what can be asked about a sender without an account there; each name once."""
    found = chain(_includes(entry), _aliases(entry), _paths(entry.return_path), _wrong(entry))
    return tuple(dict.fromkeys(found))


def _includes(entry: Entry) -> Iterator[Probe]:
    for name in entry.spf.includes if entry.spf is not None else ():
        yield from _probe(About.INCLUDE, name, "TXT")
    for term in entry.return_path.spf if entry.return_path is not None else ():
        kind, _, name = term.partition(":")
        if kind == "include":
            yield from _probe(About.INCLUDE, name, "TXT")


def _aliases(entry: Entry) -> Iterator[Probe]:
    for each in entry.dkim.selectors if entry.dkim is not None else ():
        if each.cname is not None:
            # A selector that is asked for stays a place, which no probe has.
            own = {place: f"{{{place}}}" for place in places(each.cname)}
            fixed = {} if places(each.selector) else {"selector": each.selector}
            yield from _probe(About.DKIM, filled(each.cname, own | fixed), "TXT")


def _paths(path: ReturnPath | None) -> Iterator[Probe]:
    if path is None:
        return
    if path.cname is not None:
        yield from _probe(About.RETURN_PATH, path.cname, "MX", "TXT", "A")
    for each in path.mx:
        yield from _probe(About.RETURN_PATH, each.exchange, "A", "AAAA")
    for host in path.ns:
        yield from _probe(About.NAME_SERVER, host, "A", "AAAA")


def _wrong(entry: Entry) -> Iterator[Probe]:
    for wrong in entry.known_wrong:
        for name in filter(None, (wrong.include, wrong.cname)):
            yield from _probe(About.WRONG, name, "TXT")


def _probe(about: About, name: str, *types: str) -> Iterator[Probe]:
    if "{" in name:
        return
    try:
        yield Probe(about, domain_name(name), types)
    except RecordSyntaxError:  # the whole catalogue is tested; a repo's own entry may say more
        return


def canary(name: DomainName) -> RRKey:
    """Return what every resolver of the Internet knows if it may say that `name` is not there.

    Some networks have resolvers that know their own names alone, and deny every other.
    """
    return DomainName(name.rpartition(".")[2]), "NS"


def judged(probe: Probe, answers: Mapping[RRKey, Said]) -> Finding:
    """Return what the answers mean for a probe."""
    said = [_believed(question, answers) for question in probe.questions]
    sets = [each for each in said if isinstance(each, RRset)]
    unknown = next((each.reason for each in said if isinstance(each, Unknown)), None)
    if probe.about in (About.RETURN_PATH, About.NAME_SERVER) and sets:
        return Finding(probe, Result.TRUE, f"has {', '.join(each.type for each in sets)}")
    if unknown is not None:
        return Finding(probe, Result.UNKNOWN, unknown)
    texts = [value for each in sets for value in each.values]
    match probe.about:
        case About.INCLUDE:
            return _include(probe, texts)
        case About.DKIM:
            return _key(probe, texts)
        case About.WRONG:
            return _still_wrong(probe, texts)
    return Finding(probe, Result.DIFFERS, f"has no {' and no '.join(probe.types)} record")


def _believed(question: RRKey, answers: Mapping[RRKey, Said]) -> Said:
    """Return an answer; that there is nothing counts only where the resolver knows the Internet."""
    said = answers.get(question, Unknown("was not asked"))
    top, _ = known = canary(question[0])
    if said is None and answers.get(known) is None:
        return Unknown(f"the resolver knows no {top} at all, so it does not resolve the Internet")
    return said


def _include(probe: Probe, texts: Iterable[str]) -> Finding:
    records = _spf(texts)
    if len(records) == 1:
        return Finding(probe, Result.TRUE, "publishes one SPF record")
    if not records:
        return Finding(probe, Result.DIFFERS, "publishes no SPF record: the include is a permerror")
    detail = f"publishes {len(records)} SPF records: the include is a permerror"
    return Finding(probe, Result.DIFFERS, detail)


def _key(probe: Probe, texts: Iterable[str]) -> Finding:
    if _has_key(texts):
        return Finding(probe, Result.TRUE, "has a DKIM key")
    return Finding(probe, Result.DIFFERS, "has no DKIM key: signatures fail")


def _still_wrong(probe: Probe, texts: Iterable[str]) -> Finding:
    texts = tuple(texts)
    if _spf(texts) or _has_key(texts):
        # Some are wrong because the sender means something else by them.
        detail = "publishes a record: read the source again whether it is still wrong"
        return Finding(probe, Result.NOTE, detail)
    return Finding(probe, Result.TRUE, "publishes neither an SPF record nor a key")


def _spf(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if spf.has_version(text)]


def _has_key(texts: Iterable[str]) -> bool:
    return any(p for text in texts for p in dkim_received.keys(text))
