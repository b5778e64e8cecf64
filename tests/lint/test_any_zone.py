"""Rules look at whatever others publish: no value makes one crash or find without words."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import ROOT, DomainName
from mailauth_dns.records.zone import RRset, zone_of
from tests.conftest import RepoFolder
from tests.lint import worlds

POLICY = """\
domain: example.com
spf: {terms: ["include:_spf.example.com", mx, "a:a.example.com", "exp=why.example.com"], all: fail}
dkim:
  selectors:
    s1: {k: ed25519, p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}
    s2: {cname: s2.example.net}
    s3: {state: revoked}
dmarc: {p: reject, rua: ["mailto:d@example.net"]}
mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}
tls_rpt: {rua: ["mailto:t@example.com"]}
bimi: {default: {l: "https://example.com/l.svg"}}
"""
NAMES = (
    *(
        "example.com",
        "_spf.example.com",
        "_dmarc.example.com",
        "s1._domainkey.example.com",
        "s2._domainkey.example.com",
    ),
    *(
        "s3._domainkey.example.com",
        "_mta-sts.example.com",
        "_smtp._tls.example.com",
        "default._bimi.example.com",
        "*.example.com",
    ),
    *(
        "s2.example.net",
        "example.com._report._dmarc.example.net",
        "_dmarc.example.com.example.com",
        "mx.example.com",
        "why.example.com",
    ),
)
PIECES = (
    *(
        "v=spf1",
        " ",
        "include:",
        "a:",
        "ip4:192.0.2.1",
        "redirect=",
        "exp=",
        "example.com",
        "_spf.example.com",
        "/24",
        "~all",
        "%{p}",
        "%",
        ":",
    ),
    *(
        "v=DMARC1",
        ";",
        "=",
        "p=",
        "none",
        "sp",
        "rua=mailto:d@example.net",
        ",",
        "!10m",
        "v=DKIM1",
        "k=rsa",
        "g=*",
        "\\",
        "v=STSv1",
        "id=1",
        "v=TLSRPTv1",
    ),
    *("v=BIMI1", "l=https://example.com/l.svg", "\x00", "\xff", "'", '"', "\t", "="),
)
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text(st.characters(max_codepoint=255), max_size=20),
)
SETS = st.one_of(
    st.tuples(st.just("TXT"), st.frozensets(TEXTS, min_size=1, max_size=2)),
    st.tuples(
        st.just("MX"),
        st.frozensets(
            st.sampled_from(["0 .", "10 mx.example.com.", "10 192.0.2.1.", "x", ""]),
            min_size=1,
            max_size=2,
        ),
    ),
    st.tuples(
        st.just("CNAME"),
        st.frozensets(
            st.sampled_from(["mx.example.com.", "example.com.", "gone.example."]),
            min_size=1,
            max_size=1,
        ),
    ),
    st.tuples(
        st.just("A"), st.frozensets(st.sampled_from(["192.0.2.1", "none"]), min_size=1, max_size=1)
    ),
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(NAMES), SETS, max_size=8))
def test_any_zone_can_be_looked_at(
    repo: RepoFolder, held: dict[str, tuple[str, frozenset[str]]]
) -> None:
    repo.policy(POLICY)
    loaded = load_repo(repo.root)
    publications = compile_repo(loaded)
    zone = zone_of(
        ROOT, (RRset(DomainName(name), kind, 60, values) for name, (kind, values) in held.items())
    )
    found = run(
        RULES,
        worlds.live(
            subjects(loaded, publications, date(2026, 6, 1)),
            publications,
            {"192.0.2.53:53": zone},
            {},
        ),
    )
    assert all(
        finding.message and (finding.unknown or finding.fix) and finding.place.line
        for finding in found
    )
    assert len({rule.id for rule in RULES} & {finding.rule.id for finding in found}) > 0
