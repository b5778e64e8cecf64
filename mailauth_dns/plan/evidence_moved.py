"""In what newer evidence is worse than what a reviewer saw, though the gate says the same of it.

Some tolerance is there: reports come every day, and no two days are alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evidence.figures import share_up
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.plan.evidence_entry import EvidenceEntry

_SOME = 10  # messages: fewer are no news
_SHARE = 1000  # nor is less than one in so many of a source that no policy declares
_DOUBLED = 2
_POINTS = 1  # percent
# To stop these is what a policy is for, and their sources differ each day.
_MEANT = SourceKind.SPOOF.value
_OURS = (SourceKind.ALIGNED.value, SourceKind.NOT_ALIGNED.value)


def worse(reviewed: EvidenceEntry, now: EvidenceEntry) -> Iterator[str]:
    """Yield in words what is lost now, and was not or not as much at the review."""
    if now.about != "weakens":
        yield from _of_sources(reviewed, now)
    yield from _of_all(reviewed, now)


def _of_sources(reviewed: EvidenceEntry, now: EvidenceEntry) -> Iterator[str]:
    before = {(each.source, each.kind): each.messages for each in reviewed.lost}
    # Those that a plan does not name had no more than the last one that it names.
    unnamed = reviewed.lost[-1].messages if reviewed.lost and reviewed.more_sources else 0
    for each in now.lost:
        was = before.get((each.source, each.kind), unnamed)
        least = _SOME if each.kind in _OURS else max(_SOME, now.messages // _SHARE)
        if each.kind != _MEANT and each.messages >= max(least, _DOUBLED * was):
            told = f"{each.messages} of {each.source} ({each.kind}) {now.fate}"
            yield f"{told}, {was or 'none'} at the review"


def _of_all(reviewed: EvidenceEntry, now: EvidenceEntry) -> Iterator[str]:
    was, lost = _lost(reviewed), _lost(now)
    if lost < _SOME or not now.messages:
        return
    doubled = now.about == "weakens" and lost >= _DOUBLED * was
    share_before = 100 * was / reviewed.messages if reviewed.messages else 0
    if doubled or 100 * lost / now.messages > share_before + _POINTS:
        shares = [share_up(of, all) for of, all in ((lost, now.messages), (was, reviewed.messages))]
        yield f"{shares[0]} percent of all {now.fate}, {shares[1]} at the review"


def _lost(entry: EvidenceEntry) -> int:
    """Return how much is lost that is not meant to be; a weaker policy gives away what is."""
    weakens = entry.about == "weakens"
    named = sum(each.messages for each in entry.lost if weakens or each.kind != _MEANT)
    return named + entry.more_messages
