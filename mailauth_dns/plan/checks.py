"""What a reviewer must make sure of before a plan is applied, since no program can know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mailauth_dns.diff.dmarc_tightening import tightens
from mailauth_dns.plan.grouped import ChangeGroup, Group, GroupedPlan
from mailauth_dns.plan.permission import IdlePermission
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, NOT_AUTHORITATIVE
from mailauth_dns.records.family import Family


@dataclass(frozen=True, slots=True)
class Check:
    """What happens, to which domains, and what to make sure of."""

    happens: str
    domains: tuple[str, ...]
    ask: str


def checks(view: GroupedPlan, idle: Iterable[IdlePermission]) -> Iterator[Check]:
    """Yield the checks of a plan, each once however many changes ask for it."""
    parked = _names(each for each in view.changes if _PARKS(each))
    if parked:
        yield Check("The domain is parked", tuple(parked), _NO_MAIL)
    for happens, holds, ask in _CHANGES:
        names = _names(each for each in view.changes if holds(each))
        if left := tuple(name for name in names if name not in parked):
            yield Check(happens, left, ask)
    yield from (Check(happens, tuple(names), ask) for happens, names, ask in _others(view) if names)
    for each in idle:
        if each.state == "unused":
            yield _not_needed(each)


def _not_needed(idle: IdlePermission) -> Check:
    """Return what to check of a permission that nothing in the plan needs."""
    permission = idle.permission
    reason = permission.reason.rstrip(".")
    return Check(
        f"A policy permits {permission.rule} until {permission.until}",
        idle.domains,
        f"Check that you agree with the reason: {reason}. Nothing in this plan needs it "
        f"({permission.path}:{permission.line}); take it out once all is applied.",
    )


def _others(view: GroupedPlan) -> Iterator[tuple[str, Iterable[str], str]]:
    """Yield what else can be to check, with the names that it is about, which may be none."""
    permitting: tuple[Group[Any], ...] = (*view.changes, *view.broken, *view.permitted)
    yield (
        "A mail test would not pass",
        _names(view.broken),
        "Find out which is wrong, the change or the test, and mend that before anybody permits it.",
    )
    yield (
        "Other servers answer for the zone",
        _names(each for each in view.gates if each.first.rule == NOT_AUTHORITATIVE),
        "Check that the zone is at the right provider, and that it is not being moved right now.",
    )
    yield (
        "Live DNS is unknown",
        _names(each for each in view.gates if each.first.rule == LIVE_UNKNOWN),
        "Plan again once DNS can be asked: the provider may not hold what receivers see.",
    )
    yield (
        "Live DNS says something else",
        _names(each for each in view.live if each.first.state == "differs"),
        "Check that nobody relies on what is live now: this plan does not keep it.",
    )
    yield (
        "A policy permits what apply would refuse",
        _names(each for each in permitting if each.first.permissions),
        "Check that you agree with the reason, and with the day until which it holds.",
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
    "Check that the domain sends nothing and receives nothing: no web form, no invoices, no "
    "replies, no postmaster."
)
_CHANGES: tuple[tuple[str, Callable[[ChangeGroup], bool], str], ...] = (
    (
        "DMARC gets stricter",
        _is(Family.DMARC, _stricter),
        "Check in the aggregate reports that all mail of the domain passes SPF or DKIM for this "
        "very domain: newsletters, invoices and the web site too.",
    ),
    (
        "DMARC gets weaker",
        _is(Family.DMARC, _less),
        "Check that somebody decided that: forged mail reaches people again.",
    ),
    (
        "SPF gets stricter",
        _is(Family.SPF, _fewer_hosts),
        "Check that no mail of the domain still leaves from hosts that may no longer send: mail "
        "servers, web sites, newsletters, invoices, printers.",
    ),
    (
        "SPF is new",
        _is(Family.SPF, _new),
        "Check that every host and every service that sends for the domain is in the record.",
    ),
    (
        "SPF gets weaker",
        _is(Family.SPF, _less),
        "Check that somebody decided that: receivers no longer reject as much for it.",
    ),
    (
        "A DKIM key goes",
        _is(Family.DKIM, lambda group: _less(group) and group.first.risk != "safe"),
        "Check that no host and no service still signs with it, and that the last mail that it "
        "signed has arrived (allow seven days).",
    ),
    (
        "A DKIM record changes",
        _is(Family.DKIM, _fewer_hosts),
        "Check that verifiers can still use it for mail that is signed today.",
    ),
    (
        "A DKIM selector is new",
        _is(Family.DKIM, lambda group: _new(group) and any(map(_has_key, group.first.after))),
        "Check that its private half is where the mail is signed, and begin to sign only after "
        "this is applied.",
    ),
    (
        "A sender's return path is new or changes",
        _is(Family.RETURN_PATH, lambda group: bool(group.first.after)),
        "Check that the sender's console shows this very name and value, and that nobody writes "
        "mail from the name or reads what comes to it.",
    ),
    (
        "A sender's return path goes",
        _is(Family.RETURN_PATH, _less),
        "Check in the aggregate reports that the sender sends no more mail for the domain.",
    ),
    (
        "MTA-STS is new or changes",
        _is(Family.MTA_STS, lambda group: bool(group.first.after)),
        "Serve the policy file over HTTPS first, and check that it names every MX of the domain.",
    ),
)


def _has_key(value: str) -> bool:
    """Tell whether a DKIM record has a key, or is delegated to one that has."""
    return not value.replace(" ", "").endswith("p=")
