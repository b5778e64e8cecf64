"""What a plan needs permission for. It comes from the command line of `apply`, never from the plan file or a waiver."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailauth_dns.deploy.planfile import PlanFile, ZoneEntry
from mailauth_dns.errors import MailAuthError, RecordSyntaxError
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
    raise MailAuthError(f"--allow {text}: name a rule such as DKIM030, or DKIM030:example.com, or live-unknown")


def refusals(plan: PlanFile, allowed: Iterable[Allowance]) -> list[str]:
    """Return every reason not to apply this plan, each with what would allow it. Zones without changes need no permission."""
    allowed = tuple(allowed)
    found: list[str] = []
    for zone in plan.zones:
        if zone.changes:
            found.extend(_of_zone(zone, allowed))
    return found


def _of_zone(zone: ZoneEntry, allowed: tuple[Allowance, ...]) -> list[str]:
    found = []
    for change in zone.changes:
        for rule in change.rules if change.risk == "breaking" else ():
            if not any(allowance.covers(rule, change.domain, zone.zone) for allowance in allowed):
                found.append(f"{change.name} {change.type}: {change.meaning} ({rule}; --allow {rule}:{change.domain} if that is meant)")
    state, reason = zone.authority.state, zone.authority.reason
    changed = {(change.name, change.type) for change in zone.changes}
    dark = next((row for row in zone.live if row.state == "unknown" and (row.name, row.type) in changed), None)
    if state == "agrees" and dark is not None:
        state, reason = "unknown", f"{dark.name} {dark.type}: {dark.reason}"
    gate = {"differs": NOT_AUTHORITATIVE, "unknown": LIVE_UNKNOWN}.get(state)
    if gate is not None and not any(allowance.covers(gate, zone.zone) for allowance in allowed):
        what = "the servers that answer for the zone are not this provider's" if state == "differs" else "live DNS is unknown"
        found.append(f"{zone.zone} at {zone.provider}: {what}: {reason} ({gate}; --allow {gate}:{zone.zone} if that is meant)")
    return found
