"""Compare a zone with what the policies declare: what changes, is blocked and is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import (
    WRITABLE,
    Blocked,
    Change,
    Difference,
    Hold,
    Judgement,
    Kept,
    Risk,
    Unwritable,
)
from mailauth_dns.diff.equivalence import same
from mailauth_dns.diff.obstacles import Obstacles
from mailauth_dns.diff.part_order import hold, parts_by_name, without_hope
from mailauth_dns.diff.report_consent import Consents
from mailauth_dns.diff.wildcard import Wildcards
from mailauth_dns.diff.zone_states import Sides
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.spf_parts import MAX_ANSWER
from mailauth_dns.records.zone import RRKey, RRset, Zone

DEFAULT_TTL = 3600  # seconds, for a set that is new and whose policy names none

Judge = Callable[[Declared, frozenset[str], frozenset[str], Sides], Judgement]


def compare(
    before: Zone,
    publication: Publication,
    judge: Judge,
    unwritable: Unwritable = WRITABLE,
    *,
    held: Mapping[RRKey, Hold] | None = None,
    normalize: bool = False,
) -> Difference:
    """Return what brings `before` to what `publication` declares.

    `held` names the parts of SPF records that no record may begin to include yet, and other sets
    that must not be written now. It is None where somebody else decides the order of writing.
    `normalize` asks for our spelling and our TTL even where the meaning is the same already.
    """
    obstacles = Obstacles(before, publication, unwritable)
    consents, wildcards = Consents(before), Wildcards(before)
    sides, parts = Sides(before, publication), parts_by_name(publication)
    changes: list[Change] = []
    blocked: list[Blocked] = []
    for entry in publication.declared:
        agreed = entry.family is Family.DMARC_REPORT and entry.values and consents.has(entry.key)
        change = None if agreed else _change(before.get(entry.key), entry, judge, sides, normalize)
        reason = obstacles.reason(entry, changes=change is not None)
        if reason is not None:
            blocked.append(Blocked(entry.domain, entry.key, entry.family, reason))
        elif change is None:
            continue
        elif held is not None and (found := hold(change, before, parts, held)) is not None:
            blocked.append(
                Blocked(entry.domain, entry.key, entry.family, found.reason, found.waits)
            )
        else:
            changes.append(_with_shadow(change, wildcards))
    return Difference(
        tuple(changes), tuple(without_hope(blocked, parts)), tuple(_kept(before, publication))
    )


def _with_shadow(change: Change, wildcards: Wildcards) -> Change:
    """Return a change whose judgement also says which hosts lose a wildcard's answer."""
    shadowed = wildcards.shadowed(change.key[0]) if change.after else None
    if shadowed is None:
        return change
    judged = change.judgement
    meaning = f"{judged.meaning}; {shadowed}"
    # Each rule of a breaking change needs permission, and nobody can permit one of mere caution.
    rules = (*(judged.rules if judged.risk is Risk.BREAKING else ()), "DNS004")
    return replace(change, judgement=Judgement(meaning, Risk.BREAKING, rules))


def _change(
    there: RRset | None, entry: Declared, judge: Judge, sides: Sides, normalize: bool
) -> Change | None:
    """Return the change that one declaration asks for; None where nothing has to change."""
    before = (
        ours(there, entry.family, entry.sender_values) if there is not None else frozenset[str]()
    )
    foreign = there.values - before if there is not None else frozenset[str]()
    ttl_before = there.ttl if there is not None else None
    after = entry.values
    if not normalize and same(entry.family, entry.key[1], before, after):
        after = before
    ttl_after = _ttl_after(entry, after, foreign, ttl_before, normalize)
    if after == before and ttl_after == ttl_before:
        return None
    if after == before:
        judgement = Judgement(f"TTL {ttl_before} -> {ttl_after} s")
    else:
        judged = judge(entry, before, after, sides)
        judgement = _with_size(judged, entry, before | foreign, after | foreign)
    return Change(
        entry.domain,
        entry.key,
        entry.family,
        before,
        after,
        ttl_before,
        ttl_after,
        foreign,
        judgement,
        entry.sender,
    )


def _ttl_after(
    entry: Declared,
    after: frozenset[str],
    foreign: frozenset[str],
    there: int | None,
    normalize: bool,
) -> int | None:
    """Return the TTL of the set as it will be, in seconds; None where nothing is left of it."""
    if not after | foreign:
        return None
    if foreign and not normalize:
        return there  # RFC 2181 §5.2: a set has one TTL, and the others were here first
    if not after:
        return there
    return next(ttl for ttl in (entry.ttl, there, DEFAULT_TTL) if ttl is not None)


def _with_size(
    judgement: Judgement, entry: Declared, before: frozenset[str], after: frozenset[str]
) -> Judgement:
    """Return a judgement that also tells where an SPF record makes the whole set too large.

    Foreign values count too: the whole set has to fit into an answer by UDP (RFC 7208 §3.4).
    """
    was, now = (len(entry.key[0]) + sum(map(len, values)) for values in (before, after))
    if entry.family is not Family.SPF or now <= max(was, MAX_ANSWER):
        return judgement
    said = (
        f"{judgement.meaning}; all TXT values here are {now} octets with the name, "
        f"and only {MAX_ANSWER} fit into every answer"
    )
    return replace(judgement, meaning=said, risk=max(judgement.risk, Risk.CAUTION))


def _kept(before: Zone, publication: Publication) -> Iterator[Kept]:
    """Yield the foreign values of the zone, set by set."""
    declared = {entry.key: entry for entry in publication.declared}
    for rrset in sorted(before.rrsets, key=lambda rrset: rrset.key):
        if rrset.type == "SOA":
            continue
        owned = declared.get(rrset.key)
        foreign = (
            rrset.values
            if owned is None
            else rrset.values - ours(rrset, owned.family, owned.sender_values)
        )
        by_family: dict[Family | None, set[str]] = {}
        for value in foreign:
            unselected = rrset.key in publication.unselected
            looks = None if unselected else family(rrset.name, rrset.type, value)
            by_family.setdefault(looks, set()).add(value)
        for looks_like in sorted(by_family, key=str):
            yield Kept(rrset.key, frozenset(by_family[looks_like]), owned is not None, looks_like)
