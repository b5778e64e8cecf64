"""What changes of DMARC records mean: what receivers apply before and after (RFC 9989 §4.10.1).

Both sides are read by `evaluate.dmarc`, as a receiver reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailauth_dns.compile import Declared
from mailauth_dns.diff.change import Change, Judgement, Risk
from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.diff.zone_states import Sides
from mailauth_dns.evaluate.dmarc import Applicable, Discovery, discover, inherited
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix, Record, Testing
from mailauth_dns.records.dmarc_received import receive
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName

_DISPOSITION = {
    None: "receivers apply no DMARC",
    Policy.NONE: "failing mail is delivered",
    Policy.QUARANTINE: "failing mail goes to spam",
    Policy.REJECT: "failing mail is refused",
}
_LEVEL = {None: 0, Policy.NONE: 0, Policy.QUARANTINE: 1, Policy.REJECT: 2}
_AT_ONCE = 2  # levels of one step that no mail is seen between
_WEAKER = {Policy.REJECT: Policy.QUARANTINE, Policy.QUARANTINE: Policy.NONE}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for the failing mail of some names.

    It is `policy`, or one level less where the policy is only `tried` (`t=y`). A `policy` of None
    means that no DMARC applies.
    """

    policy: Policy | None
    tried: bool = False

    @property
    def requested(self) -> Policy | None:
        """What receivers apply (RFC 9989 §4.7)."""
        return (
            _WEAKER.get(self.policy, self.policy)
            if self.tried and self.policy is not None
            else self.policy
        )

    def __str__(self) -> str:
        return str(self.requested or "nothing")

    def above(self, other: _Asked) -> int:
        """Return how many levels more than `other` this asks for.

        Older receivers know no `t`. The larger of the two readings counts.
        """
        return max(
            _LEVEL[self.requested] - _LEVEL[other.requested],
            _LEVEL[self.policy] - _LEVEL[other.policy],
        )


@dataclass(frozen=True, slots=True)
class _Side:
    """What receivers apply on one side of the change, as far as the zone shows it."""

    found: Discovery
    record: Record | None  # the one that applies to the domain
    own: _Asked
    below: _Asked  # names below the domain that have no record of their own
    missing: _Asked  # names below it that do not exist

    @property
    def unknown(self) -> str | None:
        """Why it is unknown what applies; None where it is known."""
        applicable = self.found.applicable
        reason = (
            applicable
            if isinstance(applicable, Unknown)
            else applicable.policy
            if isinstance(applicable, Applicable)
            else None
        )
        return reason.reason if isinstance(reason, Unknown) else None

    @property
    def source(self) -> DomainName | None:
        """The domain whose record applies."""
        return (
            self.found.applicable.policy_domain
            if isinstance(self.found.applicable, Applicable)
            else None
        )


def _side(domain: DomainName, resolver: Resolver) -> _Side:
    found = discover(domain, resolver)
    applicable = found.applicable if isinstance(found.applicable, Applicable) else None
    _, received = inherited(found.walk)
    below = received.applied if received is not None else None
    policy = applicable.policy if applicable is not None else None
    return _Side(
        found,
        applicable.record if applicable is not None else None,
        _asked(
            applicable.record if applicable is not None else None,
            policy if isinstance(policy, Policy) else None,
        ),
        _asked(below, below.effective_sp if below is not None else None),
        _asked(below, below.effective_np if below is not None else None),
    )


def _asked(record: Record | None, policy: Policy | None) -> _Asked:
    return _Asked(
        policy, record is not None and policy in _WEAKER and record.effective_t is Testing.YES
    )


def dmarc_changed(
    entry: Declared, before: frozenset[str], after: frozenset[str], sides: Sides
) -> Judgement:
    """Judge by what receivers apply before and after.

    Both the domain's own mail and the mail of the names below it count.
    """
    domain = entry.domain
    was, now = (_side(domain, side) for side in (sides.before, sides.after))
    head, own = (
        _head(domain, was, now, before, after),
        _own(domain, was, now, sides, stays=bool(after)),
    )
    told = [
        own,
        *_subdomains(domain, was, now, sides),
        *_details(was, now),
        *_reports(was.record, now.record),
    ]
    words = [each.words for each in told if each.words]
    if head and after:
        same = f"p {now.own} as before" if now.record is not None else _DISPOSITION[None]
        words = [f"{head}: {own.words or same}", *words[bool(own.words) :]]
    elif head:
        words = [head, *words]
    rules = tuple(dict.fromkeys(rule for each in told for rule in each.rules))
    return Judgement(
        "; ".join(words) or "other tags change", max(each.risk for each in told), rules
    )


def follows_spf(change: Change) -> bool:
    """Tell whether the domain's SPF record must be as declared before this change is made.

    DMARC must not be tightened while the domain's own mail fails SPF.
    """
    return change.family is Family.DMARC and tightens(change.before, change.after)


def tightens(before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether a domain's own record asks for more than its own record did before.

    What the domain inherits from a parent does not count.
    """
    old, new = (_applied(values) for values in (before, after))
    asked = [
        [_asked(record, getattr(record, tag, None)) for record in (old, new)]
        for tag in ("effective_p", "effective_sp", "effective_np")
    ]
    if any(now.above(was) > 0 for was, now in asked):
        return True
    strict = [
        {
            tag
            for tag in ("effective_adkim", "effective_aspf")
            if getattr(record, tag, None) is Alignment.STRICT
        }
        for record in (old, new)
    ]
    return not strict[1] <= strict[0] and any(now.policy in _WEAKER for _, now in asked)


def _applied(texts: frozenset[str]) -> Record | None:
    records = [received for text in texts if (received := receive(text)) is not None]
    return records[0].applied if len(records) == 1 else None


@dataclass(frozen=True, slots=True)
class _Told:
    """One thing that a change does."""

    words: str = ""
    risk: Risk = Risk.SAFE
    rules: tuple[str, ...] = ()


def _head(
    domain: DomainName, was: _Side, now: _Side, before: frozenset[str], after: frozenset[str]
) -> str | None:
    """Return what happens to the record itself; None where one sound record replaces another."""
    counts = was.source == domain
    if not after and not counts:
        return (
            "a DMARC record that receivers ignore is deleted"
            if len(before) == 1
            else f"{len(before)} DMARC records, all ignored, go"
        )
    if not after:
        return f"no DMARC record any more: {_what_is_left(now)}"
    if not before:
        return (
            "DMARC is new"
            if was.source is None
            else f"a DMARC record of its own, and no longer that of {was.source}"
        )
    if len(before) > 1:
        return f"{len(before)} DMARC records, all ignored, become one"
    if not counts:
        return "a broken DMARC record, which receivers ignore, is mended"
    sound = parsed(Family.DMARC, "TXT", next(iter(before))) is not None
    return None if sound else "the DMARC record, of which receivers drop a part, is mended"


def _what_is_left(now: _Side) -> str:
    if now.unknown is not None:
        return f"what applies then is unknown ({now.unknown})"
    return (
        f"the record of {now.source} applies"
        if now.source is not None
        else "a parent domain's policy applies, or none"
    )


def _own(domain: DomainName, was: _Side, now: _Side, sides: Sides, *, stays: bool) -> _Told:
    """Tell what changes for mail of the domain itself."""
    if not stays and was.source == domain and now.record is None:
        return _Told(
            "", Risk.CAUTION, ("DMARC034",)
        )  # what is above the zone may ask for as much, or for nothing
    words = f"p {was.own} -> {now.own}" if was.record is not None else f"p {now.own}"
    words = f"{words}: {_DISPOSITION[now.own.requested]}"
    if now.own.above(was.own) >= _AT_ONCE:
        used = sides.in_use(domain) if was.record is None else ""
        if used is not None:
            untested = (
                "receivers that know no t refuse it"
                if now.own.requested is not now.own.policy
                else ""
            )
            return _Told(
                "; ".join(filter(None, (words, used, untested))), Risk.BREAKING, ("DMARC033",)
            )
    weaker = _LEVEL[now.own.requested] < _LEVEL[was.own.requested]
    if was.own != now.own:
        harmless = now.own.policy in (None, Policy.NONE) and not weaker
        return _Told(
            words, Risk.SAFE if harmless else Risk.CAUTION, ("DMARC034",) if weaker else ()
        )
    return _Told("", Risk.CAUTION if now.unknown is not None else Risk.SAFE)


def _subdomains(domain: DomainName, was: _Side, now: _Side, sides: Sides) -> Iterator[_Told]:
    """Tell what changes for names below the domain.

    They ignore the domain's record where the record of a name above the domain is theirs.
    """
    if domain not in (was.found.organizational_domain, now.found.organizational_domain):
        return
    as_own = (was.own, now.own)
    used = sides.subdomain_in_use(domain) if now.below.above(was.below) >= _AT_ONCE else None
    if used is not None:
        yield _Told(
            f"{_moved('subdomains', was.below, now.below)}: {used}", Risk.BREAKING, ("DMARC033",)
        )
    elif was.below != now.below and (was.below, now.below) != as_own:
        yield _Told(
            _moved("subdomains", was.below, now.below), Risk.CAUTION, _weaker(was.below, now.below)
        )
    # Nobody sends from names that do not exist, so no step is too big for them.
    if was.missing != now.missing and (was.missing, now.missing) not in (
        as_own,
        (was.below, now.below),
    ):
        said = _moved("subdomains that do not exist", was.missing, now.missing)
        yield _Told(said, Risk.CAUTION, _weaker(was.missing, now.missing))


def _moved(names: str, was: _Asked, now: _Asked) -> str:
    return f"{names} {was} -> {now}" if was.policy is not None else f"{names} get {now}"


def _weaker(was: _Asked, now: _Asked) -> tuple[str, ...]:
    return ("DMARC034",) if _LEVEL[now.requested] < _LEVEL[was.requested] else ()


def _details(was: _Side, now: _Side) -> Iterator[_Told]:
    """Tell how alignment changes, and which tags only some receivers obey."""
    if was.record is None or now.record is None:
        return
    for tag, name in (("adkim", "DKIM alignment"), ("aspf", "SPF alignment")):
        old, new = (getattr(side.record, f"effective_{tag}") for side in (was, now))
        if old is not new:
            words = {Alignment.RELAXED: "relaxed", Alignment.STRICT: "strict"}
            yield _Told(
                f"{name} {words[old]} -> {words[new]}",
                Risk.CAUTION if new is Alignment.STRICT else Risk.SAFE,
            )
    above, then = was.found.organizational_domain, now.found.organizational_domain
    if above != then and not isinstance(above, Unknown) and not isinstance(then, Unknown):
        yield _Told(
            f"the organizational domain {above} -> {then}: "
            "mail that passes for a name at or below it is aligned",
            Risk.CAUTION,
        )
    psd = [record.effective_psd for record in (was.record, now.record)]
    if was.source == now.source and psd.count(PublicSuffix.YES) == 1:
        yield _Told(
            f"psd {psd[0]} -> {psd[1]}: it changes what names below are aligned with", Risk.CAUTION
        )
    if (before := _percent(was.record)) != (after := _percent(now.record)) and Policy.NONE not in (
        was.own.policy,
        now.own.policy,
    ):
        yield _Told(
            f"receivers that obey pct apply it to {after} of 100 messages, {before} until now",
            Risk.CAUTION,
        )


def _percent(record: Record) -> int:
    return int(record.pct) if record.pct is not None else 100


def _reports(old: Record | None, new: Record | None) -> Iterator[_Told]:
    """Tell where reports go, and where they no longer go; a new record shows its own addresses."""
    if old is None:
        return
    for tag, name, risk in (
        ("rua", "aggregate reports", Risk.CAUTION),
        ("ruf", "failure reports", Risk.SAFE),
    ):
        before, after = (
            [uri.text for uri in getattr(record, tag, None) or ()] for record in (old, new)
        )
        dropped = " ".join(uri for uri in before if uri not in after)
        if before != after:
            no_longer = f", no longer to {dropped}" if dropped else ""
            yield _Told(
                f"{name} to {' '.join(after) or 'nobody'}{no_longer}",
                risk if dropped else Risk.SAFE,
            )
