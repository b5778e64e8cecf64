"""Whether a DMARC change asks for more than before: then the SPF record has to come first."""

from __future__ import annotations

from functools import lru_cache

from mailauth_dns.diff.change import Change
from mailauth_dns.diff.dmarc_requests import Request
from mailauth_dns.records.dmarc import Alignment, Policy, Record
from mailauth_dns.records.dmarc_received import receive
from mailauth_dns.records.family import Family


def follows_spf(change: Change) -> bool:
    """Tell whether the domain's SPF record must be as declared before this change is made.

    DMARC must not be tightened while the domain's own mail fails SPF.
    """
    return change.family is Family.DMARC and tightens(change.before, change.after)


@lru_cache(maxsize=1024)  # many zones make the same change
def tightens(before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether a domain's own record asks for more than its own record did before.

    What the domain inherits from a parent does not count.
    """
    old, new = (applied(values) for values in (before, after))
    asked = [
        [Request.of(record, getattr(record, tag, None)) for record in (old, new)]
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
    return not strict[1] <= strict[0] and any(
        now.policy not in (None, Policy.NONE) for _, now in asked
    )


def catches(before: frozenset[str], after: frozenset[str], own: frozenset[str]) -> bool:
    """Tell whether names below a domain would get more than before, and than they ask for.

    `before` and `after` are the records of the domain, and `own` is the one that a name below it is
    to have. Without its own record the name falls under the domain's.
    """
    mine = applied(own)
    if mine is None:
        return False
    asked = Request.of(mine, mine.effective_p)
    old, new = (applied(values) for values in (before, after))
    for tag in ("effective_sp", "effective_np"):
        was, now = (Request.of(record, getattr(record, tag, None)) for record in (old, new))
        if now.above(was) > 0 and now.above(asked) > 0:
            return True
    return False


def applies(values: frozenset[str]) -> bool:
    """Tell whether receivers apply a DMARC record of these values."""
    return applied(values) is not None


def applied(texts: frozenset[str]) -> Record | None:
    """Return the record that receivers apply where a name has these values; None where none."""
    records = [received for text in texts if (received := receive(text)) is not None]
    return records[0].applied if len(records) == 1 else None
