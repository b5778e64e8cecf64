"""The main job on real BIND and real PowerDNS.

Ours is published, everything else is as it was, and the next plan is empty.
"""

from __future__ import annotations

import pytest
from octodns_bind import Rfc2136Provider

from tests.conftest import RepoFolder
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.publishing import OURS, Serving, nothing_to_do, publish, without
from tests.lab.zones import DKIM, DMARC, FULL, HARD, HEAD, POLICY, SPF


def test_publishes_ours_and_leaves_everything_else(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=FULL)
    before = server.dump("example.com")
    repo.policy(POLICY)
    assert repo.run("plan", "--detailed-exitcode").code == 2
    applied = publish(repo)
    assert applied.code == 0, applied.said
    assert server.dump("example.com") == without(before, "v=spf1 a mx ~all") | OURS
    assert SPF in server.served("example.com", "TXT")
    assert server.served("s1._domainkey.example.com", "TXT") == {DKIM}
    assert server.served("_dmarc.example.com", "TXT") == {DMARC}
    nothing_to_do(repo)
    assert repo.run("verify").code == 0
    assert repo.run("diff").code == 0


def test_backslashes_on_powerdns_are_carried(repo: RepoFolder, serving_powerdns: Serving) -> None:
    server = serving_powerdns(
        example_com=HEAD
        + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "ends in \\\\"\n'
        + '@ 300 IN TXT "back\\\\slash"\n@ 300 IN TXT "caf\\195\\169"\n'
    )
    before = server.dump("example.com")
    repo.policy(POLICY)
    assert publish(repo).code == 0
    assert server.dump("example.com") == without(before, "v=spf1 ~all") | OURS


def strings(server: NameServer) -> set[tuple[bytes, ...]]:
    return {rdata.strings for rrset in server.ask("example.com", "TXT").answer for rdata in rrset}


@pytest.mark.parametrize("case", HARD)
def test_values_of_others_are_not_touched_on_bind(
    repo: RepoFolder, serving_bind: Serving, case: str
) -> None:
    """Records are deleted and added one by one; the others keep the split of their strings."""
    server = serving_bind(
        example_com=HEAD
        + f'@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "MS=ms1"\n@ 300 IN TXT {HARD[case]}\n'
    )
    before = server.dump("example.com")
    others = strings(server) - {(b"v=spf1 ~all",)}
    assert len(others) >= 2
    repo.policy(POLICY)
    applied = publish(repo)
    assert applied.code == 0, applied.said
    assert server.dump("example.com") == without(before, "v=spf1 ~all") | OURS
    assert strings(server) == others | {(SPF.encode(),)}
    nothing_to_do(repo)
    repo.policy("domain: example.com\nspf: {terms: [mx], all: fail, ttl: 600}\n")
    assert repo.run("plan", "--normalize", "--out", "plan.json").code == 0
    assert repo.run("apply", "plan.json").code == 0
    assert strings(server) == others | {(b"v=spf1 mx -all",)}
    assert {
        record[2] for record in server.dump("example.com") if record[:2] == ("example.com", "TXT")
    } == {600}


def test_what_an_encoder_would_change_names_the_way_out(
    repo: RepoFolder, serving_bind: Serving
) -> None:
    """A class of its own, which writes whole sets by octoDNS's encoder."""
    server = serving_bind(
        example_com=HEAD + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "back\\\\slash"\n'
    )
    before = server.dump("example.com")
    repo.provider("bind", {**server.stanza(), "class": "tests.lab.test_publish.WholeSets"})
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    planned = repo.run("plan", "--out", "plan.json")
    assert planned.code == 1
    assert (
        "it holds a backslash; write our value there by hand, beside the others, and plan again"
        in planned.out
    )
    assert repo.run("apply", "plan.json").code == 1
    assert server.dump("example.com") == before
    server.put("example.com", "example.com", "TXT", 300, '"v=spf1 -all"', '"back\\\\slash"')
    nothing_to_do(repo)


class WholeSets(Rfc2136Provider):  # type: ignore[misc] # octodns-bind has no types
    """octodns-bind's own class, which replaces sets."""


def test_octets_that_are_not_utf8_elsewhere_in_the_zone_stay(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=FULL + 'odd IN TXT "\\255\\254x"\n')
    before = server.dump("example.com")
    assert ("odd.example.com", "TXT", 3600, "\xff\xfex") in before
    repo.policy(POLICY)
    assert publish(repo).code == 0
    assert server.dump("example.com") == without(before, "v=spf1 a mx ~all") | OURS


def test_two_spf_values_become_one(repo: RepoFolder, serving: Serving) -> None:
    server = serving(
        example_com=HEAD
        + '@ IN TXT "v=spf1 a -all"\n@ IN TXT "V=SPF1 mx -all"\n@ IN TXT "MS=ms1"\n'
    )
    repo.policy("domain: example.com\nspf: {terms: [mx], all: fail}\n")
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert "2 SPF values, a permanent error for every message, become one" in planned.out
    assert repo.run("apply", str(repo.root / "plan.json")).code == 0
    assert server.served("example.com", "TXT") == {"v=spf1 mx -all", "MS=ms1"}
    nothing_to_do(repo)


def test_text_at_a_declared_selector_gives_way_to_its_alias(
    repo: RepoFolder, serving: Serving
) -> None:
    """A declared selector owns its TXT, whatever that says; text at other names is foreign."""
    around = 'x.s1._domainkey IN TXT "below"\ns2._domainkey IN TXT "v=DKIM1; p="\n_domainkey IN TXT "o=~"\n'
    server = serving(example_com=HEAD + 's1._domainkey IN TXT "not a key"\n' + around)
    before = server.dump("example.com")
    repo.policy("domain: example.com\ndkim: {selectors: {s1: {cname: s1.keys.example.net}}}\n")
    assert publish(repo).code == 0
    alias = ("s1._domainkey.example.com", "CNAME", 3600, "s1.keys.example.net.")
    assert server.dump("example.com") == without(before, "not a key") | {alias}
    nothing_to_do(repo)


def test_a_selector_moves_from_key_to_alias_and_back(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=HEAD)
    repo.policy(POLICY)
    assert publish(repo).code == 0
    repo.policy("domain: example.com\ndkim: {selectors: {s1: {cname: s1.keys.example.net}}}\n")
    refused = publish(repo)
    assert refused.code == 1
    assert "DKIM030" in refused.out
    assert publish(repo, "DKIM030:example.com").code == 0
    assert ("s1._domainkey.example.com", "CNAME", 3600, "s1.keys.example.net.") in server.dump(
        "example.com"
    )
    nothing_to_do(repo)
    repo.policy(POLICY)
    assert publish(repo, "DKIM030").code == 0
    assert server.served("s1._domainkey.example.com", "TXT") == {DKIM}


def test_a_disabled_value_in_powerdns_is_never_published(
    repo: RepoFolder, serving_powerdns: Serving
) -> None:
    server = serving_powerdns(example_com=HEAD)
    assert isinstance(server, PowerDns)
    records = [
        {"content": '"v=spf1 ~all"', "disabled": False},
        {"content": '"secret-token"', "disabled": True},
    ]
    server.put_records("example.com", "example.com", "TXT", 300, *records)
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    assert "1 value of this set disabled in PowerDNS" in planned.out
    assert repo.run("apply", str(repo.root / "plan.json")).code == 1
    assert server.served("example.com", "TXT") == {"v=spf1 ~all"}


@pytest.mark.parametrize("beside", ["", "@ IN MX 0 .\n"])
def test_a_null_mx_is_never_put_beside_a_real_one(
    repo: RepoFolder, serving: Serving, beside: str
) -> None:
    server = serving(example_com=HEAD + "@ IN MX 10 mx.example.net.\n" + beside)
    before = server.dump("example.com")
    repo.policy("domain: example.com\nparked: true\n")
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    assert "it receives mail" in planned.out
    for command in ("diff", "verify"):
        told = repo.run(command)
        assert told.code == 2, told.said
        live = "".join(
            f"        live      {value}\n"
            for value in ["0 ."] * bool(beside) + ["10 mx.example.net."]
        )
        assert f"example.com MX  differs\n        policy    0 .\n{live}" in told.out
    assert repo.run("apply", str(repo.root / "plan.json")).code == 1
    assert server.dump("example.com") == before


def test_the_strings_of_a_foreign_value_stay_as_they_were_split(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=HEAD + '@ IN TXT "v=spf1 ~all"\n@ IN TXT "q\\"uo;te" "two"\n')
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    assert publish(repo).code == 0
    strings = {
        rdata.strings for rrset in server.ask("example.com", "TXT").answer for rdata in rrset
    }
    assert strings == {(b"v=spf1 -all",), (b'q"uo;te', b"two")}


def test_dmarc_is_not_tightened_while_the_spf_record_is_blocked(
    repo: RepoFolder, serving_powerdns: Serving
) -> None:
    server = serving_powerdns(example_com=HEAD + '_dmarc IN TXT "v=DMARC1; p=none"\n')
    assert isinstance(server, PowerDns)
    records = [
        {"content": '"v=spf1 ~all"', "disabled": False},
        {"content": '"a-token"', "disabled": True},
    ]
    server.put_records("example.com", "example.com", "TXT", 300, *records)
    before = server.dump("example.com")
    repo.policy("domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: quarantine}\n")
    planned = repo.run("plan", "--out", "plan.json")
    assert planned.code == 1
    assert "waits for the TXT at example.com, which is blocked" in planned.out
    assert repo.run("apply", "plan.json").code == 1
    assert server.dump("example.com") == before
