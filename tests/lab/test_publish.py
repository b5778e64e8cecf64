"""The main job on real BIND and real PowerDNS: ours is published, everything else is as it was, and the next plan is empty."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from octodns_bind import Rfc2136Provider

from tests.conftest import Ran, RepoFolder
from tests.lab.name_server import NameServer, Record
from tests.lab.powerdns import PowerDns
from tests.lab.zones import DKIM, DMARC, FULL, HEAD, POLICY, SPF

Serving = Callable[..., NameServer]

OURS = {
    ("example.com", "TXT", 300, SPF),
    ("s1._domainkey.example.com", "TXT", 3600, DKIM),
    ("_dmarc.example.com", "TXT", 3600, DMARC),
}


def publish(repo: RepoFolder, *allow: str) -> Ran:
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 0, planned.said
    return repo.run(
        "apply",
        str(repo.root / "plan.json"),
        *(word for each in allow for word in ("--allow", each)),
    )


def nothing_to_do(repo: RepoFolder) -> None:
    planned = repo.run("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.said


def without(records: set[Record], *values: str) -> set[Record]:
    return {record for record in records if record[3] not in values}


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
        + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "back\\\\slash"\n@ 300 IN TXT "caf\\195\\169"\n'
    )
    before = server.dump("example.com")
    repo.policy(POLICY)
    assert publish(repo).code == 0
    assert server.dump("example.com") == without(before, "v=spf1 ~all") | OURS


# What octoDNS's encoders change, cannot hold or never end on, as a master file has it.
HARD = {
    "a backslash": '"back\\\\slash"',
    "a backslash at the end": '"ends in a backslash\\\\"',
    "backslashes": '"' + "\\\\" * 255 + '" "' + "\\\\" * 30 + '"',
    "quotes": '"\\"wholly quoted\\""',
    "a backslash before a semicolon": '"a\\\\\\;b"',
    "no UTF-8": '"not utf-8 \\255\\254"',
    "UTF-8": '"caf\\195\\169 \\226\\130\\172"',
    "a new line": '"new\\010line"',
    "a null octet": '"\\000"',
    "nothing": '""',
    "the same text split in two ways": '"one" "two"\n@ 300 IN TXT "onetwo"',
}


def strings(server: NameServer) -> set[tuple[bytes, ...]]:
    return {rdata.strings for rrset in server.ask("example.com", "TXT").answer for rdata in rrset}


@pytest.mark.parametrize("case", HARD)
def test_values_of_others_are_not_touched_on_bind(
    repo: RepoFolder, serving_bind: Serving, case: str
) -> None:
    """Records are deleted and added one by one, so nobody has to carry the others; strings stay split as they were."""
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


BLOCKED = {
    "an alias in the way of DMARC": (
        "_dmarc IN CNAME dmarc.vendor.example.",
        "_dmarc.example.com",
        "is an alias (CNAME to dmarc.vendor.example.)",
    ),
    "_domainkey delegated": (
        "_domainkey IN NS ns1.vendor.example.",
        "s1._domainkey.example.com",
        "is delegated to other servers (NS)",
    ),
    "a DNAME above": (
        "_domainkey IN DNAME keys.vendor.example.",
        "s1._domainkey.example.com",
        "has a DNAME",
    ),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_what_is_in_the_way_is_named_and_stays(
    repo: RepoFolder, serving: Serving, case: str
) -> None:
    line, name, reason = BLOCKED[case]
    server = serving(example_com=HEAD + line + "\n")
    before = server.dump("example.com")
    repo.policy(POLICY)
    planned = repo.run("plan", "--format", "json", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    [zone] = json.loads(planned.out)["zones"]
    assert [entry["name"] for entry in zone["blocked"]] == [name]
    assert reason in zone["blocked"][0]["reason"]
    assert repo.run("apply", str(repo.root / "plan.json"), "--allow", "live-unknown").code == 1
    after = server.dump("example.com")
    assert before <= after
    assert not any(record[0] == name and record[1] == "TXT" for record in after)


IN_THE_WAY_OF_AN_ALIAS = {
    "an address": ("s1._domainkey IN A 192.0.2.9\n", "A"),
    # The TXT is ours to replace, the address beside it is not: so neither goes.
    "a TXT beside an address": (
        's1._domainkey IN TXT "v=DKIM1; p="\ns1._domainkey IN A 192.0.2.9\n',
        "A",
    ),
    "mail for the name itself": (
        's1._domainkey IN MX 10 mx.example.net.\ns1._domainkey IN CAA 0 issue "ca.example.net"\n',
        "CAA, MX",
    ),
}


@pytest.mark.parametrize("case", IN_THE_WAY_OF_AN_ALIAS)
def test_data_in_the_way_of_an_alias_stays(repo: RepoFolder, serving: Serving, case: str) -> None:
    lines, types = IN_THE_WAY_OF_AN_ALIAS[case]
    server = serving(example_com=HEAD + lines)
    before = server.dump("example.com")
    repo.policy("domain: example.com\ndkim: {selectors: {s1: {cname: s1.keys.example.net}}}\n")
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    assert f"holds other data ({types})" in planned.out
    assert repo.run("apply", str(repo.root / "plan.json")).code == 1
    assert server.dump("example.com") == before


def test_text_at_a_declared_selector_gives_way_to_its_alias(
    repo: RepoFolder, serving: Serving
) -> None:
    """A declared selector owns its TXT, whatever it says; text at names around it is foreign and stays."""
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
    assert "DKIM030" in refused.err
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


PARKED = {
    ("example.com", "TXT", 3600, "v=spf1 -all"),
    ("example.com", "MX", 3600, "0 ."),
    ("_dmarc.example.com", "TXT", 3600, "v=DMARC1; p=reject; sp=reject; np=reject"),
    ("*._domainkey.example.com", "TXT", 3600, "v=DKIM1; p="),
}
FOREIGN = """\
@ IN A 192.0.2.1
@ IN TXT "MS=ms1"
@ IN CAA 0 issue "ca.example.net"
www IN A 192.0.2.1
* IN A 192.0.2.7
undeclared._domainkey IN TXT "v=DKIM1; p="
"""


def test_parked_and_back_leaves_nothing_behind(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=HEAD + FOREIGN)
    before = server.dump("example.com")
    for _ in range(2):
        repo.policy("domain: example.com\nparked: true\n")
        assert publish(repo).code == 0
        assert server.dump("example.com") == before | PARKED
        nothing_to_do(repo)
        repo.policy("domain: example.com\nparked: false\nspf: absent\ndmarc: absent\n")
        assert publish(repo).code == 0
        assert server.dump("example.com") == before
        nothing_to_do(repo)


def test_parked_then_in_use_then_parked_again(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=HEAD + FOREIGN)
    before = server.dump("example.com")
    ours = {(name, type, 3600, value) for name, type, _, value in OURS}
    mx = ("example.com", "MX", 3600, "10 mx.example.net.")

    repo.policy("domain: example.com\nparked: true\n")
    assert publish(repo).code == 0
    assert server.dump("example.com") == before | PARKED
    nothing_to_do(repo)

    repo.policy(POLICY + "parked: false\n")
    assert publish(repo).code == 0
    assert server.dump("example.com") == before | ours
    server.put("example.com", *mx)
    nothing_to_do(repo)
    assert server.dump("example.com") == before | ours | {mx}

    repo.policy("domain: example.com\nparked: true\n")
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 1
    assert "it receives mail" in planned.out
    assert repo.run("apply", str(repo.root / "plan.json"), "--allow", "DMARC033").code == 1
    assert mx in server.dump("example.com")
    assert ("example.com", "MX", 3600, "0 .") not in server.dump("example.com")

    server.put("example.com", *mx[:3])
    assert publish(repo).code == 0
    # The policy no longer declares the selector, so its key is foreign now.
    key = {record for record in ours if record[3] == DKIM}
    assert server.dump("example.com") == before | PARKED | key
    nothing_to_do(repo)


RECEPTION = """\
domain: example.com
mta_sts: {mode: enforce, mx: [mx.example.com, "*.example.net"], max_age: 604800}
tls_rpt: {rua: ["mailto:tls@example.com", "https://example.com/tls?a=b"]}
bimi: {default: {l: "https://example.com/logo.svg", a: "https://example.com/mark.pem"}, old: absent}
"""
REPORTING = 'domain: {}\nproviders: []\ndmarc: {{p: none, rua: ["mailto:dmarc@example.com"]}}\n'
FOREIGN_RECEPTION = """
_mta-sts IN TXT "a note"
_smtp._tls 60 IN TXT "another note"
undeclared._bimi IN TXT "v=BIMI1; l="
satisfied.example._report._dmarc 60 IN TXT "v=DMARC1; rua=mailto:other@example.com"
stranger.example._report._dmarc IN TXT "v=DMARC1;"
"""


def test_mta_sts_tls_rpt_bimi_and_consents_come_and_go_alone(
    repo: RepoFolder, serving: Serving
) -> None:
    old = '_smtp._tls 60 IN TXT "v=TLSRPTv1; rua=mailto:old@example.com"\nold._bimi IN TXT "v=BIMI1; l="\n'
    server = serving(example_com=FULL + FOREIGN_RECEPTION + old)
    before = server.dump("example.com")
    foreign = {
        record
        for record in before
        if not record[3].startswith("v=TLSRPTv1") and record[0] != "old._bimi.example.com"
    }
    repo.policy(RECEPTION)
    for domain in ("satisfied.example", "new.example"):
        repo.policy(REPORTING.format(domain), domain)
    assert publish(repo).code == 0
    [sts] = server.served("_mta-sts.example.com", "TXT") - {"a note"}
    assert re.fullmatch(r"v=STSv1; id=enforce[0-9a-f]{16}", sts)
    bimi = "v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/mark.pem"
    ours = {
        ("_mta-sts.example.com", "TXT", 3600, sts),
        (
            "_smtp._tls.example.com",
            "TXT",
            60,
            "v=TLSRPTv1; rua=mailto:tls@example.com,https://example.com/tls?a=b",
        ),
        ("default._bimi.example.com", "TXT", 3600, bimi),
    }
    consent = {("new.example._report._dmarc.example.com", "TXT", 3600, "v=DMARC1")}
    assert server.dump("example.com") == foreign | ours | consent
    nothing_to_do(repo)
    assert repo.run("verify", "example.com").code == 0

    repo.policy("domain: example.com\nmta_sts: absent\ntls_rpt: absent\nbimi: {default: absent}\n")
    refused = publish(repo)
    assert refused.code == 1
    assert "(STS017; --allow STS017:example.com if that is meant)" in refused.err
    assert server.dump("example.com") == foreign | ours | consent
    assert publish(repo, "STS017:example.com").code == 0
    assert server.dump("example.com") == foreign | consent
    nothing_to_do(repo)


def test_a_wildcard_consent_is_left_to_answer_for_everybody(
    repo: RepoFolder, serving: Serving
) -> None:
    server = serving(example_com=HEAD + '*._report._dmarc IN TXT "v=DMARC1"\n')
    before = server.dump("example.com")
    repo.policy("domain: example.com\nspf: absent\n")
    repo.policy(REPORTING.format("a.example"), "a")
    nothing_to_do(repo)
    assert server.dump("example.com") == before
    [zone] = json.loads(repo.run("plan", "--format", "json").out)["zones"]
    states = {row["name"]: row["state"] for row in zone["live"]}
    assert states == {"a.example._report._dmarc.example.com": "as policy"}


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


def test_a_zone_the_server_does_not_have_is_not_made(repo: RepoFolder, serving: Serving) -> None:
    serving(example_com=HEAD)
    repo.policy("domain: example.org\nspf: {all: fail}\n")
    planned = repo.run("plan")
    assert planned.code == 1
    assert "example.org" in planned.out
    assert "does not have the zone" in planned.out or "has no zone example.org" in planned.out


def test_a_server_that_is_down_is_told_clearly(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=HEAD)
    repo.policy(POLICY)
    assert repo.run("plan", "--out", str(repo.root / "plan.json")).code == 0
    server.stop()
    planned = repo.run("plan")
    assert planned.code == 1
    assert "could not be planned" in planned.out
    applied = repo.run("apply", str(repo.root / "plan.json"))
    assert applied.code == 1
    for secret in server.environment.values():
        assert secret not in planned.said + applied.said


def test_a_wrong_secret_is_told_without_the_secret(
    repo: RepoFolder, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving(example_com=HEAD)
    [name] = server.environment
    monkeypatch.setenv(name, "d3JvbmctYnV0LWJhc2U2NC13cm9uZy1idXQtYmFzZTY0IQ==")
    repo.policy(POLICY)
    planned = repo.run("plan")
    assert planned.code == 1
    assert "d3Jvbmct" not in planned.said


WRONG_KEYS: dict[str, tuple[dict[str, object], str, str]] = {
    "another secret": (
        {},
        "d3JvbmctYnV0LWJhc2U2NC13cm9uZy1idXQtYmFzZTY0IQ==",
        "the server has another secret for the key: compare key_secret",
    ),
    "a secret that is cut": (
        {},
        "d3JvbmctYnV0LWJhc2U2NC13",
        "the server has another secret for the key: compare key_secret",
    ),
    "no Base64": ({}, "d3Jvbmctb", "key_secret is not Base64: copy it whole"),
    "another name": (
        {"key_name": "other-key"},
        "",
        "the server does not know the key: compare key_name",
    ),
    "another algorithm": (
        {"key_algorithm": "hmac-sha512"},
        "",
        "key_algorithm, with the server's key statement",
    ),
}


@pytest.mark.parametrize("case", WRONG_KEYS)
def test_what_is_wrong_with_a_key_is_told_by_its_name_in_the_stanza(
    repo: RepoFolder, serving_bind: Serving, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    server = serving_bind(example_com=HEAD)
    stanza, secret, said = WRONG_KEYS[case]
    repo.provider("bind", {**server.stanza(), **stanza})
    if secret:
        monkeypatch.setenv("LAB_BIND_SECRET", secret)
    repo.policy(POLICY)
    planned = repo.run("plan")
    assert planned.code == 1
    assert said in planned.out
    assert not secret or secret not in planned.said


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
    server = serving_powerdns(
        example_com=HEAD
        + '@ IN TXT "ends in \\\\"\n@ IN TXT "v=spf1 ~all"\n_dmarc IN TXT "v=DMARC1; p=none"\n'
    )
    before = server.dump("example.com")
    repo.policy("domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: quarantine}\n")
    planned = repo.run("plan", "--out", "plan.json")
    assert planned.code == 1
    assert "waits for the TXT at example.com, which is blocked" in planned.out
    assert repo.run("apply", "plan.json").code == 1
    assert server.dump("example.com") == before
