"""What one zone must not get while another one lacks something: keys, policies, names that go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import RepoFolder
from tests.deploy.served_zone import ZONE, edit_zone, zone_text

UNASKED = ("--no-live", "--allow", "live-unknown")
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
TARGET = "s1._domainkey.b.example"
ALIAS = f"domain: a.example\ndkim: {{selectors: {{s1: {{cname: {TARGET}}}}}}}\n"
HAS_KEY = f"domain: b.example\ndkim: {{selectors: {{s1: {{k: ed25519, p: {KEY}}}}}}}\n"
HAD_KEY = "domain: b.example\ndkim: {selectors: {s1: {state: absent, signed_until: 2026-01-01}}}\n"
KEY_LINE = f's1._domainkey IN TXT "v=DKIM1; k=ed25519; p={KEY}"\n'
ALIAS_LINE = f"s1._domainkey IN CNAME {TARGET}.\n"
IN_THE_WAY = "s1._domainkey IN A 192.0.2.9\n"


@pytest.fixture
def zones(team: RepoFolder) -> RepoFolder:
    """A repo of a.example, b.example, and mail.example with its delegated news.mail.example."""
    for policy in (team.root / "zones/policy").glob("[!_]*.yaml"):
        policy.unlink()
    for name in ("a.example", "b.example", "mail.example", "news.mail.example"):
        team.write(f"served/{name}.zone", ZONE)
    return team


def put(repo: RepoFolder, zone: str, lines: str) -> None:
    edit_zone(repo, "www IN A", f"{lines}www IN A", zone)


def plan(repo: RepoFolder, *arguments: str) -> dict[tuple[str, str], Any]:
    """Return what the plan says of each set: its new values, or why it stays as it is."""
    ran = repo.run("plan", "--no-live", "--format", "json", "--out", "plan.json", *arguments)
    return said(json.loads(ran.out))


def said(data: dict[str, Any]) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for zone in data["zones"]:
        for each in zone["changes"]:
            found[each["name"], each["type"]] = each["after"]
        for each in zone["blocked"]:
            state = "waits" if each["waits"] else "blocked"
            found[each["name"], each["type"]] = f"{state}: {each['reason']}"
    return found


MINE, THEIRS = ("s1._domainkey.a.example", "CNAME"), (TARGET, "TXT")


def test_an_alias_comes_with_its_key(zones: RepoFolder) -> None:
    zones.policy(ALIAS, "a")
    zones.policy(HAS_KEY, "b")
    assert plan(zones)[MINE] == [f"{TARGET}."]
    assert zones.run("apply", "plan.json", *UNASKED).code == 0
    assert "CNAME" in zone_text(zones, "a.example")


def test_an_alias_is_blocked_while_its_key_is(zones: RepoFolder) -> None:
    """The key that the alias would take the place of stays, too."""
    zones.policy(ALIAS, "a")
    zones.policy(HAS_KEY, "b")
    put(zones, "a.example", 's1._domainkey IN TXT "v=DKIM1; p="\n')
    put(zones, "b.example", "s1._domainkey IN CNAME x.example.net.\n" + "x IN A 192.0.2.1\n")
    zones.policy(HAS_KEY.replace("domain: b.example", "domain: c.b.example\nzone: b.example"), "b")
    zones.policy(ALIAS.replace(TARGET, "s1._domainkey.c.b.example"), "a")
    put(zones, "b.example", "c IN NS ns1.example.net.\n")
    told = plan(zones)
    assert told[MINE] == (
        "blocked: waits for the TXT at s1._domainkey.c.b.example at local, which is blocked"
    )
    assert told["s1._domainkey.a.example", "TXT"].startswith("blocked: goes with the CNAME")


def test_an_alias_is_blocked_while_the_zone_of_its_key_cannot_be_read(zones: RepoFolder) -> None:
    zones.policy(ALIAS, "a")
    zones.policy(HAS_KEY + "providers: [far]\n", "b")
    zones.write("down", "")
    assert plan(zones)[MINE] == (
        f"blocked: waits for the DKIM key of {TARGET} at far, which could not be read"
    )


def test_an_alias_waits_while_the_zone_of_its_key_is_left_out(zones: RepoFolder) -> None:
    zones.policy(ALIAS, "a")
    zones.policy(HAS_KEY, "b")
    assert plan(zones, "a.example")[MINE] == (
        f"waits: waits for the DKIM key of {TARGET} at local, which is not there, and this plan "
        "does not bring it; plan and apply b.example first, or with this zone"
    )
    put(zones, "b.example", KEY_LINE)
    assert plan(zones, "a.example")[MINE] == [f"{TARGET}."]


def test_an_alias_is_not_written_if_the_zone_of_its_key_is_refused(zones: RepoFolder) -> None:
    zones.policy(ALIAS, "a")
    zones.policy(HAS_KEY + "dmarc: {p: reject}\n", "b")
    put(zones, "b.example", '_dmarc IN TXT "v=DMARC1; p=none"\n')
    assert plan(zones)[MINE] == [f"{TARGET}."]
    ran = zones.run("apply", "plan.json", *UNASKED)
    assert (ran.code, zone_text(zones, "a.example")) == (1, ZONE)
    assert (
        f"the DKIM alias s1._domainkey.a.example would lead to {TARGET}, which comes with "
        "b.example at local, which is refused" in " ".join(ran.out.split())
    )


def test_a_key_stays_while_an_alias_of_it_does(zones: RepoFolder) -> None:
    """Whether the zone of the alias is planned or left out."""
    zones.policy(ALIAS, "a")
    zones.policy(HAD_KEY, "b")
    put(zones, "a.example", ALIAS_LINE)
    put(zones, "b.example", KEY_LINE)
    goes = "blocked: goes after the CNAME at s1._domainkey.a.example, which is an alias of it and"
    assert plan(zones)[THEIRS] == f"{goes} is to stay so"
    assert plan(zones, "b.example")[THEIRS] == (
        f"{goes.replace('blocked', 'waits')} is not in this plan"
    )
    zones.policy(ALIAS.replace(f"cname: {TARGET}", "state: absent"), "a")
    assert plan(zones)[THEIRS] == []


SHARED = "_spf.b.example"
DROPS = {"a zone left out": ("b.example", SHARED), "nothing left out": ()}


@pytest.fixture
def including(zones: RepoFolder) -> RepoFolder:
    """a.example ceases to include _spf.b.example, which goes."""
    put(zones, "b.example", '_spf IN TXT "v=spf1 ip4:192.0.2.10 -all"\n')
    edit_zone(zones, "v=spf1 ~all", f"v=spf1 include:{SHARED} -all", "a.example")
    zones.policy("domain: a.example\nspf: {terms: [mx], all: fail}\n", "a")
    zones.policy("domain: b.example\nspf: {terms: [mx], all: fail}\n", "b")
    zones.policy(f"domain: {SHARED}\nzone: b.example\nspf: absent\n", "shared")
    return zones


def test_a_name_goes_with_what_includes_it_in_the_plan(including: RepoFolder) -> None:
    assert plan(including)[SHARED, "TXT"] == []


def test_a_name_stays_while_a_zone_that_is_left_out_includes_it(including: RepoFolder) -> None:
    """Its policy does not say so any more: what counts is what the provider has."""
    held = (
        "waits: goes after the TXT at a.example, which includes it and is not changed by this plan"
    )
    assert plan(including, SHARED)[SHARED, "TXT"] == held
    plan(including)
    ran = including.run("apply", "plan.json", "--only", "b.example", *UNASKED)
    assert (ran.code, held.removeprefix("waits: ") in " ".join(ran.err.split())) == (1, True)
    assert "_spf IN TXT" in zone_text(including, "b.example")
    for zone in ("a.example", "b.example"):
        assert including.run("apply", "plan.json", "--only", zone, *UNASKED).code == 0
    assert "_spf IN TXT" not in zone_text(including, "b.example")


def test_a_name_stays_while_another_domain_of_its_zone_includes_it(including: RepoFolder) -> None:
    edit_zone(including, "v=spf1 ~all", f"v=spf1 include:{SHARED} -all", "b.example")
    including.policy("domain: a.example\nspf: {terms: [mx], all: fail}\n", "a")
    edit_zone(including, f"v=spf1 include:{SHARED} -all", "v=spf1 mx -all", "a.example")
    assert plan(including)[SHARED, "TXT"] == []
    assert plan(including, SHARED)[SHARED, "TXT"] == (
        "waits: goes after the TXT at b.example, which includes it and is not changed by this plan"
    )


def test_a_name_stays_beside_a_zone_that_could_not_be_read(including: RepoFolder) -> None:
    including.policy("domain: a.example\nproviders: [far]\nspf: {terms: [mx], all: fail}\n", "a")
    including.write("down", "")
    assert plan(including)[SHARED, "TXT"] == (
        "blocked: goes after the TXT at a.example, which may include it and could not be read"
    )


def test_a_name_stays_beside_a_provider_that_is_not_asked(including: RepoFolder) -> None:
    including.policy("domain: a.example\nproviders: [far]\nspf: {terms: [mx], all: fail}\n", "a")
    assert plan(including, "--provider", "local")[SHARED, "TXT"] == (
        "waits: goes after the TXT at a.example, which may include it and was not asked; plan "
        "without --provider, or with far too"
    )


def test_a_parked_zone_that_could_not_be_read_keeps_no_name(including: RepoFolder) -> None:
    """Nobody sends mail from it, so there is none to lose."""
    including.policy("domain: a.example\nproviders: [far]\nparked: true\n", "a")
    including.write("down", "")
    assert plan(including)[SHARED, "TXT"] == []


ABOVE, BELOW = ("_dmarc.mail.example", "TXT"), ("_dmarc.news.mail.example", "TXT")


@pytest.fixture
def strict(zones: RepoFolder) -> RepoFolder:
    """mail.example is to ask more of subdomains, and one gets a record that asks for less."""
    put(zones, "mail.example", '_dmarc IN TXT "v=DMARC1; p=none"\nnews IN NS ns1.example.net.\n')
    zones.policy("domain: mail.example\ndmarc: {p: none, sp: quarantine}\n", "mail")
    zones.policy("domain: news.mail.example\ndmarc: {p: none}\n", "news")
    return zones


def test_stricter_subdomains_come_with_the_record_that_is_no_stricter(strict: RepoFolder) -> None:
    told = plan(strict)
    assert told[ABOVE] == ["v=DMARC1; p=none; sp=quarantine"]
    permitted = ("--allow", "DMARC032")  # a delegated name below it may send
    assert strict.run("apply", "plan.json", *UNASKED, *permitted).code == 0


def test_stricter_subdomains_wait_for_a_record_below(strict: RepoFolder) -> None:
    for zone in ("mail.example", "news.mail.example"):
        assert plan(strict, zone).keys() == {
            (f"_dmarc.{zone}", "TXT"),
        }
    assert plan(strict, "mail.example")[ABOVE] == (
        "waits: waits for the DMARC record of _dmarc.news.mail.example at local, which is not "
        "there, and this plan does not bring it; plan and apply news.mail.example first, or with "
        "this zone"
    )
    put(strict, "news.mail.example", "_dmarc IN CNAME x.example.net.\n")
    assert plan(strict)[ABOVE] == (
        "blocked: waits for the TXT at _dmarc.news.mail.example at local, which is blocked"
    )


def test_what_asks_for_as_much_is_not_waited_for(strict: RepoFolder) -> None:
    strict.policy("domain: news.mail.example\ndmarc: {p: quarantine}\n", "news")
    assert plan(strict, "mail.example")[ABOVE] == ["v=DMARC1; p=none; sp=quarantine"]


def test_a_record_below_that_is_there_is_not_waited_for(strict: RepoFolder) -> None:
    put(strict, "news.mail.example", '_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:a@b.example"\n')
    assert plan(strict, "mail.example")[ABOVE] == ["v=DMARC1; p=none; sp=quarantine"]


def test_stricter_subdomains_wait_for_a_zone_that_could_not_be_read(strict: RepoFolder) -> None:
    strict.policy("domain: news.mail.example\nproviders: [far]\ndmarc: {p: none}\n", "news")
    strict.write("down", "")
    assert plan(strict)[ABOVE] == (
        "blocked: waits for the DMARC record of _dmarc.news.mail.example at far, which could not "
        "be read"
    )


def test_a_record_below_goes_after_the_one_above_is_relaxed(strict: RepoFolder) -> None:
    edit_zone(strict, "p=none", "p=none; sp=reject", "mail.example")
    put(strict, "news.mail.example", '_dmarc IN TXT "v=DMARC1; p=none"\n')
    strict.policy("domain: mail.example\ndmarc: {p: none}\n", "mail")
    strict.policy("domain: news.mail.example\ndmarc: absent\n", "news")
    told = plan(strict)
    assert (told[ABOVE], told[BELOW]) == (["v=DMARC1; p=none"], [])
    assert plan(strict, "news.mail.example")[BELOW] == (
        "waits: waits for the DMARC record of _dmarc.mail.example at local, which is not as its "
        "policy says, and this plan does not bring it; plan and apply mail.example first, or with "
        "this zone"
    )
    strict.policy("domain: mail.example\ndmarc: {p: none, sp: reject}\n", "mail")
    assert plan(strict, "news.mail.example")[BELOW] == [], "it is meant"
