"""Who can permit what: each permission is for its own domain, and a zone's for who changes it."""

from __future__ import annotations

from datetime import date

import pytest

from mailauth_dns.plan.permission import Permission
from mailauth_dns.plan.permissions import refusals
from mailauth_dns.plan.plan import AuthorityEntry, ChangeEntry
from mailauth_dns.plan.policy_permissions import Permissions, idle, with_permissions
from mailauth_dns.records.family import Family
from tests.pages.hostile import change, plan, zone

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
    assert [each.rule for several in refusals(plan(found), ()).values() for each in several] == (
        [] if permitted else ["DNS008"]
    )


@pytest.mark.parametrize(("domain", "unused"), [("zone1.example", False), ("zone2.example", True)])
def test_a_permission_that_can_permit_nothing_is_unused(domain: str, unused: bool) -> None:
    permissions = permitting(domain)
    zones = [with_permissions(zone(1, CONSENT, authority=OTHER_SERVERS), permissions)]
    assert [each.state for each in idle(permissions, {domain}, zones)] == ["unused"] * unused
