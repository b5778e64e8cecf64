"""Import of random zones plans to nothing, and says or tells of everything about mail."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailauth_dns.cli import main
from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.diff.equivalence import disputed, parsed, same
from mailauth_dns.masterfile.master_file import parse
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import mta_sts, spf
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, quoted
from mailauth_dns.typed_yaml.scalars import UNSAFE
from tests.importing.random_zones import Place, parked_zones, zones
from tests.records import strategies as records

ORIGIN = DomainName("example.com")
HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"


DEFAULTS = (
    "",
    "ttl: 60\nspf: {terms: [a], all: fail}\ndmarc: {p: none, rua: "
    "['mailto:d@example.com'], other: {z: 1}}\nmta_sts: absent\n"
    "dkim: {selectors: {s1: {cname: a.example.net}, s9: {state: revoked}}}\nbimi: "
    "{default: absent}\n"
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
    '*.com._report._dmarc IN TXT "v=DMARC1"\nexample.com._report._dmarc.sub IN TXT '
    '"v=DMARC1; rua=mailto:x@example.org"\n': True,
    "": False,
}


def must_be_said(
    zone: Zone, rrset: RRset, value: str, found: Family, consents: bool, sts: mta_sts.Policy | None
) -> bool:
    """Tell whether a policy must say this.

    It must where this is one valid record, safe to publish, at a name where servers find it.
    """
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
