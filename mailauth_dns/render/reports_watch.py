"""What is new in evidence, as text for people, as JSON data and as GitHub's commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from rich.text import Text

from mailauth_dns.evidence.kept.evidence_files import path_of
from mailauth_dns.evidence.watch.change import WEEK, Change
from mailauth_dns.evidence.watch.changes import HISTORY
from mailauth_dns.evidence.watch.watched_domains import WatchedDomain
from mailauth_dns.render.json_data import FORMAT, json_day
from mailauth_dns.render.terminal_text import count, styled
from mailauth_dns.render.workflow_commands import annotation

_NEEDED = HISTORY + timedelta(days=WEEK)


def lines(found: Sequence[WatchedDomain]) -> Iterator[Text]:
    """Yield the lines for people."""
    for each in found:
        if each.problem is not None:
            continue  # the error says it
        new = () if each.new else (": nothing new",)
        yield styled(0, (each.domain, "bold"), f"  {each.first} to {each.last}", *new)
        if each.first is not None and each.last is not None:
            days = each.last - each.first + timedelta(days=1)
            if days < _NEEDED:
                yield styled(2, (_young(days), "dim"))
        for change in each.new:
            yield styled(2, (f"{change.kind}  ", "red"), change.words)
    yield Text(_total(found), style="bold")


def _young(days: timedelta) -> str:
    return (
        f"{count(days.days, 'day')} of evidence: new sources, senders that stop aligning and "
        f"spikes are told from {_NEEDED.days} on"
    )


def _total(found: Sequence[WatchedDomain]) -> str:
    return f"Watch: {count(len(found), 'domain')}, {sum(len(each.new) for each in found)} new"


def data(found: Iterable[WatchedDomain]) -> dict[str, Any]:
    """Return it as data."""
    return {
        "format": FORMAT,
        "domains": [
            {
                "domain": each.domain,
                "first": json_day(each.first),
                "last": json_day(each.last),
                "new": [_change(change) for change in each.new],
                "problem": each.problem,
            }
            for each in found
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "subject": change.subject,
        "day": change.day.isoformat(),
        "now": change.now,
        "before": change.before,
        "bound": change.bound,
        "text": change.words,
    }


def github(found: Iterable[WatchedDomain]) -> Iterator[str]:
    """Yield a workflow command for each that is new, and for each domain with a problem."""
    for each in found:
        path = path_of(each.domain).as_posix()
        for change in each.new:
            title = f"{change.kind}: {each.domain}"
            yield annotation("warning", change.words, file=path, line=1, title=title)
        if each.problem is not None:
            first = each.problem.partition("\n")[0]  # the errors below it have all
            yield annotation("error", first, file=path, line=1, title=each.domain)
