"""What changes of DMARC records mean: what receivers apply before and after (RFC 9989 §4.10.1).

Both sides are read by `evaluate.dmarc`, as a receiver reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff.change import Asked, Judgement, Risk
from mailauth_dns.diff.dmarc_requests import LEVEL, Request, Side
from mailauth_dns.diff.dmarc_tags_meaning import details, reports
from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.diff.zone_states import Sides
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName

_DISPOSITION = {
    None: "receivers apply no DMARC",
    Policy.NONE: "failing mail is delivered",
    Policy.QUARANTINE: "failing mail goes to spam",
    Policy.REJECT: "failing mail is rejected",
}
# What receivers do that know no `t` (RFC 7489 had none).
_UNTESTED: dict[Policy | None, str] = {
    Policy.QUARANTINE: "receivers that do not know t put it into spam",
    Policy.REJECT: "receivers that do not know t refuse it",
}
_AT_ONCE = 2  # levels in one step: nobody sees first how mail fares at the level between


def dmarc_changed(
    entry: Declared, before: frozenset[str], after: frozenset[str], sides: Sides
) -> Judgement:
    """Judge by what receivers apply before and after.

    The domain's own mail counts, and so does the mail of the names below it.
    """
    domain = entry.domain
    was, now = (Side.of(domain, side) for side in (sides.before, sides.after))
    head, own = (
        _head(domain, was, now, before, after),
        _own(domain, was, now, sides, stays=bool(after)),
    )
    told = [
        own,
        *_subdomains(domain, was, now, sides),
        *details(was, now),
        *reports(was.record, now.record),
    ]
    words = [each.meaning for each in told if each.meaning]
    if head and after:
        same = f"p {now.own} as before" if now.record is not None else _DISPOSITION[None]
        words = [f"{head}: {own.meaning or same}", *words[bool(own.meaning) :]]
    elif head:
        words = [head, *words]
    rules = tuple(dict.fromkeys(rule for each in told for rule in each.rules))
    risk = max(each.risk for each in told)
    asked = Asked(
        _values(domain, was, before),
        _values(domain, now, after),
        sides.shows_mail(domain),
        sides.subdomain_in_use(domain) if _leads(domain, was, now) else None,
    )
    return Judgement("; ".join(words) or "other tags change", risk, rules, asked)


def _leads(domain: DomainName, was: Side, now: Side) -> bool:
    """Tell whether names below the domain follow its record, and not one above it."""
    return domain in (was.found.organizational_domain, now.found.organizational_domain)


def _values(domain: DomainName, side: Side, own: frozenset[str]) -> frozenset[str]:
    """Return the values of a record that asks for what receivers apply to a domain."""
    if side.source in (None, domain):
        return own
    return frozenset(() if (there := side.as_own) is None else (str(there),))


def _head(
    domain: DomainName, was: Side, now: Side, before: frozenset[str], after: frozenset[str]
) -> str | None:
    """Return what happens to the record itself; None where one valid record replaces another."""
    counts = was.source == domain
    if not after and not counts:
        return (
            "a DMARC record that receivers ignore is deleted"
            if len(before) == 1
            else f"{len(before)} DMARC records, all ignored, are deleted"
        )
    if not after:
        return f"no DMARC record any more: {_what_is_left(now)}"
    if not before:
        return (
            "DMARC is new"
            if was.source is None
            else f"a DMARC record of its own replaces the one inherited from {was.source}"
        )
    if len(before) > 1:
        return f"{len(before)} DMARC records, all ignored, become one"
    if not counts:
        return "a broken DMARC record, which receivers ignore, is mended"
    sound = parsed(Family.DMARC, "TXT", next(iter(before))) is not None
    return None if sound else "the DMARC record, part of which receivers drop, is mended"


def _what_is_left(now: Side) -> str:
    if now.unknown is not None:
        return f"what applies then is unknown ({now.unknown})"
    return (
        f"the record of {now.source} applies"
        if now.source is not None
        else "a parent domain's policy applies, or none"
    )


def _own(domain: DomainName, was: Side, now: Side, sides: Sides, *, stays: bool) -> Judgement:
    """Tell what changes for mail of the domain itself."""
    if not stays and was.source == domain and now.record is None:
        return Judgement(
            "", Risk.CAUTION, ("DMARC034",)
        )  # a record above the zone may ask for as much, or for nothing
    words = f"{_step(was, now)}: {_DISPOSITION[now.own.requested]}"
    untested = _untested(was.own, now.own)
    if now.own.above(was.own) >= _AT_ONCE:
        used = sides.in_use(domain) if was.record is None else ""
        if used is not None:
            return Judgement(
                "; ".join(filter(None, (words, used, untested))), Risk.BREAKING, ("DMARC033",)
            )
    weaker = LEVEL[now.own.requested] < LEVEL[was.own.requested]
    if was.own != now.own:
        harmless = now.own.policy in (None, Policy.NONE) and not weaker
        return Judgement(
            "; ".join(filter(None, (words, untested))),
            Risk.SAFE if harmless else Risk.CAUTION,
            ("DMARC034",) if weaker else (),
        )
    return Judgement("", Risk.CAUTION if now.unknown is not None else Risk.SAFE)


def _step(was: Side, now: Side) -> str:
    """Return the step that receivers take; where they take none, the step that the tags take."""
    if was.record is None:
        return f"p {now.own}"
    if was.own.requested is now.own.requested:
        return f"p {was.own.tag} -> {now.own.tag}"
    return f"p {was.own} -> {now.own}"


def _untested(was: Request, now: Request) -> str:
    """Return what receivers do that know no `t`, where they take a step that others do not."""
    stricter = LEVEL[now.policy] > LEVEL[was.policy]
    return _UNTESTED[now.policy] if now.tried and stricter else ""


def _subdomains(domain: DomainName, was: Side, now: Side, sides: Sides) -> Iterator[Judgement]:
    """Tell what changes for names below the domain."""
    if not _leads(domain, was, now):
        return
    as_own = (was.own, now.own)
    used = sides.subdomain_in_use(domain) if now.below.above(was.below) >= _AT_ONCE else None
    if used is not None:
        yield Judgement(
            f"{_moved('subdomains', was.below, now.below)}: {used}", Risk.BREAKING, ("DMARC033",)
        )
    elif was.below != now.below and (was.below, now.below) != as_own:
        yield Judgement(
            _moved("subdomains", was.below, now.below), Risk.CAUTION, _weaker(was.below, now.below)
        )
    # Nobody sends from names that do not exist, so no step is too big for them.
    if was.missing != now.missing and (was.missing, now.missing) not in (
        as_own,
        (was.below, now.below),
    ):
        said = _moved("subdomains that do not exist", was.missing, now.missing)
        yield Judgement(said, Risk.CAUTION, _weaker(was.missing, now.missing))


def _moved(names: str, was: Request, now: Request) -> str:
    return f"{names} {was} -> {now}" if was.policy is not None else f"{names} get {now}"


def _weaker(was: Request, now: Request) -> tuple[str, ...]:
    return ("DMARC034",) if LEVEL[now.requested] < LEVEL[was.requested] else ()
