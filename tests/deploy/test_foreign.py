"""Random zones and policies: foreign data stays, ours is as declared, the second plan is empty."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.deploy.apply import ApplyRequest, apply
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import ProviderPool, providers
from mailauth_dns.deploy.zone_results import Status
from mailauth_dns.diff.equivalence import same
from mailauth_dns.diff.report_consent import Consents
from mailauth_dns.masterfile.master_file import parse
from mailauth_dns.plan.plan import Plan
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, quoted
from tests.deploy.foreign_zones import (
    EVERYTHING,
    ORIGIN,
    Body,
    entries,
    policies,
    written,
    zone_text,
)

# What must hold


@dataclass(frozen=True)
class Held:
    """What the served file says, beside what is declared for the zone."""

    zone: Zone
    publication: Publication

    def ours(self, entry: Declared) -> RRset | None:
        """Return the set with only the values that the policy owns."""
        there = self.zone.get(entry.key)
        owned = (
            {value for value in there.values if family(*entry.key, value) is entry.family}
            if there is not None
            else set()
        )
        return (
            RRset(*entry.key, there.ttl, frozenset(owned)) if there is not None and owned else None
        )

    def foreign(self, shared_ttl: bool) -> set[RRset]:
        """Return the foreign sets with TTLs; without `shared_ttl`, shared sets have none."""
        found = set()
        for rrset in self.zone.rrsets:
            entry = next(
                (entry for entry in self.publication.declared if entry.key == rrset.key), None
            )
            mine = self.ours(entry) if entry is not None else None
            values = rrset.values - (mine.values if mine is not None else frozenset())
            if values and rrset.type != "SOA":
                found.add(
                    RRset(*rrset.key, rrset.ttl if entry is None or shared_ttl else None, values)
                )
        return found


def above(name: DomainName) -> Iterator[DomainName]:
    while name != ORIGIN:
        name = DomainName(name.partition(".")[2])
        yield name


def is_never_served(zone: Zone, name: DomainName) -> bool:
    """Tell whether a delegation or DNAME hides the name (RFC 1034 §4.3.2, RFC 6672 §2.3)."""
    cut = any(zone.get((upper, "NS")) for upper in (name, *above(name)) if upper != ORIGIN)
    return cut or any(zone.get((upper, "DNAME")) for upper in above(name))


def may_be_refused(zone: Zone, entry: Declared) -> bool:
    """Tell whether something may block a declared set, whether or not it has to change."""
    name, type = entry.key
    at_name = [rrset for rrset in zone.rrsets if rrset.name == name]
    alias = any(zone.get((upper, "CNAME")) for upper in (name, *above(name)))
    in_use = zone.get((entry.domain, "MX")) is not None
    # octoDNS cannot write a value that ends in a backslash, nor 255 of them in a row. The changes
    # of one name go together.
    unwritable = any(
        value.endswith("\\") or "\\" * 255 in value
        for rrset in at_name
        if rrset.type == "TXT"
        for value in rrset.values
    )
    return (
        is_never_served(zone, name)
        or alias
        or (type == "CNAME" and bool(at_name))
        or in_use
        or unwritable
    )


def waits(entry: Declared, publication: Publication, blocked: Collection[tuple[str, str]]) -> bool:
    """Tell whether a set waits for another one that is blocked.

    A DMARC record waits for the SPF record that lets the domain's own mail pass, and a key that
    gives way to an alias, or the reverse, waits for what takes its place.
    """
    ahead = (
        each
        for each in publication.declared
        if each is not entry
        and (
            (each.domain == entry.domain and (each.family, entry.family) == _SPF_FIRST)
            or each.key[0] == entry.key[0]
        )
    )
    return any(each.key in blocked for each in ahead)


_SPF_FIRST = (Family.SPF, Family.DMARC)


def check_ours(before: Held, after: Held, entry: Declared, normalize: bool) -> None:
    """What is declared is there: our text where it changed or with `normalize`, else as it was."""
    had, has = before.ours(entry), after.ours(entry)
    if entry.family is Family.DMARC_REPORT and Consents(before.zone).has(entry.key):
        assert (
            has == had
        )  # whoever wrote it, in whatever words, and be it a wildcard's: nothing is added to it
        return
    values = has.values if has is not None else frozenset()
    same_before = same(
        entry.family, entry.key[1], had.values if had is not None else frozenset(), entry.values
    )
    assert values == (
        had.values if had is not None and same_before and not normalize else entry.values
    )
    if has is None:
        return
    there = before.zone.get(entry.key)
    shared = there is not None and had != there
    kept_ttl = there.ttl if there is not None else 3600
    assert has.ttl == (kept_ttl if shared and not normalize else entry.ttl or kept_ttl)


# An address stands where a key becomes an alias: the alias is blocked, so the key stays.
_KEY_THAT_CANNOT_GIVE_WAY = (
    zone_text(
        [
            ("s2._domainkey", 60, ("TXT", quoted("p=AAAA"))),
            ("s2._domainkey", 60, ("A", "192.0.2.1")),
        ]
    ),
    {"example.com": {"dkim": "{selectors: {s2: {cname: k.example.net}}}"}},
    False,
)


@settings(max_examples=120)
@given(entries.map(zone_text), policies, st.booleans())
@example(*_KEY_THAT_CANNOT_GIVE_WAY)
def test_foreign_data_is_identical_and_ours_is_what_is_declared(
    foreign: str, bodies: Mapping[str, Body], normalize: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        repo = written(root, foreign, bodies)
        [publication, _] = compile_repo(repo)

        def held() -> Held:
            return Held(
                parse(
                    ORIGIN, (root / "served/example.com.zone").read_bytes().decode("latin-1")
                ).zone(),
                publication,
            )

        def planned(pool: ProviderPool) -> Plan:
            return make_plan(
                repo, pool, [publication], PlanRequest(live=False, normalize=normalize)
            )

        before = held()
        with providers(repo) as pool:
            plan = planned(pool)
            request = ApplyRequest(EVERYTHING, wait=0, live=False)
            [outcome] = apply(plan, pool, request).zones
        [zone] = plan.zones
        changes, blocked = (
            {(each.name, each.type) for each in zone.changes},
            {(each.name, each.type) for each in zone.blocked},
        )
        after = held()

        assert (
            outcome.status
            is {
                (True, True): Status.PARTIAL,
                (True, False): Status.APPLIED,
                (False, True): Status.REFUSED,
                (False, False): Status.UNCHANGED,
            }[bool(changes), bool(blocked)]
        )
        assert after.foreign(not normalize) == before.foreign(not normalize)
        for entry in publication.declared:
            if entry.key in blocked:
                assert after.ours(entry) == before.ours(entry)
                assert may_be_refused(before.zone, entry) or waits(entry, publication, blocked)
            else:
                check_ours(before, after, entry, normalize)
                assert not (entry.values and is_never_served(before.zone, entry.key[0]))
        with providers(repo) as pool:
            [again] = planned(pool).zones
        assert again.changes == ()
        assert {(each.name, each.type) for each in again.blocked} == blocked
