"""Mail that aligned when it was reported, by what the policies of today no longer have.

A report tells how DNS was on its day. Where a policy has since lost a host or a key, the same mail
fails now, so that no stricter policy may count on it.
"""

from __future__ import annotations

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.clues import Clues, our_passing, spf_names
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import DkimResult

_GONE = (KeyState.REVOKED, KeyState.ABSENT)


def is_undone(row: Row, clues: Clues, *, known: bool) -> bool:
    """Tell whether all that made a row align is gone; what nobody tells is not.

    `known`: the row is mail of somebody. Then a key that no policy has may be one of theirs that is
    in DNS and was never declared.
    """
    if not row.aligned:
        return False
    names = _passing(row, clues) if row.spf_aligned else ()
    keys = our_passing(clues, row) if row.dkim_aligned else ()
    if (row.spf_aligned and not names) or (row.dkim_aligned and not keys):
        return False  # the reporter does not say by what
    hosts = all(_lists_no_more(name, row, clues) for name in names)
    return hosts and all(_has_no_more(each, clues, known=known) for each in keys)


def _passing(row: Row, clues: Clues) -> tuple[DomainName, ...]:
    """Return the names of ours for which SPF passes; HELO counts where there is no MAIL FROM."""
    path = {each.domain for each in row.spf if not each.helo}
    names = [name for name in spf_names(row) if clues.is_ours(name)]
    return tuple([name for name in names if name in path] or names)


def _lists_no_more(name: DomainName, row: Row, clues: Clues) -> bool:
    """Tell whether the SPF record of a name has not got a row's host, as far as files tell."""
    if name not in clues.declared.spf_of:
        return False
    sources = clues.by_path(name)
    if not sources:
        return True
    if row.source is None or any(each.open for each in sources):
        return False
    return not any(each in sources for each in clues.by_address(row))


def _has_no_more(signature: DkimResult, clues: Clues, *, known: bool) -> bool:
    """Tell whether a key is gone from the policy of its domain."""
    if signature.selector is None or signature.domain not in clues.declared.keys_of:
        return False
    selector = signature.selector.lower()
    states = [each.selectors[selector] for each in clues.by_key(signature)]
    return all(state in _GONE for state in states) if states else not known
