"""Changes that must not be made without another one, or not before it."""

from __future__ import annotations

from collections.abc import Iterable

from mailauth_dns.diff.change import Blocked, Change
from mailauth_dns.diff.dmarc_tightening import follows_spf
from mailauth_dns.records.family import Family
from mailauth_dns.records.spf_parts import referred


def together(
    changes: Iterable[Change], blocked: Iterable[Blocked]
) -> tuple[list[Change], list[Blocked]]:
    """Block what must not be made without a change that is blocked.

    Half of a selector's move from key to alias would lose the key, and half of a return path would
    lose its alignment. An SPF record must not include a part that is not there. A DMARC policy must
    not be tightened before the records that let the domain's own mail pass.
    """
    changes, blocked = list(changes), list(blocked)
    paths = {each.key[0] for each in changes if each.family is Family.RETURN_PATH} | {
        each.key[0] for each in blocked if each.family is Family.RETURN_PATH
    }
    moves = {
        entry.key[0]: entry
        for entry in blocked
        if entry.family is Family.DKIM or entry.key[0] in paths
    }
    # What is blocked for good is named before what only waits.
    behind = {
        entry.domain: entry
        for waits in (True, False)
        for entry in blocked
        if entry.family in (Family.SPF, Family.RETURN_PATH) and entry.waits is waits
    }
    left = []
    for change in changes:
        other, why = moves.get(change.key[0]), "goes with"
        if follows_spf(change):
            other, why = behind.get(change.domain), "waits for"
        if other is None and change.family is Family.SPF:
            other, why = (
                next((entry for entry in blocked if _includes(change, entry)), None),
                "waits for",
            )
        if other is None:
            left.append(change)
        else:
            state = "waits itself" if other.waits else "is blocked"
            reason = f"{why} the {other.key[1]} at {other.key[0]}, which {state}"
            blocked.append(Blocked(change.domain, change.key, change.family, reason, other.waits))
    return left, blocked


def _includes(change: Change, part: Blocked) -> bool:
    """Tell whether a record is to refer to a part of it that is blocked."""
    is_its_part = (part.domain, part.family) == (change.domain, Family.SPF)
    return is_its_part and part.key[0] in referred(change.after)
