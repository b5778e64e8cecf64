"""The page of `dkim status`: the keys of each domain in time, and what comes next for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.keys.times import moment
from mailauth_dns.pages.drawing import NARROW, WIDE, Drawing
from mailauth_dns.pages.key_picture import key_timeline
from mailauth_dns.pages.page import page
from mailauth_dns.render import keys

MAX_DRAWN = 100  # domains whose keys are drawn


@dataclass(frozen=True, slots=True)
class DomainKeys:
    """A domain's keys; `narrow` and `wide` are None where they are not drawn."""

    domain: str
    states: tuple[KeyStatus, ...]
    narrow: Drawing | None
    wide: Drawing | None


def keys_page(states: Sequence[KeyStatus], now: datetime) -> str:
    """Return the page of keys."""
    wrong = sum(state.wrong is not None for state in states)
    unknown = sum(state.in_dns.state == "unknown" for state in states)
    due = [state for state in states if state.step is not None and state.step.due(now)]
    return page(
        "keys.html",
        domains=tuple(_by_domain(states, now)),
        total=len(states),
        wrong=wrong,
        unknown=unknown,
        due=due,
        now=now,
        tone="bad" if wrong else "open" if unknown else "care" if due else "good",
        kind=keys.kind,
        next_said=keys.next_said,
        moment=moment,
    )


def _by_domain(states: Sequence[KeyStatus], now: datetime) -> Iterator[DomainKeys]:
    """Yield the domains: those with something to do or to wait for come first."""
    found: dict[str, list[KeyStatus]] = {}
    for state in states:
        found.setdefault(state.key.domain, []).append(state)
    ordered = sorted(found, key=lambda domain: min(map(_rank, found[domain])))
    for number, domain in enumerate(ordered):
        own = tuple(found[domain])
        narrow, wide = (
            (key_timeline(domain, own, now, width) for width in (NARROW, WIDE))
            if number < MAX_DRAWN
            else (None, None)
        )
        yield DomainKeys(domain, own, narrow, wide)


def _rank(state: KeyStatus) -> int:
    return 0 if state.wrong is not None else 1 if state.step is not None else 2
