"""DMARC reports to another organization of the repo: its consent appears by itself (RFC 9990)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.errors import PolicyError
from mailauth_dns.evaluate.report_destination import destination
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.dmarc import Uri
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import ROOT, DomainName
from mailauth_dns.records.zone import zone_of
from tests.conftest import RepoFolder

REPORTS = 'dmarc: {p: none, rua: ["mailto:r@reports.example"]}'
TO = 'dmarc: {{p: none, rua: ["mailto:r@{}"]}}'

# name -> policies by domain, and the consents by zone
CASES: dict[str, tuple[dict[str, str], dict[str, set[str]]]] = {
    "a host of another zone": (
        {"example.com": REPORTS, "reports.example": "spf: absent"},
        {"reports.example": {"example.com._report._dmarc.reports.example"}},
    ),
    "a host below another zone": (
        {"example.com": TO.format("in.reports.example"), "reports.example": "spf: absent"},
        {"reports.example": {"example.com._report._dmarc.in.reports.example"}},
    ),
    "the deepest zone holds it": (
        {
            "example.com": TO.format("a.in.reports.example"),
            "reports.example": "spf: absent",
            "in.reports.example": "spf: absent",
        },
        {"in.reports.example": {"example.com._report._dmarc.a.in.reports.example"}},
    ),
    "a host that the repo does not hold": (
        {"example.com": REPORTS, "example.org": "spf: absent"},
        {},
    ),
    "the domain itself": ({"example.com": TO.format("example.com")}, {}),
    "a host below the domain": ({"example.com": TO.format("reports.example.com")}, {}),
    "a host above, which has a record of the repo": (
        {
            "example.com": "dmarc: {p: none}",
            "a.example.com": "zone: example.com\n" + TO.format("example.com"),
        },
        {},
    ),
    "a host above, which is parked": (
        {
            "example.com": "parked: true",
            "a.example.com": "zone: example.com\n" + TO.format("example.com"),
        },
        {},
    ),
    # Without a record above, each of the two is an organization of its own (RFC 9989 §4.10.2).
    "a host above, which has none": (
        {
            "example.com": "spf: absent",
            "a.example.com": "zone: example.com\n" + TO.format("example.com"),
        },
        {"example.com": {"a.example.com._report._dmarc.example.com"}},
    ),
    "a sister under a record of the repo": (
        {
            "example.com": "dmarc: {p: none}",
            "a.example.com": TO.format("b.example.com"),
            "b.example.com": "spf: absent",
        },
        {},
    ),
    "a tenant, who is an organization of its own": (
        {
            "example.com": "dmarc: {p: none}",
            "t.example.com": 'dmarc: {p: none, psd: n, rua: ["mailto:r@example.com"]}',
        },
        {"example.com": {"t.example.com._report._dmarc.example.com"}},
    ),
    "sisters under a public suffix": (
        {
            "example.com": "dmarc: {p: none, psd: y}",
            "a.example.com": TO.format("b.example.com"),
            "b.example.com": "dmarc: {p: none}",
        },
        {"b.example.com": {"a.example.com._report._dmarc.b.example.com"}},
    ),
    # The walk from nine labels goes on at seven (RFC 9989 §4.10): it does not see what stands at
    # eight.
    "nine labels, and an organization at eight that takes the reports": (
        {
            "example.com": "dmarc: {p: none}",
            "b.c.d.e.f.g.example.com": "dmarc: {p: none, psd: n}",
            "a.b.c.d.e.f.g.example.com": TO.format("b.c.d.e.f.g.example.com"),
        },
        {
            "b.c.d.e.f.g.example.com": {
                "a.b.c.d.e.f.g.example.com._report._dmarc.b.c.d.e.f.g.example.com"
            }
        },
    ),
    "nine labels, and reports to the organization that the walk finds": (
        {
            "example.com": "dmarc: {p: none}",
            "b.c.d.e.f.g.example.com": "dmarc: {p: none, psd: n}",
            "a.b.c.d.e.f.g.example.com": TO.format("example.com"),
        },
        {},
    ),
    "eight labels, where the walk leaves none out": (
        {
            "example.com": "dmarc: {p: none}",
            "c.d.e.f.g.example.com": "dmarc: {p: none, psd: n}",
            "b.c.d.e.f.g.example.com": TO.format("c.d.e.f.g.example.com"),
        },
        {},
    ),
    "a parked domain": (
        {
            "example.com": 'parked: true\ndmarc: {rua: ["mailto:r@reports.example"]}',
            "reports.example": "spf: absent",
        },
        {"reports.example": {"example.com._report._dmarc.reports.example"}},
    ),
    "failure reports too, and each host once": (
        {
            "example.com": 'dmarc: {p: none, rua: ["mailto:a@reports.example", '
            '"mailto:b@reports.example"], ruf: ["mailto:c@example.org"]}',
            "reports.example": "spf: absent",
            "example.org": "spf: absent",
        },
        {
            "reports.example": {"example.com._report._dmarc.reports.example"},
            "example.org": {"example.com._report._dmarc.example.org"},
        },
    ),
    "no report address": ({"example.com": "dmarc: absent", "example.org": "dmarc: {p: none}"}, {}),
    "an address that is no mail": (
        {
            "example.com": 'dmarc: {p: none, rua: ["https://reports.example/r"]}',
            "reports.example": "spf: absent",
        },
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_consents(repo: RepoFolder, case: str) -> None:
    policies, expected = CASES[case]
    for domain, text in policies.items():
        repo.policy(f"domain: {domain}\nttl: 60\n{text}\n", domain)
    found: dict[str, set[str]] = {}
    for publication in compile_repo(load_repo(repo.root)):
        for entry in publication.declared:
            if entry.family is Family.DMARC_REPORT:
                assert (entry.key[1], entry.values, entry.ttl) == (
                    "TXT",
                    frozenset({"v=DMARC1"}),
                    60,
                )
                assert (
                    entry.key[0]
                    == f"{entry.domain}._report._dmarc." + entry.key[0].split("._report._dmarc.")[1]
                )
                found.setdefault(publication.origin, set()).add(entry.key[0])
    assert found == expected


DEEP = ["a", "b", "c", "d", "e", "f", "g", "h", "example", "com"]
labels = st.integers(0, len(DEEP) - 2).map(lambda at: ".".join(DEEP[at:])) | st.sampled_from(
    ["x.example.com", "x.b.c.d.e.f.g.h.example.com"]
)
psd = st.sampled_from(["", ", psd: n", ", psd: y"])


@settings(max_examples=60)
@given(policies=st.dictionaries(labels, st.tuples(psd, labels), min_size=1, max_size=8))
def test_receivers_send_every_report_that_goes_to_a_host_of_the_repo(
    tmp_path: Path, policies: dict[str, tuple[str, str]]
) -> None:
    folder = tmp_path / "zones/policy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, (domain, (tag, host)) in enumerate(policies.items()):
        text = (
            f"domain: {domain}\nzone: example.com\ndmarc: {{p: none{tag}, rua: "
            f'["mailto:r@{host}"]}}\n'
        )
        (folder / f"p{number}.yaml").write_text(text)
    published = compile_repo(load_repo(tmp_path))
    world = ZoneResolver(
        [zone_of(ROOT, (rrset for publication in published for rrset in publication.zone.rrsets))]
    )
    for domain, (_, host) in policies.items():
        reports = destination(DomainName(domain), Uri(f"mailto:r@{host}"), world)
        assert reports.accepted is True, reports
        consent = dmarc_consent.report_name(DomainName(domain), DomainName(host))
        assert (reports.authorisation is None) == all(
            publication.zone.get((consent, "TXT")) is None for publication in published
        )


def test_a_consent_goes_with_the_domain_whose_reports_it_is_about(repo: RepoFolder) -> None:
    repo.policy(f"domain: example.com\n{REPORTS}\n", "a")
    repo.policy("domain: reports.example\nspf: absent\n", "b")
    [_, holder] = compile_repo(load_repo(repo.root))
    assert holder.domains == ("example.com", "reports.example")
    [consent] = holder.only(frozenset({"example.com"})).declared  # type: ignore[arg-type]
    assert consent.family is Family.DMARC_REPORT
    assert holder.digest != holder.only(frozenset({"reports.example"})).digest  # type: ignore[arg-type]


def test_a_consent_whose_name_is_too_long_is_told_at_the_address(repo: RepoFolder) -> None:
    long = ".".join(["a" * 60] * 3)
    repo.policy(
        f'domain: {long}.example\ndmarc:\n  p: none\n  rua: ["mailto:r@{"b" * 60}.example"]\n', "a"
    )
    repo.policy(f"domain: {'b' * 60}.example\nspf: absent\n", "b")
    with pytest.raises(PolicyError) as caught:
        compile_repo(load_repo(repo.root))
    [problem] = caught.value.problems
    assert (problem.path, problem.line, problem.column, problem.key) == (
        "zones/policy/a.yaml",
        4,
        9,
        "dmarc.rua.0",
    )
    assert "has 274 octets; DNS allows 253" in problem.message
