"""What each section of a policy declares: names, families, values and TTLs."""

from __future__ import annotations

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import mta_sts
from mailauth_dns.records.family import Family, family
from tests.conftest import RepoFolder


def published(repo: RepoFolder, policy: str) -> Publication:
    repo.policy("domain: example.com\n" + policy)
    [publication] = compile_repo(load_repo(repo.root))
    return publication


STS, RPT, LOGO = "_mta-sts.example.com", "_smtp._tls.example.com", "default._bimi.example.com"
TESTING = "mode: testing, mx: [mx.example.com], max_age: 86400"
CASES = [
    (f"mta_sts: {{{TESTING}, id: 2026}}", STS, Family.MTA_STS, {"v=STSv1; id=2026"}, None),
    (
        f"ttl: 60\nmta_sts: {{{TESTING}, id: 2026, other: {{x: 1}}}}",
        STS,
        Family.MTA_STS,
        {"v=STSv1; id=2026; x=1"},
        60,
    ),
    ("mta_sts: absent", STS, Family.MTA_STS, set(), None),
    (
        'tls_rpt: {rua: ["mailto:a@example.com", "https://example.com/tls"], ttl: 60}',
        RPT,
        Family.TLS_RPT,
        {"v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/tls"},
        60,
    ),
    ("tls_rpt: absent", RPT, Family.TLS_RPT, set(), None),
    (
        'bimi: {default: {l: "https://example.com/l.svg"}}',
        LOGO,
        Family.BIMI,
        {"v=BIMI1; l=https://example.com/l.svg"},
        None,
    ),
    ('bimi: {default: {l: "", a: ""}}', LOGO, Family.BIMI, {"v=BIMI1; l=; a="}, None),
    (
        'bimi: {default: {l: "", a: "https://example.com/m.pem", avp: brand, lps: x, '
        'other: {y: "1 2"}, ttl: 60}}',
        LOGO,
        Family.BIMI,
        {"v=BIMI1; l=; a=https://example.com/m.pem; avp=brand; lps=x; y=1 2"},
        60,
    ),
    ("bimi: {default: absent}", LOGO, Family.BIMI, set(), None),
]


@pytest.mark.parametrize(("policy", "name", "owned", "values", "ttl"), CASES)
def test_a_section_declares_one_record(
    repo: RepoFolder, policy: str, name: str, owned: Family, values: set[str], ttl: int | None
) -> None:
    [entry] = published(repo, policy).declared
    assert (entry.key, entry.family, entry.ttl) == ((name, "TXT"), owned, ttl)
    assert entry.values == values
    assert all(family(*entry.key, value) is owned for value in values)


KEYS = {
    '{p: AAAA, other: {g: "*", x: "1 2"}}': {"v=DKIM1; k=rsa; g=*; x=1 2; p=AAAA"},
    "{p: AAAA, k: ed25519, t: s, other: {V: 1}}": {"v=DKIM1; k=ed25519; t=s; V=1; p=AAAA"},
    '{state: revoked, other: {g: "*"}}': {"v=DKIM1; g=*; p="},
    '{p: AAAA, state: absent, other: {g: "*"}}': set(),
}


@pytest.mark.parametrize("selector", KEYS)
def test_a_key_carries_tags_that_verifiers_do_not_know(repo: RepoFolder, selector: str) -> None:
    [alias, key] = published(repo, f"dkim: {{selectors: {{s1: {selector}}}}}").declared
    assert key.key == ("s1._domainkey.example.com", "TXT")
    assert key.values == KEYS[selector]
    assert alias.values == set()


def test_an_id_follows_the_policy_and_nothing_else(repo: RepoFolder) -> None:
    def id(policy: str) -> str:
        [entry] = published(repo, policy).declared
        [text] = entry.values
        return mta_sts.parse(text).id

    first = id(f"mta_sts: {{{TESTING}}}")
    assert first.startswith("testing")
    assert first == id(
        f"ttl: 60\nmta_sts: {{{TESTING.replace('mx.example.com', 'MX.example.com.')}, ttl: 300}}"
    )
    others = [
        TESTING.replace("testing", "enforce"),
        TESTING.replace("mx.e", "mx2.e"),
        TESTING.replace("86400", "86401"),
    ]
    assert len({first, *(id(f"mta_sts: {{{other}}}") for other in others)}) == 4


def test_the_policy_to_serve_goes_with_the_record(repo: RepoFolder) -> None:
    publication = published(
        repo, "mta_sts: {mode: enforce, mx: [mx.example.com, '*.faß.example'], max_age: 604800}"
    )
    assert publication.mta_sts == {
        "example.com": "version: STSv1\nmode: enforce\nmx: mx.example.com\nmx: *.xn--fa-hia.example\n"
        "max_age: 604800\n"
    }
    assert published(repo, "mta_sts: absent").mta_sts == {}


def test_a_parked_domain_inherits_none_of_it(repo: RepoFolder) -> None:
    repo.write(
        "zones/policy/_defaults.yaml",
        f'mta_sts: {{{TESTING}}}\ntls_rpt: {{rua: ["mailto:a@example.com"]}}\nbimi: '
        f"{{default: absent}}\n",
    )
    families = {entry.family for entry in published(repo, "parked: true").declared}
    assert families == {Family.SPF, Family.DKIM, Family.DMARC, Family.NULL_MX}


def test_an_own_section_goes_before_the_inherited_one(repo: RepoFolder) -> None:
    repo.write(
        "zones/policy/_defaults.yaml",
        f"mta_sts: {{{TESTING}}}\nbimi: {{default: absent, x: absent}}\n",
    )
    publication = published(repo, "mta_sts: absent\nbimi: {x: null}\n")
    absent = {(entry.key, entry.family) for entry in publication.declared if not entry.values}
    assert absent == {((STS, "TXT"), Family.MTA_STS), ((LOGO, "TXT"), Family.BIMI)}
