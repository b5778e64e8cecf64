"""Who can permit what: each permission is for its own domain, and a zone's for who changes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mailauth_dns.plan.permission import Permission
from mailauth_dns.plan.permissions import allowance, refusals
from mailauth_dns.plan.plan import AuthorityEntry, ChangeEntry, ZoneEntry
from mailauth_dns.plan.policy_permissions import Permissions, idle, with_permissions
from mailauth_dns.records.family import Family
from tests.pages.hostile import change, plan, trial, zone

TODAY = date(2026, 12, 1)
OTHER_SERVERS = AuthorityEntry("differs", "live DNS says NS ns9.example.net", True)
OWN = change(1)
SUB = change(1, domain="sub.zone1.example", name="sub.zone1.example")
# zone2.example sends its reports to zone1.example, which another team runs.
CONSENT = change(
    1,
    domain="zone2.example",
    name="zone2.example._report._dmarc.zone1.example",
    family=str(Family.DMARC_REPORT),
    before=(),
    after=("v=DMARC1",),
    risk="safe",
)


def permitting(*domains: str) -> Permissions:
    """DNS008 is permitted by these domains, each in the zone that its name ends with."""
    of_zones = {
        f"zone{number}.example": tuple(
            each for each in domains if each.endswith(f"zone{number}.example")
        )
        for number in (1, 2)
    }
    by_domain = {
        each: (Permission("DNS008", "moving", TODAY, f"{each}.yaml", 3),) for each in domains
    }
    return Permissions(by_domain, of_zones, TODAY)


# What changes in zone1.example, who permits DNS008, and whether that is enough.
OF_ZONE: dict[str, tuple[tuple[ChangeEntry, ...], tuple[str, ...], bool]] = {
    "its domain": ((OWN,), ("zone1.example",), True),
    "one of two domains": ((OWN, SUB), ("zone1.example",), False),
    "both": ((OWN, SUB), ("zone1.example", "sub.zone1.example"), True),
    "only whose reports it takes": ((CONSENT,), ("zone2.example",), False),
    "its domain, for a consent alone": ((CONSENT,), ("zone1.example",), True),
    "any of its domains, for a consent alone": ((CONSENT,), ("sub.zone1.example",), True),
    "its domain, beside a consent": ((OWN, CONSENT), ("zone1.example",), True),
    "whose reports it takes, beside a change": ((OWN, CONSENT), ("zone2.example",), False),
    "nobody": ((CONSENT,), (), False),
}


@pytest.mark.parametrize("case", OF_ZONE)
def test_other_servers_are_permitted_by_the_domains_of_the_zone(case: str) -> None:
    changes, domains, permitted = OF_ZONE[case]
    permissions = permitting(*domains)
    found = with_permissions(zone(1, *changes, authority=OTHER_SERVERS), permissions)
    assert [each.path for each in found.authority.permissions] == [
        f"{each}.yaml" for each in sorted(domains) if permitted
    ]
    assert [
        each.rule for several in refusals(plan(found).zones, ()).values() for each in several
    ] == ([] if permitted else ["DNS008"])


@pytest.mark.parametrize(("domain", "unused"), [("zone1.example", False), ("zone2.example", True)])
def test_a_permission_that_can_permit_nothing_is_unused(domain: str, unused: bool) -> None:
    permissions = permitting(domain)
    zones = [with_permissions(zone(1, CONSENT, authority=OTHER_SERVERS), permissions)]
    assert [each.state for each in idle(permissions, {domain}, zones)] == ["unused"] * unused


DKIM030 = ("DKIM030",)
UNKNOWN = AuthorityEntry("unknown", "no server answered", True)
# `--allow`, and what is refused all the same of two domains of a zone, and of the zone itself.
ON_THE_COMMAND_LINE = [
    ("DKIM030:zone1.example", [("DKIM030", "sub.zone1.example")]),
    ("DKIM030:sub.zone1.example", [("DKIM030", "zone1.example")]),
    ("DKIM030:other.example", [("DKIM030", "zone1.example"), ("DKIM030", "sub.zone1.example")]),
    ("DKIM030", []),
]


@pytest.mark.parametrize(("given", "refused"), ON_THE_COMMAND_LINE)
def test_allow_is_for_its_own_domain(given: str, refused: list[tuple[str, str]]) -> None:
    two = (replace(each, risk="breaking", rules=DKIM030) for each in (OWN, SUB))
    assert left(zone(1, *two), given) == refused


@pytest.mark.parametrize(
    ("given", "permitted"), [("zone1.example", False), ("sub.zone1.example", True)]
)
def test_allow_for_a_test_is_for_its_own_domain(given: str, permitted: bool) -> None:
    tested = zone(1, SUB, tests=(trial("sub.zone1.example", "failed"),))
    assert left(tested, f"TEST001:{given}") == (
        [] if permitted else [("TEST001", "sub.zone1.example")]
    )


@pytest.mark.parametrize(
    ("authority", "rule"), [(OTHER_SERVERS, "DNS008"), (UNKNOWN, "live-unknown")]
)
@pytest.mark.parametrize("given", ["zone1.example", "sub.zone1.example"])
def test_allow_for_a_zone_names_the_zone(authority: AuthorityEntry, rule: str, given: str) -> None:
    refused = left(zone(1, SUB, authority=authority), f"{rule}:{given}")
    assert refused == ([] if given == "zone1.example" else [(rule, "zone1.example")])


def left(entry: ZoneEntry, allow: str) -> list[tuple[str | None, str]]:
    found = refusals(plan(entry).zones, [allowance(allow)])
    return [(each.rule, each.domain) for several in found.values() for each in several]
