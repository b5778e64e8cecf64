"""Zones answer in evaluation as BIND answers from them.

The zones are random, with wildcards, aliases, cuts and DNAMEs; every name is asked.
"""

from __future__ import annotations

import itertools
import random

import dns.rcode
import dns.rdatatype

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Values, ZoneResolver
from mailauth_dns.evaluate.zone_answers import MAX_CHAIN
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.zone import RRset, Zone, quoted, zone_of
from tests.lab.conftest import Serving
from tests.lab.name_server import NameServer

ZONES = 12
TYPES = ("TXT", "A", "CNAME")
LABELS = ("a", "b", "_dmarc")
UNKNOWN = "unknown"
NS = "ns1.out.example."


def random_zone(origin: DomainName, others: list[DomainName], chance: random.Random) -> Zone:
    """Return a zone that BIND loads: an alias stands alone, and no wildcard is a cut or a DNAME."""
    sets: dict[DomainName, dict[str, frozenset[str]]] = {
        origin: {
            "SOA": frozenset({f"{NS} h.{origin}. 1 7200 1800 1209600 300"}),
            "NS": frozenset({NS}),
        }
    }

    def path(origin: DomainName, *, wild: bool) -> DomainName:
        labels = chance.choices(LABELS, k=chance.randint(0 if not wild else 1, 3))
        if wild and chance.random() < 0.35:
            labels[0] = "*"
        return below(".".join(labels), origin) if labels else origin

    for _ in range(chance.randint(2, 9)):
        name = path(origin, wild=True)
        there = sets.setdefault(name, {})
        rrtype = chance.choice(["TXT", "TXT", "A", "A", "CNAME", "CNAME", "NS", "DNAME"])
        if (
            "CNAME" in there
            or (rrtype == "CNAME" and there)
            or (name.startswith("*") and rrtype in ("NS", "DNAME"))
        ):
            continue
        target = f"{path(chance.choice([origin, origin, *others, DomainName('out.example')]), wild=False)}."
        there[rrtype] = frozenset(
            {{"TXT": f'v=x {name}; \\"', "A": "192.0.2.1", "NS": NS}.get(rrtype, target)}
        )
    return zone_of(
        origin,
        (
            RRset(name, rrtype, 60, values)
            for name, held in sets.items()
            for rrtype, values in held.items()
        ),
    )


def master_file(zone: Zone) -> str:
    rows = sorted(
        (rrset.type != "SOA", rrset.name, rrset.type, value)
        for rrset in zone.rrsets
        for value in rrset.values
    )
    return "".join(
        f"{name}. 60 IN {rrtype} {quoted(value) if rrtype == 'TXT' else value}\n"
        for _, name, rrtype, value in rows
    )


def resolved(server: NameServer, name: str, rrtype: str) -> Values | str:
    """Return what a resolver would find if this server were the world.

    It follows an alias into another zone.
    """
    for _ in range(MAX_CHAIN):
        response = server.ask(name, rrtype)
        if response.rcode() == dns.rcode.NXDOMAIN:
            return None
        if response.rcode() != dns.rcode.NOERROR:
            return UNKNOWN
        found = {
            dns.rdatatype.to_text(rrset.rdtype): list(rrset) for rrset in response.answer
        }  # the last alias of a chain stays
        if rrtype in found:
            return tuple(
                sorted(
                    b"".join(rdata.strings).decode() if rrtype == "TXT" else rdata.to_text()
                    for rdata in found[rrtype]
                )
            )
        if any(rrset.rdtype == dns.rdatatype.SOA for rrset in response.authority):
            return ()
        if "CNAME" not in found:
            return UNKNOWN  # a referral
        name = found["CNAME"][0].target.to_text(omit_final_dot=True)
    return UNKNOWN  # aliases that never end


def told(resolver: ZoneResolver, name: DomainName, rrtype: str) -> Values | str:
    try:
        return resolver.lookup(name, rrtype)
    except ObservationError:
        return UNKNOWN


def test_zones_answer_as_bind_does(serving_bind: Serving) -> None:
    chance = random.Random(4592)
    origins = [DomainName(f"z{number}.example") for number in range(ZONES)]
    zones = [random_zone(origin, origins, chance) for origin in origins]
    server = serving_bind(**{zone.origin.replace(".", "_"): master_file(zone) for zone in zones})
    resolver = ZoneResolver(zones)
    paths = [path for size in range(4) for path in itertools.product((*LABELS, "nx"), repeat=size)]
    seen = set()
    for origin, path, rrtype in itertools.product(origins, paths, TYPES):
        name = DomainName(".".join([*path, origin]))
        expected = resolved(server, name, rrtype)
        assert (name, rrtype, told(resolver, name, rrtype)) == (name, rrtype, expected)
        seen.add(expected if expected in (None, (), UNKNOWN) else "values")
    assert seen == {None, (), UNKNOWN, "values"}
