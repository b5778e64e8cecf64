"""What a plan needs permission for, and which zones are refused without it.

Permission comes from the policies of the checkout (`allow`) and from the command line of `apply`,
never from a plan file or a waiver.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mailauth_dns.diff.equivalence import same
from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.plan import evidence_words
from mailauth_dns.plan.alike import distinct, matching
from mailauth_dns.plan.plan import LIVE_DNS, ChangeEntry, TrialEntry, Where, ZoneEntry
from mailauth_dns.plan.same_zones import places
from mailauth_dns.plan.tied_zones import Tie, looked_at, ties
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import domain_name

LIVE_UNKNOWN = "live-unknown"
NOT_AUTHORITATIVE = "DNS008"
GATES = (NOT_AUTHORITATIVE, LIVE_UNKNOWN)  # rules that refuse a whole zone


@dataclass(frozen=True, slots=True)
class Allowance:
    """One `--allow ID[:domain]`; without a domain it holds for all."""

    id: str
    domain: str | None

    def covers(self, id: str, name: str) -> bool:
        """Tell whether this allows the rule `id` for a domain, or for a zone if it gates zones."""
        return self.id == id and self.domain in (None, name)


def is_allowed(allowed: Iterable[Allowance], id: str, name: str) -> bool:
    """Tell whether one of several allowances covers a rule for a domain or a zone."""
    return any(each.covers(id, name) for each in allowed)


def allowance(text: str) -> Allowance:
    """Return what `--allow` was given.

    Raises:
        MailAuthError: the text is no rule id, with or without a domain.
    """
    id, colon, domain = text.partition(":")
    try:
        if re.fullmatch(r"live-unknown|[A-Z]{2,8}[0-9]{3}", id):
            return Allowance(id, domain_name(domain) if colon else None)
    except RecordSyntaxError as error:
        raise MailAuthError(f"--allow {text}: {error}") from None
    raise MailAuthError(
        f"--allow {text}: name a rule such as DKIM030, or DKIM030:example.com, or live-unknown"
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a zone is not written: the rule and the domain that a permission would name.

    `rule` is None if no permission helps, because another zone is refused.
    """

    rule: str | None
    domain: str
    reason: str

    def __str__(self) -> str:
        """Return the reason, and what would permit it."""
        if self.rule is None:
            return self.reason
        return f"{self.reason} ({self.rule}; --allow {self.rule}:{self.domain} if that is meant)"


def refusals(
    zones: Sequence[ZoneEntry], allowed: Iterable[Allowance]
) -> dict[Where, tuple[Refusal, ...]]:
    """Return which zones of a plan are refused, each with every reason.

    What policies permit stands in the plan. A test that would not pass refuses the zones whose
    changes it looks at. What is refused takes with it what needs it (tied_zones.py).
    """
    allowed = tuple(allowed)
    everywhere = _everywhere(zones)
    found: dict[Where, list[Refusal]] = {}
    for zone in matching(zones, lambda each: each.changes or each.tests):
        if zone.changes and (own := _of_zone(zone, everywhere.get(zone.zone, (zone,)), allowed)):
            found.setdefault(zone.where, []).extend(own)
        for test in zone.broken:
            for refusal in of_test(test, allowed):
                for where in looked_at(zone, test, everywhere):
                    found.setdefault(where, []).append(refusal)
    if found:
        _with_tied(tuple(ties(zones, everywhere)), found)
    return {where: tuple(dict.fromkeys(found[where])) for where in places(zones) if where in found}


def _everywhere(zones: Sequence[ZoneEntry]) -> dict[str, list[ZoneEntry]]:
    """Return the zones by name, without those that nothing ties to others.

    Tests tie zones, and a zone is tied to itself at another provider.
    """
    tested = any(zone.tests for zone, _ in distinct(zones))
    names = Counter(name for name, _ in places(zones))
    found: dict[str, list[ZoneEntry]] = {}
    if tested or any(number > 1 for number in names.values()):
        for zone in zones:
            if tested or names[zone.zone] > 1:
                found.setdefault(zone.zone, []).append(zone)
    return found


def of_change(change: ChangeEntry, allowed: Iterable[Allowance]) -> list[Refusal]:
    """Return why one change is refused: a reason for each rule that is not permitted."""
    allowed = tuple(allowed)
    permitted = {permission.rule for permission in change.permissions}
    return [
        Refusal(rule, change.domain, _why(rule, change))
        for rule in (change.rules if change.risk == "breaking" else ())
        if rule not in permitted and not is_allowed(allowed, rule, change.domain)
    ]


def _why(rule: str, change: ChangeEntry) -> str:
    evidence = change.evidence
    if evidence is None or rule != evidence.rule:
        return change.meaning
    return f"{change.meaning}; {evidence_words.refusal(evidence)}"


def of_test(test: TrialEntry, allowed: tuple[Allowance, ...]) -> list[Refusal]:
    """Return why a test that a plan breaks refuses a zone; nothing if that is permitted."""
    rule = test.rule
    if rule is None or test.permitted or is_allowed(allowed, rule, test.domain):
        return []
    ends = "would fail" if test.result == "failed" else "is unknown"
    said = f"the test {test.name!r} of {test.domain} {ends}: {'; '.join(test.problems)}"
    return [Refusal(rule, test.domain, said)]


def _with_tied(tied: Sequence[Tie], found: dict[Where, list[Refusal]]) -> None:
    """Add the zones that need a refused one, and those that need them."""
    grows = True
    while grows:
        grows = False
        for tie in tied:
            needed = next((each for each in tie.needs if _binds(tie, found.get(each, ()))), None)
            left = [where for where in tie.zones if where not in found]
            if needed is not None and left:
                zone, provider = needed
                at = "" if provider == LIVE_DNS else f" at {provider}"
                why = f"{tie.why} {zone}{at}, which is refused"
                found |= {where: [Refusal(None, tie.domain, why)] for where in left}
                grows = True


def _binds(tie: Tie, refused: Iterable[Refusal]) -> bool:
    rules = {refusal.rule for refusal in refused}
    # Nobody asks the servers of a provider that is not the zone's.
    return bool(rules - {NOT_AUTHORITATIVE} if tie.of_one_zone else rules)


def _of_zone(
    zone: ZoneEntry, everywhere: Sequence[ZoneEntry], allowed: tuple[Allowance, ...]
) -> list[Refusal]:
    found = [
        replace(refusal, reason=f"{change.name} {change.type}: {refusal.reason}")
        for change in zone.changes
        for refusal in of_change(change, allowed)
    ]
    state, reason = zone.authority.state, zone.authority.reason
    if state == "agrees" and (dark := _dark(zone, everywhere)) is not None:
        state, reason = "unknown", dark
    gate = {"differs": NOT_AUTHORITATIVE, "unknown": LIVE_UNKNOWN}.get(state)
    if (
        gate is not None
        and not zone.authority.permitted
        and not is_allowed(allowed, gate, zone.zone)
    ):
        what = (
            "the servers that answer for the zone are not this provider's"
            if state == "differs"
            else "live DNS is unknown"
        )
        found.append(Refusal(gate, zone.zone, f"{what}: {reason}"))
    return found


def _dark(zone: ZoneEntry, everywhere: Sequence[ZoneEntry]) -> str | None:
    """Return which of the changing sets is unknown in live DNS, and why.

    Servers may differ by our own work: each then says what the policy says, or what one of the
    zone's providers holds. That happens after an apply was cut off, while a secondary lags, and
    before the first apply at a second provider.
    """
    families = {(change.name, change.type): Family(change.family) for change in zone.changes}
    for row in zone.live:
        family = families.get((row.name, row.type))
        if family is None:
            continue
        if row.state == "unknown":
            return f"{row.name} {row.type}: {row.reason}"
        rows = (
            each
            for other in everywhere
            for each in other.live
            if (each.name, each.type) == (row.name, row.type)
        )
        known = [row.policy, *(each.provider for each in rows)]
        for server in row.servers:
            values = frozenset(server.values or ())
            if not any(
                same(family, row.type, values, frozenset(each))
                for each in known
                if each is not None
            ):
                return (
                    f"{row.name} {row.type}: servers differ, and what {server.server} says "
                    "is neither the policy's nor a provider's"
                )
    return None
