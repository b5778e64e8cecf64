"""What DNS says of the catalogue, for people and as JSON data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count
from mailauth_dns.sender_checks.probe import Probed
from mailauth_dns.senders.probes import Finding, Result

_STYLES = {
    Result.TRUE: "green",
    Result.DIFFERS: "bold red",
    Result.NOTE: "yellow",
    Result.UNKNOWN: "magenta",
}
_WORDS = {
    Result.TRUE: "as said",
    Result.DIFFERS: "different",
    Result.NOTE: "to look at",
    Result.UNKNOWN: "unknown",
}


def lines(probed: Sequence[Probed], *, whole: bool) -> Iterator[Text]:
    """Yield what DNS says of each sender; where not `whole`, only what is not as it says."""
    for each in probed:
        shown = each.findings if whole else each.of(Result.DIFFERS, Result.NOTE)
        if shown or whole:
            yield Text.assemble((each.name, "bold"), f" ({each.sender})")
        yield from map(_line, shown)
        if whole and not each.findings:
            yield Text("  all its names are of an account or a domain, so there is nothing to ask")
    if not whole:
        yield from _unknown(probed)
    results = Counter(finding.result for each in probed for finding in each.findings)
    said = ", ".join(f"{results[result]} {word}" for result, word in _WORDS.items())
    asked = sum(bool(each.findings) for each in probed)
    yield Text(f"Senders: {len(probed)}, {asked} with names to ask for; {said}", style="bold")


def _line(finding: Finding) -> Text:
    probe = finding.probe
    return Text.assemble(
        f"  {probe.about} {probe.name}: ",
        (_WORDS[finding.result], _STYLES[finding.result]),
        f": {finding.detail}",
    )


def _unknown(probed: Iterable[Probed]) -> Iterator[Text]:
    """Yield why names are unknown, each reason once: a resolver that is down is one reason."""
    reasons = Counter(finding.detail for each in probed for finding in each.of(Result.UNKNOWN))
    for reason, names in reasons.most_common():
        yield Text.assemble(("unknown", "magenta"), f": {count(names, 'name')}: {reason}")


def data(probed: Iterable[Probed]) -> dict[str, Any]:
    """Return what DNS says as JSON data."""
    return {
        "format": FORMAT,
        "senders": [
            {
                "id": each.sender,
                "name": each.name,
                "findings": [
                    {
                        "about": str(finding.probe.about),
                        "name": finding.probe.name,
                        "types": list(finding.probe.types),
                        "result": str(finding.result),
                        "detail": finding.detail,
                    }
                    for finding in each.findings
                ],
            }
            for each in probed
        ],
    }
