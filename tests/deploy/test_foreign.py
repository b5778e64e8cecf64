"""Random foreign zones, random policies: everything foreign is identical afterwards, ours is what is declared, the second plan is empty."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.deploy.apply import ApplyRequest, apply
from mailauth_dns.deploy.make_plan import PlanRequest, make_plan
from mailauth_dns.deploy.provider_pool import ProviderPool, providers
from mailauth_dns.deploy.zone_write import Status
from mailauth_dns.diff.equivalence import same
from mailauth_dns.diff.report_consent import Consents
from mailauth_dns.masterfile.master_file import parse
from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.plan.plan import Plan
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, quoted

ORIGIN = DomainName("example.com")
HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"
EVERYTHING = tuple(
    Allowance(id, None)
    for id in ("live-unknown", "DKIM030", "DMARC033", "SPF010", "STS017", "DNS004")
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
    """Return the zone's file; what no server would load (RFC 1034 §3.6.2, RFC 2181 §5.2) is left out or made one."""
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
        "zones/policy/other.yaml": 'domain: example.net\ndmarc: {p: none, rua: ["mailto:a@example.com"]}\n',
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


# What must hold


@dataclass(frozen=True)
class Held:
    """What the served file says, beside what is declared for the zone."""

    zone: Zone
    publication: Publication

    def ours(self, entry: Declared) -> RRset | None:
        """Return the set with only the values that the policy owns."""
        there = self.zone.get(entry.key)
        owned = (
            {value for value in there.values if family(*entry.key, value) is entry.family}
            if there is not None
            else set()
        )
        return (
            RRset(*entry.key, there.ttl, frozenset(owned)) if there is not None and owned else None
        )

    def foreign(self, shared_ttl: bool) -> set[RRset]:
        """Return the sets without what is ours, each with its TTL; `shared_ttl` False leaves it out of the sets we share."""
        found = set()
        for rrset in self.zone.rrsets:
            entry = next(
                (entry for entry in self.publication.declared if entry.key == rrset.key), None
            )
            mine = self.ours(entry) if entry is not None else None
            values = rrset.values - (mine.values if mine is not None else frozenset())
            if values and rrset.type != "SOA":
                found.add(
                    RRset(*rrset.key, rrset.ttl if entry is None or shared_ttl else None, values)
                )
        return found


def above(name: DomainName) -> Iterator[DomainName]:
    while name != ORIGIN:
        name = DomainName(name.partition(".")[2])
        yield name


def is_never_served(zone: Zone, name: DomainName) -> bool:
    """Tell whether a delegation or a DNAME takes the name away from this zone (RFC 1034 §4.3.2, RFC 6672 §2.3)."""
    cut = any(zone.get((upper, "NS")) for upper in (name, *above(name)) if upper != ORIGIN)
    return cut or any(zone.get((upper, "DNAME")) for upper in above(name))


def may_be_refused(zone: Zone, entry: Declared) -> bool:
    """Tell whether anything stands in the way of a declared set, whether or not it has to change."""
    name, type = entry.key
    at_name = [rrset for rrset in zone.rrsets if rrset.name == name]
    alias = any(zone.get((upper, "CNAME")) for upper in (name, *above(name)))
    in_use = zone.get((entry.domain, "MX")) is not None
    # octoDNS cannot write a value that closes with a backslash, nor 255 of them in a row; changes of one name go together.
    unwritable = any(
        value.endswith("\\") or "\\" * 255 in value
        for rrset in at_name
        if rrset.type == "TXT"
        for value in rrset.values
    )
    return (
        is_never_served(zone, name)
        or alias
        or (type == "CNAME" and bool(at_name))
        or in_use
        or unwritable
    )


def waits(entry: Declared, publication: Publication, blocked: Collection[tuple[str, str]]) -> bool:
    """Tell whether a DMARC record waits for the SPF record that lets the domain's own mail pass."""
    ahead = (
        each
        for each in publication.declared
        if each.domain == entry.domain and each.family is Family.SPF
    )
    return entry.family is Family.DMARC and any(each.key in blocked for each in ahead)


def check_ours(before: Held, after: Held, entry: Declared, normalize: bool) -> None:
    """What is declared is there: in our words where it had to change or `normalize` asks for them, else as it was."""
    had, has = before.ours(entry), after.ours(entry)
    if entry.family is Family.DMARC_REPORT and Consents(before.zone).has(entry.key):
        assert (
            has == had
        )  # whoever wrote it, in whatever words, and be it a wildcard's: nothing is added to it
        return
    values = has.values if has is not None else frozenset()
    same_before = same(
        entry.family, entry.key[1], had.values if had is not None else frozenset(), entry.values
    )
    assert values == (
        had.values if had is not None and same_before and not normalize else entry.values
    )
    if has is None:
        return
    there = before.zone.get(entry.key)
    shared = there is not None and had != there
    kept_ttl = there.ttl if there is not None else 3600
    assert has.ttl == (kept_ttl if shared and not normalize else entry.ttl or kept_ttl)


@settings(max_examples=120)
@given(entries.map(zone_text), policies, st.booleans())
def test_foreign_data_is_identical_and_ours_is_what_is_declared(
    foreign: str, bodies: Mapping[str, Body], normalize: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        repo = written(root, foreign, bodies)
        [publication, _] = compile_repo(repo)

        def held() -> Held:
            return Held(
                parse(
                    ORIGIN, (root / "served/example.com.zone").read_bytes().decode("latin-1")
                ).zone(),
                publication,
            )

        def planned(pool: ProviderPool) -> Plan:
            return make_plan(
                repo, pool, [publication], PlanRequest(live=False, normalize=normalize)
            )

        before = held()
        with providers(repo) as pool:
            plan = planned(pool)
            request = ApplyRequest(EVERYTHING, wait=0, live=False)
            [outcome] = apply(plan, pool, request).zones
        [zone] = plan.zones
        changes, blocked = (
            {(each.name, each.type) for each in zone.changes},
            {(each.name, each.type) for each in zone.blocked},
        )
        after = held()

        assert (
            outcome.status
            is {
                (True, True): Status.PARTIAL,
                (True, False): Status.APPLIED,
                (False, True): Status.REFUSED,
                (False, False): Status.UNCHANGED,
            }[bool(changes), bool(blocked)]
        )
        assert after.foreign(not normalize) == before.foreign(not normalize)
        for entry in publication.declared:
            if entry.key in blocked:
                assert after.ours(entry) == before.ours(entry)
                assert may_be_refused(before.zone, entry) or waits(entry, publication, blocked)
            else:
                check_ours(before, after, entry, normalize)
                assert not (entry.values and is_never_served(before.zone, entry.key[0]))
        with providers(repo) as pool:
            [again] = planned(pool).zones
        assert again.changes == ()
        assert {(each.name, each.type) for each in again.blocked} == blocked
