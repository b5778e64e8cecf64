"""A zone as it is beside what the policies declare: changes, what is in the way, and what is kept.

Ownership is by value: at a declared name and type every value of the declared family is ours, everything else is foreign and
is carried over unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from mailauth_dns.compile import Declared, Publication
from mailauth_dns.diff.change import Blocked, Change, Difference, Hold, Judgement, Kept, Risk
from mailauth_dns.diff.equivalence import same
from mailauth_dns.diff.report_consent import Consents
from mailauth_dns.diff.wildcard import Wildcards
from mailauth_dns.diff.zone_states import Sides
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, ancestors
from mailauth_dns.records.spf_parts import MAX_ANSWER, referred
from mailauth_dns.records.zone import RRKey, RRset, Zone

# What a user does once parts are published.
SEE_PARTS = "once it is applied run `mailauth-dns spf lock`, which sees whether every server has it and says from when on the record may go"
DEFAULT_TTL = 3600  # seconds, for a set that is new and whose policy names none

Judge = Callable[[Declared, frozenset[str], frozenset[str], Sides], Judgement]


_NOTHING_LOCKED: Mapping[RRKey, str] = {}


def compare(
    before: Zone,
    publication: Publication,
    judge: Judge,
    locked: Mapping[RRKey, str] = _NOTHING_LOCKED,
    closed: str | None = None,
    *,
    held: Mapping[RRKey, Hold] | None = None,
    normalize: bool = False,
) -> Difference:
    """Return what it takes to bring `before` to what `publication` declares.

    `locked` names sets that must not be written again, with the reason; `closed` is the reason why nothing in the zone can be written.
    `held` names parts of SPF records that no record may begin to include, and other sets that must not be written, for now; None where
    what is published in which order is not ours to say. `normalize` asks for our spelling and our TTL even where the meaning is the same
    already.
    """
    blocks = _Blocks(before, publication, locked, closed)
    consents, wildcards, sides = Consents(before), Wildcards(before), Sides(before, publication)
    parts = {
        entry.key[0]: entry
        for entry in publication.declared
        if entry.values and is_part_of_spf(entry)
    }
    changes: list[Change] = []
    blocked: list[Blocked] = []
    for entry in publication.declared:
        agreed = entry.family is Family.DMARC_REPORT and entry.values and consents.has(entry.key)
        change = None if agreed else _change(before.get(entry.key), entry, judge, sides, normalize)
        reason = blocks.reason(entry, changes=change is not None)
        if reason is not None:
            blocked.append(Blocked(entry.domain, entry.key, entry.family, reason))
        elif (
            change is not None
            and held is not None
            and (hold := _hold(change, before, parts, held)) is not None
        ):
            blocked.append(Blocked(entry.domain, entry.key, entry.family, hold.reason, hold.waits))
        elif change is not None:
            changes.append(_with_shadow(change, wildcards))
    return Difference(
        tuple(changes), tuple(_with_parts(blocked, parts)), tuple(_kept(before, publication))
    )


def _with_shadow(change: Change, wildcards: Wildcards) -> Change:
    """Return a change with what it takes from hosts besides."""
    shadowed = wildcards.shadowed(change.key[0]) if change.after else None
    if shadowed is None:
        return change
    told = change.judgement
    return replace(
        change,
        judgement=Judgement(f"{told.meaning}; {shadowed}", Risk.BREAKING, (*told.rules, "DNS004")),
    )


def is_part_of_spf(entry: Declared) -> bool:
    """Tell whether this is a part that a domain's SPF record includes, not that record itself."""
    return entry.family is Family.SPF and entry.key[0] != entry.domain


def _with_parts(
    blocked: Sequence[Blocked], parts: Mapping[DomainName, Declared]
) -> Iterator[Blocked]:
    """Yield what is blocked; a record that waits for a part which is blocked itself waits in vain."""
    dead = {entry.domain: entry for entry in blocked if entry.key[0] in parts and not entry.waits}
    for entry in blocked:
        part = dead.get(entry.domain) if entry.waits and entry.family is Family.SPF else None
        if part is None:
            yield entry
        else:
            yield replace(
                entry, reason=f"waits for the TXT at {part.key[0]}, which is blocked", waits=False
            )


def _hold(
    change: Change, before: Zone, parts: Mapping[DomainName, Declared], held: Mapping[RRKey, Hold]
) -> Hold | None:
    """Return why a change must not be made yet.

    A record that includes a part which a server denies is a permanent error for every message (RFC 7208 §5.2), so parts go first. A part
    that the record includes already is in use, and holds up nothing.
    """
    if change.key[0] not in parts and change.key in held:
        return held[change.key]  # a part's own entry is about the records that would include it
    if change.family is not Family.SPF:
        return None
    for name in sorted((referred(change.after) - referred(change.before)) & parts.keys()):
        part = parts[DomainName(name)]
        there = before.get(part.key)
        if there is None or not part.values <= there.values:
            return Hold(f"its part {name} goes first; {SEE_PARTS}", waits=True)
        if part.key in held:
            return held[part.key]
    return None


def ours(rrset: RRset, owned: Family) -> frozenset[str]:
    """Return the values of a set that belong to the declared family."""
    return frozenset(
        value for value in rrset.values if family(rrset.name, rrset.type, value) is owned
    )


def decisive(rrset: RRset, entry: Declared) -> frozenset[str]:
    """Return the values that decide whether what is declared holds: ours, and beside a null MX any other MX (RFC 7505 §3)."""
    return (
        rrset.values
        if entry.family is Family.NULL_MX and entry.values
        else ours(rrset, entry.family)
    )


def _change(
    there: RRset | None, entry: Declared, judge: Judge, sides: Sides, normalize: bool
) -> Change | None:
    before = ours(there, entry.family) if there is not None else frozenset[str]()
    foreign = there.values - before if there is not None else frozenset[str]()
    ttl_before = there.ttl if there is not None else None
    after = entry.values
    if not normalize and same(entry.family, entry.key[1], before, after):
        after = before
    if not after | foreign:
        ttl_after = None
    elif foreign and not normalize:
        ttl_after = ttl_before  # RFC 2181 §5.2: one TTL a set, and the others were here first
    elif not after:
        ttl_after = ttl_before
    else:
        ttl_after = next(ttl for ttl in (entry.ttl, ttl_before, DEFAULT_TTL) if ttl is not None)
    if after == before and ttl_after == ttl_before:
        return None
    if after == before:
        judgement = Judgement(f"TTL {ttl_before} -> {ttl_after} s")
    else:
        judgement = _with_size(
            judge(entry, before, after, sides), entry, before | foreign, after | foreign
        )
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
    )


def _with_size(
    judgement: Judgement, entry: Declared, before: frozenset[str], after: frozenset[str]
) -> Judgement:
    """Add a word where an SPF record makes the whole set, foreign values included, outgrow an answer by UDP (RFC 7208 §3.4)."""
    was, now = (len(entry.key[0]) + sum(map(len, values)) for values in (before, after))
    if entry.family is not Family.SPF or now <= max(was, MAX_ANSWER):
        return judgement
    said = f"{judgement.meaning}; all TXT values here are {now} octets with the name, and only {MAX_ANSWER} fit into every answer"
    return replace(judgement, meaning=said, risk=max(judgement.risk, Risk.CAUTION))


class _Blocks:
    """What stands in the way of a change, looked up by name."""

    def __init__(
        self,
        before: Zone,
        publication: Publication,
        locked: Mapping[RRKey, str],
        closed: str | None,
    ) -> None:
        self._before = before
        self._origin = publication.origin
        self._locked, self._closed = locked, closed
        self._going = {entry.key for entry in publication.declared if not entry.values}
        self._types: dict[DomainName, set[str]] = {}
        for rrset in before.rrsets:
            self._types.setdefault(rrset.name, set()).add(rrset.type)
        self._in_use = {
            entry.domain
            for entry in publication.declared
            if entry.family is Family.NULL_MX and entry.values and self._receives(entry.key)
        }

    def reason(self, entry: Declared, *, changes: bool) -> str | None:
        """Return why what is declared cannot be, or None; `changes` says whether the set would be written."""
        if changes and (self._closed is not None or entry.key in self._locked):
            return self._closed or self._locked[entry.key]
        if not entry.values and changes and self._included(entry):
            return f"the SPF record of {entry.domain} at this provider still includes it; it goes in a later plan than that record changes"
        if not entry.values:
            return None  # taking our own values away harms nothing else, wherever they stand
        hidden = self._hidden(entry.key)
        if hidden is not None:
            return hidden  # a record where no server looks is not published, although nothing has to change
        if (
            entry.domain in self._in_use and entry.family is Family.NULL_MX
        ):  # also where it stands beside the MX already
            return "the domain has an MX, so it receives mail: a null MX beside it is an error (RFC 7505 §3); take the MX away first"
        if not changes:
            return None
        if entry.domain in self._in_use:
            return "the domain has an MX, so it is in use and not parked; take the MX away first, or `parked` out of the policy"
        return self._alias(entry)

    def _included(self, entry: Declared) -> bool:
        """Tell whether this is a part of an SPF record that the record at the provider still refers to."""
        if not is_part_of_spf(entry):
            return False
        there = self._before.get((entry.domain, "TXT"))
        return there is not None and entry.key[0] in referred(ours(there, Family.SPF))

    def _hidden(self, key: RRKey) -> str | None:
        """Return why servers would not answer with a record at `key`: it lies under a delegation, a DNAME or a foreign alias."""
        name = key[0]
        above = ancestors(name, self._origin)
        for cut in above if name == self._origin else (name, *above):
            if "NS" in self._types.get(cut, ()):
                return f"{cut} is delegated to other servers (NS): a record here would never be served; publish it in the zone {cut}"
        for upper in (*above, self._origin):
            if upper != name and "DNAME" in self._types.get(upper, ()):
                return f"{upper} has a DNAME: names below it are answered from its target, a record here would never be served"
        for upper in above:
            if "CNAME" in self._types.get(upper, ()):
                return f"{upper} is an alias (CNAME) that this policy does not declare; nothing is published below it"
        return None

    def _receives(self, key: RRKey) -> bool:
        there = self._before.get(key)
        return there is not None and bool(there.values - ours(there, Family.NULL_MX))

    def _alias(self, entry: Declared) -> str | None:
        name, type = entry.key
        here = {
            other
            for other in self._types.get(name, ())
            if (name, other) not in self._going and other != type
        }
        if type == "CNAME" and here - {"RRSIG", "NSEC"}:
            return f"{name} holds other data ({', '.join(sorted(here))}): a name with an alias (CNAME) can hold nothing else (RFC 1034 §3.6.2)"
        if type != "CNAME" and "CNAME" in here:
            there = self._before.get((name, "CNAME"))
            target = next(iter(there.values), "") if there is not None else ""
            return f"{name} is an alias (CNAME to {target}) that this policy does not declare; take it away, or leave the record to its target"
        return None


def _kept(before: Zone, publication: Publication) -> Iterator[Kept]:
    declared = {entry.key: entry.family for entry in publication.declared}
    for rrset in sorted(before.rrsets, key=lambda rrset: rrset.key):
        if rrset.type == "SOA":
            continue
        owned = declared.get(rrset.key)
        foreign = rrset.values if owned is None else rrset.values - ours(rrset, owned)
        by_family: dict[Family | None, set[str]] = {}
        for value in foreign:
            looks = (
                None
                if rrset.key in publication.unselected
                else family(rrset.name, rrset.type, value)
            )
            by_family.setdefault(looks, set()).add(value)
        for looks_like in sorted(by_family, key=str):
            yield Kept(rrset.key, frozenset(by_family[looks_like]), owned is not None, looks_like)
