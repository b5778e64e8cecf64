"""Who sends, from what is published: each sender's own records, and what they answer it.

An answer that DNS does not hold stays open. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.entry import Entry, ReturnPathClass
from mailauth_dns.senders.matching import Answers, aliases, answers_in, given
from mailauth_dns.senders.published import Published, target, without_names
from mailauth_dns.senders.recognition import Recognition, Trace
from mailauth_dns.senders.spf_arrangement import folded
from mailauth_dns.senders.templates import places


@dataclass(frozen=True, slots=True)
class Discovered:
    """A sender that is there: `answers` as a policy gives them, `missing` what DNS does not tell.

    `selectors` and `return_path` (labels below the domain) are its own. `partly` are answers to a
    question that wants more of them.
    """

    sender: str
    entry: Entry
    answers: Mapping[str, str | tuple[str, ...]]
    missing: tuple[str, ...]
    selectors: frozenset[str] = frozenset()
    return_path: str | None = None
    partly: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether a policy can name it with what is known."""
        return not self.missing


def discovered(there: Published, recognition: Recognition) -> tuple[Discovered, ...]:
    """Return the senders that are there, those that explain most first.

    A selector or a return path belongs to one of them. Where two entries of the catalogue are of
    one sender, the one that explains more is taken.
    """
    waiting = dict.fromkeys(_candidates(there, recognition))
    found: list[Discovered] = []
    rest = there
    while waiting:
        fits = [
            fit
            for sender in waiting
            for fit in _fits(sender, rest, recognition)
            if fit.selectors or _leads_first(fit, rest, recognition)
        ]
        best = max(fits, key=_weight, default=None)
        if best is None:
            break
        found.append(best)
        del waiting[best.sender]
        rest = _without(rest, best)
    return (*found, *_by_include(there, recognition, frozenset(each.sender for each in found)))


def _without(there: Published, found: Discovered) -> Published:
    """Return what is left when a sender's own records are taken away."""
    left = replace(
        there,
        aliases={key: led for key, led in there.aliases.items() if key not in found.selectors},
        keys={key: record for key, record in there.keys.items() if key not in found.selectors},
    )
    path = found.return_path
    return without_names(left, [DomainName(f"{path}.{there.domain}")]) if path else left


def _leads_first(fit: Discovered, there: Published, recognition: Recognition) -> bool:
    """Tell whether a return path alone tells a sender, and no other whose zone it is, too."""
    label = fit.return_path
    if label is None:
        return False
    led = there.cnames.get(label)
    names = (
        (led,) if led else (*there.exchangers.get(label, ()), *there.name_servers.get(label, ()))
    )
    return any(recognition.senders(Trace.RETURN_PATH, name)[:1] == (fit.sender,) for name in names)


def _weight(fit: Discovered) -> tuple[int, bool]:
    return len(fit.selectors) + (fit.return_path is not None), fit.is_whole


def _candidates(there: Published, recognition: Recognition) -> Iterator[str]:
    """Yield the senders that something tells, surest first."""
    for trace, names in (
        (Trace.DKIM, there.aliases.values()),
        (Trace.RETURN_PATH, _led(there)),
        (Trace.INCLUDE, filter(None, map(target, there.terms))),
        (Trace.SELECTOR, there.keys),
    ):
        for name in names:
            for sender in recognition.senders(trace, name):
                entry = recognition.catalogue.get(sender)
                if entry is not None and entry.is_compiled:
                    yield sender


def _led(there: Published) -> Iterator[str]:
    yield from there.cnames.values()
    for label in there.names_below:
        yield from there.exchangers.get(label, ())
        yield from there.name_servers.get(label, ())


def _by_include(
    there: Published, recognition: Recognition, known: frozenset[str]
) -> Iterator[Discovered]:
    """Yield the senders of which only the include is there."""
    for name in filter(None, map(target, there.terms)):
        claimed = recognition.senders(Trace.INCLUDE, name)
        for sender in () if known.intersection(claimed) else claimed:
            entry = recognition.catalogue.get(sender)
            if entry is not None and entry.is_compiled:
                known |= {sender}
                yield _answered(sender, entry, there, {}, {}, frozenset(), None)
                break


def _fits(sender: str, there: Published, recognition: Recognition) -> Iterator[Discovered]:
    """Yield what a sender explains, once for each return path that may be its own."""
    entry = recognition.catalogue.get(sender)
    assert entry is not None
    for label, answers in (*_paths(entry, there), (None, {})):
        single, many, selectors = _dkim(sender, entry, there, recognition, answers)
        yield _answered(sender, entry, there, {**answers, **single}, many, selectors, label)


def _answered(
    sender: str,
    entry: Entry,
    there: Published,
    single: Answers,
    many: Mapping[str, tuple[str, ...]],
    selectors: frozenset[str],
    label: str | None,
) -> Discovered:
    found: dict[str, str | tuple[str, ...]] = dict(single)
    partly: dict[str, tuple[str, ...]] = {}
    for template in entry.spf.templates if entry.spf is not None else ():
        for term in there.terms if places(template) else ():
            known = {**given(there.domain), **single}
            found |= answers_in([(template, folded(term))], known, entry.asks) or {}
    for key, values in many.items():
        if len(values) == entry.asks[key].count:
            found[key] = values
        else:
            partly[key] = values
    for key, ask in entry.asks.items():
        answer = found.get(key)
        if answer is not None and answer == ask.default:
            del found[key]  # it need not be said
        elif isinstance(answer, str) and ask.pattern and not re.fullmatch(ask.pattern, answer):
            del found[key]
    missing = tuple(
        key
        for key, ask in entry.asks.items()
        if key not in found and ask.default is None and not ask.optional
    )
    kept = {key: found[key] for key in entry.asks if key in found}
    return Discovered(sender, entry, kept, missing, selectors, label, partly)


# Return paths


def _paths(entry: Entry, there: Published) -> Iterator[tuple[str, Answers]]:
    """Yield the names below the domain that may be a sender's return path, with its answers."""
    path = entry.return_path
    if path is None or path.at is None:
        return
    for label in sorted(there.names_below):
        pairs = _records(entry, label, there)
        if pairs is not None:
            answers = answers_in([(path.at, label), *pairs], given(there.domain), entry.asks)
            if answers is not None:
                yield label, answers


def _records(entry: Entry, label: str, there: Published) -> list[tuple[str, str]] | None:
    """Return a return path's templates beside what is published; None where it is another's."""
    path = entry.return_path
    assert path is not None
    if path.class_ == ReturnPathClass.OWN_SUBDOMAIN_CNAME:
        led = there.cnames.get(label)
        return [(path.cname or "", led)] if led is not None and _own(led, path.zones) else None
    if path.class_ == ReturnPathClass.SUBDOMAIN_NS:
        servers = there.name_servers.get(label, ())
        zones = path.zones or path.ns
        return [] if servers and all(_own(each, zones) for each in servers) else None
    hosts = there.exchangers.get(label, ())
    if path.mx and not any(_own(host, path.zones) for host in hosts):
        return None
    if not path.mx and not _same_includes(path.spf, there.includes_below.get(label, ())):
        return None
    if len(hosts) != len(path.mx):
        return None
    return [(each.exchange, host) for each, host in zip(path.mx, hosts, strict=True)]


def _same_includes(terms: tuple[str, ...], names: tuple[str, ...]) -> bool:
    wanted = {target(term) for term in terms if "{" not in term}
    return bool(wanted) and wanted <= set(names)


def _own(name: str, zones: tuple[str, ...]) -> bool:
    return any(name == zone or name.endswith(f".{zone}") for zone in zones)


# Selectors


def _dkim(
    sender: str, entry: Entry, there: Published, recognition: Recognition, known: Answers
) -> tuple[Answers, Mapping[str, tuple[str, ...]], frozenset[str]]:
    """Return what a sender's selectors answer: single values, lists, and which they are."""
    single: dict[str, str] = {}
    many: dict[str, tuple[str, ...]] = {}
    used: set[str] = set()
    for selector, led in sorted(there.aliases.items()):
        if sender not in recognition.senders(Trace.DKIM, led):
            continue
        for answers in aliases(entry, selector, there.domain, led, {**known, **single}):
            for key, value in answers.items():
                if entry.asks[key].count is not None:
                    many[key] = (*many.get(key, ()), value)
                else:
                    single[key] = value
            used.add(selector)
            break
    for key, value, selector in _own_keys(entry, there):
        single[key] = value
        used.add(selector)
    return single, many, frozenset(used)


def _own_keys(entry: Entry, there: Published) -> Iterator[tuple[str, str, str]]:
    """Yield the answers that TXT keys give, where their selector tells the sender."""
    for each in entry.dkim.selectors if entry.dkim is not None else ():
        if each.p is None:
            continue
        [key_ask] = places(each.p) or {""}
        # Other names are such as anybody may have chosen.
        for selector in there.keys.keys() & set(entry.recognised_by.selectors):
            key = there.keys[selector]
            answers = answers_in([(each.selector, selector)], {}, entry.asks)
            if answers is not None and key_ask and (key.k or "rsa") == (each.k or "rsa"):
                yield from ((ask, text, selector) for ask, text in answers.items())
                yield key_ask, key.p, selector
                break
