"""What a reviewer must make sure of before a plan is applied, since no program can know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mailauth_dns.diff.dmarc_tightening import tightens
from mailauth_dns.plan.grouped import ChangeGroup, Group, GroupedPlan
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, NOT_AUTHORITATIVE
from mailauth_dns.records.family import Family


@dataclass(frozen=True, slots=True)
class Check:
    """What happens, to which domains, and what to make sure of."""

    happens: str
    domains: tuple[str, ...]
    ask: str


def checks(view: GroupedPlan) -> Iterator[Check]:
    """Yield the checks of a plan, each once however many changes ask for it."""
    parked = _names(each for each in view.changes if _PARKS(each))
    if parked:
        yield Check("The domain is parked", tuple(parked), _NO_MAIL)
    for happens, holds, ask in _CHANGES:
        names = _names(each for each in view.changes if holds(each))
        if left := tuple(name for name in names if name not in parked):
            yield Check(happens, left, ask)
    yield from (Check(happens, tuple(names), ask) for happens, names, ask in _others(view) if names)


def _others(view: GroupedPlan) -> Iterator[tuple[str, Iterable[str], str]]:
    """Yield what else can be to check, with the names that it is about, which may be none."""
    permitting: tuple[Group[Any], ...] = (*view.changes, *view.broken, *view.permitted)
    yield (
        "A mail test would not pass",
        _names(view.broken),
        "Either the test is out of date, or the change is wrong.",
    )
    yield (
        "Other servers answer for the zone",
        _names(each for each in view.gates if each.first.rule == NOT_AUTHORITATIVE),
        "The zone is at the right provider, and is not being moved right now.",
    )
    yield (
        "Live DNS is unknown",
        _names(each for each in view.gates if each.first.rule == LIVE_UNKNOWN),
        "Live DNS is what the provider holds. Plan again once DNS can be asked.",
    )
    yield (
        "Live DNS says something else",
        _names(each for each in view.live if each.first.state == "differs"),
        "Nobody relies on what is live now: this plan does not keep it.",
    )
    yield (
        "A policy permits what apply would refuse",
        _names(each for each in permitting if each.first.permissions),
        "You agree with the reason, and with the day until which it holds.",
    )


def _names(groups: Iterable[Group[Any]]) -> dict[str, None]:
    """Return the names of domains, each once and in order."""
    return {name: None for group in groups for name in group.domains}


def _is(family: Family, holds: Callable[[ChangeGroup], bool]) -> Callable[[ChangeGroup], bool]:
    """Return what holds for changes of a family; the records of return paths are not SPF here."""
    return lambda group: (
        group.first.family == family
        and not (family is Family.SPF and group.first.sender is not None)
        and holds(group)
    )


def _new(group: ChangeGroup) -> bool:
    return not group.first.before and bool(group.first.after)


def _less(group: ChangeGroup) -> bool:
    return group.effect is not None


def _stricter(group: ChangeGroup) -> bool:
    return tightens(frozenset(group.first.before), frozenset(group.first.after))


def _fewer_hosts(group: ChangeGroup) -> bool:
    first = group.first
    return bool(first.before and first.after) and group.effect is None and first.risk != "safe"


_PARKS = _is(Family.NULL_MX, _new)
_NO_MAIL = (
    "The domain sends nothing and receives nothing: no web form, no invoices, no replies, no "
    "postmaster."
)
_CHANGES: tuple[tuple[str, Callable[[ChangeGroup], bool], str], ...] = (
    (
        "DMARC gets stricter",
        _is(Family.DMARC, _stricter),
        "All mail of the domain passes SPF or DKIM for this very domain: newsletters, invoices and "
        "the web site too. Aggregate reports show it.",
    ),
    (
        "DMARC gets weaker",
        _is(Family.DMARC, _less),
        "Somebody decided that; forged mail reaches people again.",
    ),
    (
        "SPF refuses hosts that it did not refuse",
        _is(Family.SPF, _fewer_hosts),
        "No mail of the domain leaves from hosts that may no longer send: mail servers, web "
        "sites, newsletters, invoices, printers.",
    ),
    (
        "SPF is new",
        _is(Family.SPF, _new),
        "Every host and every service that sends for the domain is in the record.",
    ),
    (
        "SPF gets weaker",
        _is(Family.SPF, _less),
        "Somebody decided that; receivers no longer refuse as much for it.",
    ),
    (
        "A DKIM key goes",
        _is(Family.DKIM, lambda group: _less(group) and group.first.risk != "safe"),
        "No host and no service signs with it any more, and the last mail that it signed has "
        "arrived (allow seven days).",
    ),
    (
        "A DKIM record changes",
        _is(Family.DKIM, _fewer_hosts),
        "Verifiers can still use it for mail that is signed today.",
    ),
    (
        "A DKIM selector is new",
        _is(Family.DKIM, lambda group: _new(group) and any(map(_has_key, group.first.after))),
        "Its private half is where the mail is signed, and signing begins only after this is "
        "applied.",
    ),
    (
        "A sender's return path is new or changes",
        _is(Family.RETURN_PATH, lambda group: bool(group.first.after)),
        "The sender's console shows this very name and value, and nobody writes mail from the "
        "name or reads what comes to it.",
    ),
    (
        "A sender's return path goes",
        _is(Family.RETURN_PATH, _less),
        "The sender sends no more mail for the domain: aggregate reports show none from it.",
    ),
    (
        "MTA-STS is new or changes",
        _is(Family.MTA_STS, lambda group: bool(group.first.after)),
        "The policy file is served over HTTPS first, and names every MX of the domain.",
    ),
)


def _has_key(value: str) -> bool:
    """Tell whether a DKIM record has a key, or is delegated to one that has."""
    return not value.replace(" ", "").endswith("p=")
