"""Random zones in random spellings: the policy that import writes plans to nothing, and says or tells of everything about mail."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailauth_dns.cli import main
from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.make_plan import PlanRequest, make_plan
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.diff.equivalence import disputed, parsed, same
from mailauth_dns.masterfile.master_file import parse
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.scalars import UNSAFE
from mailauth_dns.records import mta_sts, spf
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, quoted
from tests.records import strategies as records

ORIGIN = DomainName("example.com")
HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"


def respelled_tags(text: str, seed: int, *, version_first: bool) -> str:
    """Return a tag list with other spaces, another order and more semicolons."""
    chance = random.Random(seed)

    def space() -> str:
        return chance.choice(["", "", " ", "  ", "\t"])

    first, *rest = text.split("; ")
    tags = (
        [first, *chance.sample(rest, len(rest))]
        if version_first
        else chance.sample([first, *rest], 1 + len(rest))
    )
    spaced = []
    for tag in tags:
        name, _, value = tag.partition("=")
        spaced.append(f"{name}{space()}={space()}{value}{space()}")
    return f";{space()}".join(spaced) + chance.choice(["", ";", "; ", ";;"])


def chunked(text: str, seed: int) -> str:
    """Return a TXT value as a master file holds it, cut anywhere, some strings without quotes and some empty."""
    chance = random.Random(seed)
    at = sorted(chance.randint(0, len(text)) for _ in range(chance.randint(0, 3)))
    pieces = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    return " ".join(
        piece if piece.isalnum() and chance.random() < 0.5 else quoted(piece) for piece in pieces
    )


def respelled_spf(text: str, seed: int) -> str:
    chance = random.Random(seed)
    version, *words = text.split(" ")
    words = [word.upper() if chance.random() < 0.2 and "%" not in word else word for word in words]
    return (" " * chance.randint(1, 2)).join(
        [chance.choice([version, "V=spf1", "v=SPF1"]), *words]
    ) + chance.choice(["", " "])


seeds = st.integers(0, 2**16)
spf_texts = st.builds(respelled_spf, records.spf_records.map(str), seeds)
dkim_texts = st.builds(
    lambda text, seed: respelled_tags(text, seed, version_first=True),
    records.dkim_records.map(str),
    seeds,
)
reporting = st.sampled_from(
    [
        "v=DMARC1; p=none; rua=mailto:d@example.net",
        "v=DMARC1; p=reject; np=none; ruf=mailto:d@sub.example.net",
    ]
)
dmarc_texts = st.builds(
    lambda text, seed: respelled_tags(text, seed, version_first=True),
    st.one_of(records.dmarc_records.map(str), reporting),
    seeds,
)
bimi_texts = st.builds(
    lambda text, seed: respelled_tags(text, seed, version_first=True),
    records.bimi_records.map(str),
    seeds,
)
sts_texts = records.mta_sts_records.map(lambda record: str(record).replace("; ", ";") + ";")
rpt_texts = records.tlsrpt_records.map(lambda record: str(record).replace("; ", " ;  "))
odd_texts = st.sampled_from(
    [
        'v=spf1 "quoted" -all',
        "v=spf1;",
        "V=DMARC1; p=none",
        "v=DMARC1; p=maybe",
        'v=DKIM1; n="a \\ b"; p=',
        "p=AAAA; p=",
        "spf2.0/pra a",
        "x",
    ]
)
near_texts = st.one_of(records.near_spf, records.near_tags, records.near_fields, odd_texts).map(
    lambda text: text.encode("latin-1", "replace").decode("latin-1")
)
hosts = st.sampled_from(["k.example.net.", "_x.Example.ORG.", "."])

Place = tuple[str, str, str]  # label, type, rdata


def texts_at(label: str, good: st.SearchStrategy[str]) -> st.SearchStrategy[list[Place]]:
    values: st.SearchStrategy[list[str]] = st.one_of(
        good.map(lambda text: [text]),
        st.lists(st.one_of(good, near_texts), max_size=2),
        st.just([]),
    )
    data = st.builds(
        lambda found, seed: [(label, "TXT", chunked(text, seed)) for text in found], values, seeds
    )
    return (
        st.one_of(data, data, data, hosts.map(lambda host: [(label, "CNAME", host)]))
        if label != "@"
        else data
    )


LABELS: dict[str, st.SearchStrategy[str]] = {
    "@": spf_texts,
    "s1._domainkey": dkim_texts,
    "2026-01-31._domainkey": dkim_texts,
    "*._domainkey": dkim_texts,
    "_dmarc": dmarc_texts,
    "_mta-sts": sts_texts,
    "_smtp._tls": rpt_texts,
    "default._bimi": bimi_texts,
    "sub": spf_texts,
    "_dmarc.sub": dmarc_texts,
    "x.example._report._dmarc": st.just("v=DMARC1"),
}
PARKED = [("@", "TXT", '"v=spf1 -all"'), ("@", "MX", "0 ."), ("*._domainkey", "TXT", '"p="')]
others = st.lists(
    st.sampled_from(
        [("@", "MX", "10 mx.example.net."), ("@", "TXT", '"MS=ms1"'), ("www", "CNAME", "@")]
    ),
    max_size=2,
)
cuts = st.sampled_from(
    [
        [],
        [],
        [],
        [("_domainkey", "NS", "ns.example.net.")],
        [("_domainkey", "CNAME", "x.example.net.")],
    ]
)
null_mx = st.sampled_from([[], [], [("@", "MX", "0 .")]])
zones = st.tuples(*(texts_at(*each) for each in LABELS.items()), others, cuts, null_mx).map(
    lambda parts: [place for part in parts for place in part]
)
parked_zones = st.builds(
    lambda dmarc, extra: [*PARKED, ("_dmarc", "TXT", quoted(dmarc)), *extra],
    st.sampled_from(
        [
            "v=DMARC1; p=reject",
            "v=DMARC1;p=reject;sp=reject;rua=mailto:a@example.org",
            "v=DMARC1; p=none",
        ]
    ),
    others,
)
DEFAULTS = (
    "",
    "ttl: 60\nspf: {terms: [a], all: fail}\ndmarc: {p: none, rua: ['mailto:d@example.com'], other: {z: 1}}\nmta_sts: absent\n"
    "dkim: {selectors: {s1: {cname: a.example.net}, s9: {state: revoked}}}\nbimi: {default: absent}\n"
    "tls_rpt: {rua: ['mailto:a@example.com']}\n",
    "parked: true\n",
)


def mail_values(zone: Zone) -> Iterator[tuple[RRset, str, Family]]:
    for rrset in zone.rrsets:
        for value in rrset.values:
            found = family(*rrset.key, value)
            if found is not None:
                yield rrset, value, found


def is_said(publications: tuple[Publication, ...], rrset: RRset, value: str, found: Family) -> bool:
    declared = [
        entry
        for publication in publications
        for entry in publication.declared
        if (entry.key, entry.family) == (rrset.key, found)
    ]
    return any(
        entry.values and same(found, rrset.type, frozenset({value}), entry.values)
        for entry in declared
    )


HOST = "domain: example.net\nparked: null\nspf: absent\n" + "".join(
    f"{key}: null\n" for key in ("dmarc", "mta_sts", "dkim", "bimi", "tls_rpt")
)
CONSENTS = {  # what the zone of example.net holds, and whether it takes reports about example.com
    '*._report._dmarc IN TXT "v=DMARC1"\n*._report._dmarc.sub IN TXT "v=DMARC1;"\n': True,
    '*.com._report._dmarc IN TXT "v=DMARC1"\nexample.com._report._dmarc.sub IN TXT "v=DMARC1; rua=mailto:x@example.org"\n': True,
    "": False,
}


def must_be_said(
    zone: Zone, rrset: RRset, value: str, found: Family, consents: bool, sts: mta_sts.Policy | None
) -> bool:
    """Tell whether nothing excuses a policy that does not say this: one valid record, safe to publish, where servers find it."""
    if "sub" in rrset.name or found in (Family.DMARC_REPORT, Family.NULL_MX):
        return False
    if (found is Family.MTA_STS and (sts is None or sts.other)) or (
        found is Family.DMARC and "example.net" in value and not consents
    ):
        return False
    alone = sum(family(*rrset.key, each) is found for each in rrset.values) == 1
    record = parsed(found, rrset.type, value)
    lacks_label = isinstance(record, spf.Record) and ".." in value
    hidden = (
        any(zone.get((DomainName("_domainkey.example.com"), type)) for type in ("NS", "CNAME"))
        and found is Family.DKIM
    )
    here = {
        "_dmarc": Family.DMARC,
        "default": Family.BIMI,
        "_smtp": Family.TLS_RPT,
        "_mta-sts": Family.MTA_STS,
    }.get(rrset.name.split(".")[0])
    misplaced = found is Family.SPF and (rrset.name != ORIGIN) and here is not Family.SPF
    if disputed(found, value):
        return False
    return (
        alone
        and record is not None
        and not UNSAFE.search(value)
        and not lacks_label
        and not hidden
        and not misplaced
    )


REPORTED = [("_dmarc", "TXT", '"v=DMARC1; p=none; rua=mailto:d@example.net"')]


@settings(max_examples=150)
@example(REPORTED, "", next(iter(CONSENTS)), None)
@example(REPORTED, DEFAULTS[1], "", None)
@given(
    st.one_of(zones, zones, parked_zones),
    st.sampled_from(DEFAULTS),
    st.sampled_from(list(CONSENTS)),
    st.none() | records.mta_sts_policies,
)
def test_what_is_imported_plans_to_nothing(
    places: list[Place], defaults: str, consents: str, sts: mta_sts.Policy | None
) -> None:
    alias = {label for label, type, _ in places if type == "CNAME"}
    kept = [place for place in places if place[1] == "CNAME" or place[0] not in alias]
    text = HEAD + "".join(
        dict.fromkeys(f"{label} 300 IN {type} {rdata}\n" for label, type, rdata in kept)
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, content in {
            "providers/local.yaml": "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n",
            "served/example.com.zone": text,
            "served/example.net.zone": HEAD + consents,
            "zones/policy/_defaults.yaml": f"providers: [local]\n{defaults}",
            "zones/policy/example.net.yaml": HOST,
            "sts.txt": str(sts) if sts is not None else "",
        }.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        served = ["--mta-sts", "sts.txt"] if sts is not None else []
        code = main(
            [
                "-q",
                "-C",
                folder,
                "import",
                "example.com",
                "--from-zone",
                "served/example.com.zone",
                "--write",
                *served,
            ]
        )
        policy = (root / "zones/policy/example.com.yaml").read_text()
        repo = load_repo(root)
        publications = compile_repo(repo)
        with providers(repo) as pool:
            plan = make_plan(repo, pool, publications, PlanRequest(live=False))

        assert plan.failed == ()
        assert [zone.changes for zone in plan.zones] == [()] * len(plan.zones)
        assert [zone.blocked for zone in plan.zones] == [()] * len(plan.zones)
        zone = parse(ORIGIN, text.encode().decode("latin-1")).zone()  # as octets, which the file is
        told = policy.partition("# Not said here:\n")[2]
        assert code == (2 if told else 0)
        for rrset, value, found in mail_values(zone):
            said = is_said(publications, rrset, value, found)
            assert (
                said
                or f"{rrset.name} {rrset.type} {quoted(value) if rrset.type == 'TXT' else value}: "
                in told
            )
            assert said or not must_be_said(zone, rrset, value, found, CONSENTS[consents], sts)
