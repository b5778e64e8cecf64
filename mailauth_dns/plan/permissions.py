"""What a plan needs permission for.

Permission comes from the command line of `apply`, never from the plan file or a waiver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailauth_dns.diff.equivalence import same
from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.plan.plan import ChangeEntry, Plan, TrialEntry, ZoneEntry
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import domain_name

LIVE_UNKNOWN = "live-unknown"
NOT_AUTHORITATIVE = "DNS008"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One `--allow ID[:domain]`; without a domain it holds for all."""

    id: str
    domain: str | None

    def covers(self, id: str, *names: str) -> bool:
        """Tell whether this allows the rule `id` for any of these names."""
        return self.id == id and (self.domain is None or self.domain in names)


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


def refusals(plan: Plan, allowed: Iterable[Allowance]) -> list[str]:
    """Return every reason not to apply this plan, each with what would allow it.

    Zones without changes need no permission, unless what changes elsewhere breaks their tests.
    """
    allowed = tuple(allowed)
    found: list[str] = []
    everywhere: dict[str, list[ZoneEntry]] = {}
    for zone in plan.zones:
        everywhere.setdefault(zone.zone, []).append(zone)
    for zone in plan.zones:
        if zone.changes:
            found.extend(_of_zone(zone, everywhere[zone.zone], allowed))
        found.extend(of_tests(zone.zone, zone.broken, allowed))
    return found


def of_change(change: ChangeEntry, zone: str, allowed: Iterable[Allowance]) -> list[str]:
    """Return why one change of a zone is refused: a reason for each rule that is not allowed."""
    allowed = tuple(allowed)
    return [
        f"{change.meaning} ({rule}; --allow {rule}:{change.domain} if that is meant)"
        for rule in (change.rules if change.risk == "breaking" else ())
        if not any(allowance.covers(rule, change.domain, zone) for allowance in allowed)
    ]


def of_tests(zone: str, broken: Iterable[TrialEntry], allowed: tuple[Allowance, ...]) -> list[str]:
    """Return why the tests that a plan breaks refuse a zone; none for those that are allowed."""
    found: list[str] = []
    for test in broken:
        rule = test.rule
        if rule is not None and not any(
            allowance.covers(rule, test.domain, zone) for allowance in allowed
        ):
            ends = "would fail" if test.result == "failed" else "is unknown"
            said = f"the test {test.name!r} of {test.domain} {ends}: {'; '.join(test.problems)}"
            found.append(f"{said} ({rule}; --allow {rule}:{test.domain} if that is meant)")
    return found


def _of_zone(
    zone: ZoneEntry, everywhere: Sequence[ZoneEntry], allowed: tuple[Allowance, ...]
) -> list[str]:
    found: list[str] = []
    for change in zone.changes:
        found.extend(
            f"{change.name} {change.type}: {reason}"
            for reason in of_change(change, zone.zone, allowed)
        )
    state, reason = zone.authority.state, zone.authority.reason
    if state == "agrees" and (dark := _dark(zone, everywhere)) is not None:
        state, reason = "unknown", dark
    gate = {"differs": NOT_AUTHORITATIVE, "unknown": LIVE_UNKNOWN}.get(state)
    if gate is not None and not any(allowance.covers(gate, zone.zone) for allowance in allowed):
        what = (
            "the servers that answer for the zone are not this provider's"
            if state == "differs"
            else "live DNS is unknown"
        )
        found.append(
            f"{zone.zone} at {zone.provider}: {what}: {reason} "
            f"({gate}; --allow {gate}:{zone.zone} if that is meant)"
        )
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
