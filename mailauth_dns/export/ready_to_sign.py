"""Whether keys may sign yet: receivers must be able to find them (DKIM031)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from mailauth_dns.export.signers import signing
from mailauth_dns.keys import next_step
from mailauth_dns.keys.status import KeyStatus, look
from mailauth_dns.keys.times import moment
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, Allowance, is_allowed
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState


def refusals(
    statuses: Iterable[KeyStatus], allowed: Collection[Allowance], now: datetime
) -> list[str]:
    """Return why active keys must not sign yet, each reason with the option that permits it."""
    found = []
    for status in statuses:
        key = status.key
        if not signing(key) or (refused := _refused(status, now)) is None:
            continue
        rule, reason = refused
        if not is_allowed(allowed, rule, key.domain):
            found.append(
                f"{key.name}: {reason} ({rule}; --allow {rule}:{key.domain} if that is meant)"
            )
    return found


def _refused(status: KeyStatus, now: datetime) -> tuple[str, str] | None:
    """Return the rule that refuses a key, and why; None where the key may sign."""
    in_dns = status.in_dns
    if in_dns.state == "unknown":
        return LIVE_UNKNOWN, f"DNS is unknown: {in_dns.detail}"
    usable = next_step.usable_from(status.key, in_dns)
    if in_dns.state != "served":
        said = in_dns.detail or in_dns.state
        reason = f"not every authoritative server serves the key ({said})"
    elif usable is None:
        reason = "the policy has no `seen:` for it; `mailauth-dns dkim status` writes it"
    elif usable > now:
        reason = f"served everywhere, but caches may know it as missing until {moment(usable)}"
    else:
        return None
    return "DKIM031", reason


def no_signer(policies: Sequence[Policy], now: datetime) -> str:
    """Return why no key signs for these policies: there is none, or it is pending.

    For a pending key it asks DNS when the key may sign.
    """
    waiting = [
        status
        for status in look(policies, now)
        if status.key.ours and status.key.section.state is KeyState.PENDING
    ]
    told = []
    for status in waiting:
        key, step = status.key, status.step
        if step is None:
            continue
        when = next_step.when(step, now)
        may = f"not sign yet: {step.why}" if step.at is None else f"sign {when}"
        told.append(
            f"{key.name} is pending, and may {may}; "
            f"then `dkim activate {key.domain}` makes it active"
        )
    without = {policy.domain for policy in policies} - {status.key.domain for status in waiting}
    if without:
        told.append(
            f"no active key of ours signs for {', '.join(sorted(without))}: "
            "`key:` with a file in zones/keys, made by `dkim keygen`"
        )
    return "\n".join(told)
