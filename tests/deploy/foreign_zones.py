"""Random zones with foreign records, and random policies for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted

ORIGIN = DomainName("example.com")
HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"
EVERYTHING = tuple(
    Allowance(id, None)
    for id in (
        "live-unknown",
        "DKIM030",
        "DMARC032",
        "DMARC033",
        "SPF010",
        "STS017",
        "STS019",
        "DNS004",
    )
)

# Foreign data

LABELS = [
    "@",
    "www",
    "a.b.c",
    "*",
    "*.sub",
    "_acme-challenge",
    "_dmarc",
    "_domainkey",
    "s1._domainkey",
    "s2._domainkey",
    "x._domainkey",
    "*._domainkey",
    "sub",
    "_dmarc.sub",
    "_domainkey.sub",
    "s1._domainkey.sub",
    "_mta-sts",
    "_smtp._tls",
    "default._bimi",
    "x._bimi",
    "example.net._report._dmarc",
    "*._report._dmarc",
    "x.net._report._dmarc",
    "*.net._report._dmarc",
]
octets = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=300)
MAIL_TEXTS = [
    "v=spf1 a ~all",
    "V=SPF1 -all",
    "v=spf1 -all",
    "v=spf10",
    "v=DMARC1; p=none",
    "v=DMARC1;p=reject;",
    "v=DKIM1; p=",
    "p=AAAA",
]
MORE_MAIL_TEXTS = [
    "v=DMARC1",
    "v=STSv1; id=1",
    "V=STSv1",
    "v=TLSRPTv1; rua=mailto:a@example.com",
    "v=BIMI1; l=",
]
ODD_TEXTS = ['"quoted"', "a\\b\\", "x;y\\;z", 'a" "b']
texts = st.one_of(octets, *map(st.sampled_from, (MAIL_TEXTS, MORE_MAIL_TEXTS, ODD_TEXTS))).map(
    quoted
)
OTHERS = [
    ("A", "192.0.2.1"),
    ("A", "192.0.2.2"),
    ("AAAA", "2001:db8::1"),
    ("MX", "10 mx.example.net."),
    ("MX", "0 ."),
    ("CAA", '0 issue "ca.example.net"'),
    ("SRV", "10 5 5060 sip.example.net."),
    ("CNAME", "target.example.net."),
    ("NS", "ns9.example.net."),
    ("DNAME", "elsewhere.example.net."),
]
rdatas = st.one_of(texts.map(lambda text: ("TXT", text)), st.sampled_from(OTHERS))
Entry = tuple[str, int, tuple[str, str]]  # label, TTL in seconds, type and rdata
entries = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from([60, 3600]), rdatas), max_size=14
)


def zone_text(drawn: list[Entry]) -> str:
    """Return the zone's file, without what no server loads (RFC 1034 §3.6.2, RFC 2181 §5.2)."""
    ttls: dict[tuple[str, str], int] = {}
    types: dict[str, set[str]] = {"@": {"SOA", "NS"}}
    lines = []
    for label, ttl, (type, rdata) in drawn:
        there = types.setdefault(label, set())
        if (
            "CNAME" in there
            or (type == "CNAME" and there)
            or (type == "DNAME" and "DNAME" in there)
        ):
            continue
        there.add(type)
        lines.append(f"{label} {ttls.setdefault((label, type), ttl)} IN {type} {rdata}\n")
    return HEAD + "".join(dict.fromkeys(lines))


# Policies: one or two of the zone, in use or parked

sections = st.fixed_dictionaries(
    {},
    optional={
        "spf": st.sampled_from(
            [
                "absent",
                "{all: fail}",
                "{terms: [mx, a], all: softfail}",
                '{terms: ["ip4:192.0.2.0/24"], ttl: 60}',
            ]
        ),
        "dkim": st.sampled_from(
            [
                "{selectors: {s1: {p: AAAA}}}",
                "{selectors: {s1: {state: absent}, s2: {cname: k.example.net}}}",
                "{selectors: {s2: {state: revoked}}}",
            ]
        ),
        "dmarc": st.sampled_from(["absent", "{p: none}", "{p: reject, np: reject, ttl: 300}"]),
        "mta_sts": st.sampled_from(
            [
                "absent",
                "{mode: none, max_age: 60}",
                "{mode: enforce, mx: [mx.example.com], max_age: 60, id: 1}",
            ]
        ),
        "tls_rpt": st.sampled_from(["absent", '{rua: ["mailto:a@example.com"]}']),
        "bimi": st.sampled_from(["{default: absent}", '{default: {l: "", ttl: 60}, x: absent}']),
        "parked": st.just("false"),
        "ttl": st.sampled_from(["60", "7200"]),
    },
)
parked = st.sampled_from(
    [
        {"parked": "true"},
        {"parked": "true", "ttl": "60", "dmarc": '{rua: ["mailto:d@example.net"]}'},
    ]
)
Body = dict[str, str]
bodies: st.SearchStrategy[Body] = st.one_of(sections, parked)
policies = st.dictionaries(st.sampled_from(["example.com", "sub.example.com"]), bodies, min_size=1)


def written(root: Path, foreign: str, bodies: Mapping[str, Body]) -> Repo:
    files = {
        "providers/local.yaml": "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n",
        "served/example.com.zone": foreign,
        # Of another organization, with reports to this zone: its consent belongs here.
        "zones/policy/other.yaml": (
            'domain: example.net\ndmarc: {p: none, rua: ["mailto:a@example.com"]}\n'
        ),
    }
    for domain, body in bodies.items():
        lines = {"domain": domain, "zone": ORIGIN, "providers": "[local]", **body}
        files[f"zones/policy/{domain}.yaml"] = "".join(
            f"{key}: {value}\n" for key, value in lines.items()
        )
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return load_repo(root)
