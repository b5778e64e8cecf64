"""Random foreign zones, random policies: everything foreign is identical afterwards, and the second plan is empty."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.compile import compile_repo
from mailauth_dns.diff.consent import Consents
from mailauth_dns.octo.targets import Target
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone, quoted

NOW = datetime(2026, 6, 1, tzinfo=UTC)

labels = st.sampled_from(
    [
        *("@", "www", "mail", "_dmarc", "s1._domainkey", "s2._domainkey", "x._domainkey", "_acme-challenge", "*", "*.sub", "a.b.c"),
        *("_mta-sts", "_smtp._tls", "default._bimi", "x._bimi"),
        *("example.net._report._dmarc", "*._report._dmarc", "x.net._report._dmarc", "*.net._report._dmarc"),
    ]
)
octets = st.text(st.characters(min_codepoint=0, max_codepoint=255), min_size=0, max_size=300)
texts = st.one_of(
    octets,
    st.sampled_from(
        [
            "v=spf1 a ~all",
            "V=SPF1 -all",
            "v=spf10",
            "v=DMARC1; p=none",
            "v=DMARC1;p=reject;",
            "v=DKIM1; p=",
            "v=DMARC1",
            "v=STSv1; id=1",
            "V=STSv1",
            "v=TLSRPTv1; rua=mailto:a@example.com",
            "v=BIMI1; l=",
            "p=AAAA",
            '"quoted"',
            "a\\b\\",
            "x;y\\;z",
            'a" "b',
        ]
    ),
).map(quoted)
rdatas = st.one_of(
    texts.map(lambda text: ("TXT", text)),
    st.sampled_from(
        [("A", "192.0.2.1"), ("A", "192.0.2.2"), ("AAAA", "2001:db8::1"), ("MX", "10 mx.example.net."), ("CAA", '0 issue "ca.example.net"')]
    ),
)
records = st.lists(st.tuples(labels, st.sampled_from([60, 3600]), rdatas), max_size=14)

policies = st.fixed_dictionaries(
    {},
    optional={
        "spf": st.sampled_from(["absent", "{all: fail}", "{terms: [mx, a], all: softfail}", '{terms: ["ip4:192.0.2.0/24"], ttl: 60}']),
        "dkim": st.sampled_from(
            [
                "{selectors: {s1: {p: AAAA}}}",
                "{selectors: {s1: {state: absent}, s2: {cname: k.example.net}}}",
                "{selectors: {s2: {state: revoked}}}",
            ]
        ),
        "dmarc": st.sampled_from(["absent", "{p: none}", "{p: reject, np: reject, ttl: 300}"]),
        "mta_sts": st.sampled_from(["absent", "{mode: none, max_age: 60}", "{mode: enforce, mx: [mx.example.com], max_age: 60, id: 1}"]),
        "tls_rpt": st.sampled_from(["absent", '{rua: ["mailto:a@example.com"]}']),
        "bimi": st.sampled_from(["{default: absent}", '{default: {l: "", ttl: 60}, x: absent}']),
        "ttl": st.sampled_from(["60", "7200"]),
    },
)


def zone_text(entries: list[tuple[str, int, tuple[str, str]]]) -> str:
    head = "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"
    ttls: dict[tuple[str, str], int] = {}
    lines = []
    for name, ttl, (type, rdata) in entries:
        one = ttls.setdefault((name, type), ttl)  # RFC 2181 §5.2: one TTL a set
        lines.append(f"{name} {one} IN {type} {rdata}\n")
    return head + "".join(dict.fromkeys(lines))


def foreign(zone: Zone, declared: dict[tuple[DomainName, str], object]) -> set[tuple[str, str, str]]:
    return {
        (rrset.name, rrset.type, value)
        for rrset in zone.rrsets
        for value in rrset.values
        if rrset.type != "SOA" and (rrset.key not in declared or family(rrset.name, rrset.type, value) is not declared[rrset.key])
    }


@settings(max_examples=150)
@given(records, policies)
def test_foreign_data_is_identical_and_the_second_plan_is_empty(
    entries: list[tuple[str, int, tuple[str, str]]], policy: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in {
            "zones/policy/p.yaml": "domain: example.com\nproviders: [local]\n"
            + "".join(f"{key}: {value}\n" for key, value in policy.items()),
            "zones/policy/other.yaml": 'domain: example.net\ndmarc: {p: none, rua: ["mailto:a@example.com"]}\n',
            "providers/local.yaml": "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n",
            "served/example.com.zone": zone_text(entries),
        }.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        repo = load_repo(root)
        [publication, _] = compile_repo(repo)
        target = Target(repo.stanzas["local"], root)
        before = target.read(publication.origin)
        proposal = target.propose(publication, NOW)
        if proposal.octodns_plan is not None:
            target.apply(proposal)
        after = target.read(publication.origin)
        declared: dict[tuple[DomainName, str], object] = {entry.key: entry.family for entry in publication.declared}
        assert foreign(after, declared) == foreign(before, declared)
        blocked = {entry.key for entry in proposal.difference.blocked}
        for entry in publication.declared:
            there = after.get(entry.key)
            ours = {value for value in there.values if family(*entry.key, value) is entry.family} if there is not None else set()
            if entry.family is Family.DMARC_REPORT:
                assert entry.key in blocked or Consents(after).has(entry.key)
            elif entry.key not in blocked:
                assert len(ours) == len(entry.values)
        again = target.propose(publication, NOW)
        assert again.difference.changes == ()
        assert {entry.key for entry in again.difference.blocked} == blocked
