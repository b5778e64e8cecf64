"""Parked domains, MTA-STS, TLS-RPT, BIMI and consents on real servers: they come and go alone."""

from __future__ import annotations

import json
import re

from tests.conftest import RepoFolder
from tests.lab.publishing import OURS, Serving, nothing_to_do, publish
from tests.lab.zones import DKIM, FULL, HEAD, POLICY

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
allow: [{rule: STS019, reason: nobody reports in the lab, until: 2999-01-01}]
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
    assert "(STS017; --allow STS017:example.com if that is meant)" in refused.out
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
