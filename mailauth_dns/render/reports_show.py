"""Evidence as text and as JSON data: whose mail it is, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from rich.text import Text

from mailauth_dns.evidence.figures import share
from mailauth_dns.evidence.sources.overview import Overview, ReporterLine, SourceLine, Tally
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.records.name import DomainName
from mailauth_dns.render.json_data import FORMAT, json_day
from mailauth_dns.render.terminal_text import count, styled

NO_EVIDENCE = "no evidence: that says nothing about the mail"
STYLES = {
    SourceKind.ALIGNED: "green",
    SourceKind.NOT_ALIGNED: "bold red",
    SourceKind.FORWARDER: "cyan",
    SourceKind.MAILING_LIST: "cyan",
    SourceKind.UNKNOWN: "magenta",
    SourceKind.SPOOF: "yellow",
}
_MENDS = 3  # things to mend that are told of one sender
_PLACES = 20  # addresses of a source in JSON


@dataclass(frozen=True, slots=True)
class Shown:
    """Lines of one kind: those that are told, and what the others come to."""

    kind: SourceKind
    lines: tuple[SourceLine, ...]
    left_out: int
    left_out_messages: int


def shown(overview: Overview, most: int) -> Iterator[Shown]:
    """Yield the sources by kind; of those without a name, so many as one asked for."""
    for kind, of_kind in groupby(overview.sources, key=lambda line: line.kind):
        lines = list(of_kind)
        named = [line for line in lines if line.is_sender]
        others = [line for line in lines if not line.is_sender]
        told = sorted((*named, *others[:most]), key=lambda line: -line.tally.messages)
        rest = others[most:]
        yield Shown(kind, tuple(told), len(rest), sum(line.tally.messages for line in rest))


def percent(good: int, tally: Tally) -> str:
    """Return a share of messages, rounded down; `-` where there are none."""
    return f"{share(good, tally.messages)} %" if tally.messages else "-"


def span(days: Iterable[date]) -> str:
    """Return from which day to which."""
    first, last = min(days), max(days)
    return str(first) if first == last else f"{first} to {last}"


def where(line: SourceLine) -> str:
    """Return how many addresses a source has, or which one."""
    if line.addresses == 1 and line.places:
        return next(iter(line.places))
    return count(line.addresses, "address", "addresses")


def mends(line: SourceLine) -> list[str]:
    """Return what is to be mended at a source, that of most messages first."""
    return [text for text, _ in line.mend.most_common(_MENDS)]


def reason(line: SourceLine) -> str:
    """Return by what a source was recognised, of most of its messages."""
    text, number = line.why.most_common(1)[0]
    return text if number == line.tally.messages else f"{text} ({count(number, 'message')})"


def policy_of(overview: Overview) -> str | None:
    """Return the policy that the newest report found, as its tags."""
    found = overview.published
    if found is None:
        return None
    tags = ((tag, getattr(found, tag)) for tag in ("p", "sp", "np", "adkim", "aspf"))
    said = [f"{tag}={value}" for tag, value in tags if value is not None]
    return "; ".join([*said, *(["t=y"] if found.testing else [])]) or None


# Text


def lines(overview: Overview, most: int) -> Iterator[Text]:
    """Yield what is known of one domain's mail."""
    tally = overview.tally
    yield styled(0, (overview.domain, "bold"))
    assert overview.first is not None
    assert overview.last is not None
    yield styled(
        2,
        f"{span((overview.first, overview.last))}: {count(overview.reports, 'report')} of "
        f"{count(len(overview.reporters), 'reporter')}",
        f"; the newest found {policy}" if (policy := policy_of(overview)) else "",
    )
    good = "green" if tally.aligned == tally.messages else "red"
    yield styled(
        2,
        f"{count(tally.messages, 'message')}, ",
        (f"{percent(tally.aligned, tally)} aligned", good),
        f", {tally.unsaid} of which no reporter says it" if tally.unsaid else "",
    )
    wide = max(len(str(tally.messages)), len("messages"))
    yield styled(2, (f"{'messages':>{wide}}    DKIM     SPF  source", "dim"))
    for each in shown(overview, most):
        yield styled(0, (each.kind.capitalize(), STYLES[each.kind]))
        last = ""  # what many networks have in common is said once
        for line in each.lines:
            said = reason(line)
            yield from _source(line, wide, said if said != last else "")
            last = said
        if each.left_out:
            more = f"{count(each.left_out, 'more source')}, with --max {most + each.left_out}"
            yield styled(2, f"{each.left_out_messages:>{wide}}{'':18}and {more}")
    yield styled(0, ("Reporters", "bold"))
    yield from map(_reporter, overview.reporters[:most])
    if (rest := len(overview.reporters) - most) > 0:
        yield styled(2, f"and {count(rest, 'more reporter')}")


def _source(line: SourceLine, wide: int, why: str) -> Iterator[Text]:
    tally = line.tally
    yield styled(
        2,
        f"{tally.messages:>{wide}} {percent(tally.dkim, tally):>7} {percent(tally.spf, tally):>7}"
        "  ",
        (line.name, "bold"),
        f", {where(line)}" if where(line) != line.name else "",
        f", {tally.refused} refused" if tally.refused else "",
        f", last on {max(line.days)}",
    )
    indent = 4 + wide + 16
    if why and line.kind is not SourceKind.ALIGNED:
        yield styled(indent, (why, "dim"))
    for text in mends(line):
        yield styled(indent, ("to do: ", "bold"), text)


def _reporter(line: ReporterLine) -> Text:
    tally = line.tally
    said = f", {percent(tally.aligned, tally)} aligned" if tally.messages else ""
    return styled(
        2,
        f"{line.reporter or 'nobody'}: {count(line.reports, 'report')}, {span(line.days)}: "
        f"{count(tally.messages, 'message')}{said}",
    )


def list_lines(
    found: Sequence[Overview], without: Sequence[DomainName], orphans: Sequence[str], most: int
) -> Iterator[Text]:
    """Yield a line for each domain: those with evidence first, then those without."""
    wide = max((len(each.domain) for each in found), default=0)
    for each in found:
        yield _summary(each, wide)
    for domain in without[:most]:
        yield styled(0, f"{domain:<{wide}}  ", (NO_EVIDENCE, "dim"))
    rest = max(0, len(without) - most)
    if rest:
        yield styled(0, (f"and {count(rest, 'more domain')} without evidence", "dim"))
    for orphan in orphans:
        yield styled(0, f"{orphan}  ", ("has evidence, and no policy here", "yellow"))
    said = f"Domains: {len(found)} with evidence, {len(without)} without"
    yield Text(said, style="bold")


def _summary(each: Overview, wide: int) -> Text:
    tally = each.tally
    if each.first is None or each.last is None:
        return styled(0, f"{each.domain:<{wide}}  ", ("no report in that time", "dim"))
    worth = [
        (each.messages(SourceKind.NOT_ALIGNED), "of declared senders not aligned", "red"),
        (each.messages(SourceKind.UNKNOWN), "unknown", "magenta"),
        (each.messages(SourceKind.SPOOF), "spoofs", "yellow"),
    ]
    parts = [(f", {number} {words}", style) for number, words, style in worth if number]
    return styled(
        0,
        f"{each.domain:<{wide}}  {span((each.first, each.last))}: "
        f"{count(tally.messages, 'message')}, {percent(tally.aligned, tally)} aligned",
        *parts,
    )


# JSON


def data(
    found: Iterable[Overview],
    without: Iterable[DomainName],
    orphans: Iterable[str],
    *,
    detail: bool,
) -> dict[str, Any]:
    """Return the document; `detail` adds the sources, reporters and days of each domain."""
    return {
        "format": FORMAT,
        "domains": [_domain(each, detail=detail) for each in found],
        "without_evidence": list(without),
        "without_policy": list(orphans),
    }


def _domain(each: Overview, *, detail: bool) -> dict[str, Any]:
    return {
        "domain": each.domain,
        "first": json_day(each.first),
        "last": json_day(each.last),
        "reports": each.reports,
        "policy": policy_of(each),
        "messages": _tally(each.tally),
        "by_kind": _by_kind({kind: each.messages(kind) for kind in SourceKind}),
        "sources": [_source_data(line) for line in each.sources] if detail else None,
        "reporters": [_reporter_data(line) for line in each.reporters] if detail else None,
        "days": [
            {"day": day.isoformat(), "by_kind": _by_kind(kinds)} for day, kinds in each.days.items()
        ]
        if detail
        else None,
    }


def _by_kind(messages: Mapping[SourceKind, int]) -> list[dict[str, Any]]:
    return [
        {"kind": kind.value, "messages": messages[kind]} for kind in SourceKind if messages[kind]
    ]


def _source_data(line: SourceLine) -> dict[str, Any]:
    return {
        "kind": line.kind.value,
        "name": line.name,
        "is_sender": line.is_sender,
        "messages": _tally(line.tally),
        "addresses": line.addresses,
        "places": [
            {"source": place, "messages": number}
            for place, number in line.places.most_common(_PLACES)
        ],
        "first": json_day(min(line.days)),
        "last": json_day(max(line.days)),
        "reporters": sorted(line.reporters),
        "why": [
            {"text": text, "messages": number} for text, number in line.why.most_common(_MENDS)
        ],
        "mend": mends(line),
    }


def _reporter_data(line: ReporterLine) -> dict[str, Any]:
    return {
        "reporter": line.reporter,
        "reports": line.reports,
        "first": json_day(min(line.days)),
        "last": json_day(max(line.days)),
        "messages": _tally(line.tally),
    }


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "all": tally.messages,
        "aligned": tally.aligned,
        "dkim": tally.dkim,
        "spf": tally.spf,
        "unknown": tally.unsaid,
        "refused": tally.refused,
    }
