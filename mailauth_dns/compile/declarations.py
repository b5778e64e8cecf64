"""What one policy declares, a function for each family of records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from mailauth_dns.compile import sender_declarations
from mailauth_dns.compile.publication import Declared
from mailauth_dns.policy import spf_flattening
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.model import sections_of
from mailauth_dns.policy.repo import Policy, Route
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import dkim, dmarc, mta_sts
from mailauth_dns.records.family import NULL_MX, Family
from mailauth_dns.records.name import DomainName

PARKED_SPF = "v=spf1 -all"
PARKED_DMARC = "v=DMARC1; p=reject; sp=reject; np=reject"
REVOKED_DKIM = "v=DKIM1; p="
_NONE: frozenset[str] = frozenset()  # each new one would take its own memory


def of(policy: Policy, lock: Lock) -> Iterator[Declared]:
    """Yield everything that a policy declares in its own zone, each with its place."""
    yield from _spf(policy, lock)
    yield from _dkim(policy)
    yield from _dmarc(policy)
    yield from sender_declarations.of(policy)
    yield from _mta_sts(policy)
    for family in _AS_SECTIONS_SAY:
        yield from _as_its_section_says(policy, family)
    yield from _parking(policy)


def _route(policy: Policy, name: str, family: Family) -> Route:
    """Return what in a policy declares a record of this name."""
    row = family.row
    selector = name.partition(f".{row.label}.")[0] if row.selected else ""
    parks = policy.body.parked and family in (Family.SPF, Family.DMARC)
    if parks or selector not in sections_of(policy.body, family):
        return ("parked",)
    return (*row.section, selector) if selector else row.section


def _entry(
    policy: Policy, name: str, type: str, family: Family, text: str | None, ttl: int | None = None
) -> Declared:
    """Return an entry with one value, or without one if `text` is None: ours is then deleted."""
    values = _NONE if text is None else _one(text)
    key = (DomainName(name), type)
    place = policy.place(_route(policy, name, family)).file_line
    return Declared(policy.domain, key, family, ttl or policy.body.ttl, values, place=place)


@lru_cache(maxsize=256)  # very many domains may publish the same
def _one(text: str) -> frozenset[str]:
    return frozenset({text})


def _spf(policy: Policy, lock: Lock) -> Iterator[Declared]:
    """Yield the SPF record, and the parts that it includes or that DNS may still hold."""
    body = policy.body
    layout = spf_flattening.layout(policy, lock)
    ttl = body.spf.ttl if isinstance(body.spf, SpfSection) else None
    if body.parked or body.spf is not None:
        root = layout.root if layout is not None else None
        text = PARKED_SPF if body.parked else root
        own = _entry(policy, policy.domain, "TXT", Family.SPF, text, ttl)
        names = spf_flattening.known_names(policy, lock, layout)
        yield replace(own, spf_names=names) if names else own
    for part, part_text in spf_flattening.parts(policy, lock, layout).items():
        entry = _entry(policy, part, "TXT", Family.SPF, part_text, ttl)
        yield replace(entry, ready=spf_flattening.ready(policy, lock, part))


def _dkim(policy: Policy) -> Iterator[Declared]:
    """Yield each selector's key and alias: of the two, the one that is not there is deleted."""
    section = policy.body.dkim
    if section is None:
        return
    for selector, key in section.selectors.items():
        name = dkim.owner_name(selector, policy.domain)
        needed_until = key.signed_until + section.rotation.grace if key.signed_until else None
        alias = (
            f"{key.cname}." if key.cname is not None and key.state is not KeyState.ABSENT else None
        )
        for type, text in (("TXT", _key_record(policy, selector, key)), ("CNAME", alias)):
            entry = _entry(policy, name, type, Family.DKIM, text, key.ttl)
            yield (
                replace(entry, needed_until=needed_until, signed_until=key.signed_until)
                if needed_until is not None
                else entry
            )


def _key_record(policy: Policy, selector: str, entry: SelectorSection) -> str | None:
    if entry.state is KeyState.ABSENT or entry.cname is not None:
        return None
    key = policy.keys.get(selector)
    k = key.k if key is not None else entry.k
    p = key.p if key is not None else entry.p
    if entry.state is KeyState.REVOKED:
        k, p = entry.k, ""
    tags = {
        "v": "DKIM1",
        "h": entry.h,
        "k": k or ("rsa" if p else None),
        "n": entry.n,
        "s": entry.s,
        "t": entry.t,
        **entry.other,
        "p": p or "",
    }
    written = (f"{tag}={value}" for tag, value in tags.items() if value is not None)
    return str(dkim.parse("; ".join(written)))


def _dmarc(policy: Policy) -> Iterator[Declared]:
    body = policy.body
    if body.parked or body.dmarc is not None:
        section = dmarc_section(policy)
        ttl = section.ttl if section is not None and not body.parked else None
        name = dmarc.owner_name(policy.domain)
        yield _entry(policy, name, "TXT", Family.DMARC, dmarc_text(policy), ttl)


def dmarc_section(policy: Policy) -> DmarcSection | None:
    """Return what a policy says of DMARC; None if it says nothing, or `absent`."""
    section = policy.body.dmarc
    return None if section is ABSENT else section


def dmarc_text(policy: Policy) -> str | None:
    """Return the DMARC record that a policy publishes; None if it publishes none."""
    section = dmarc_section(policy)
    if not policy.body.parked:
        return section.text if section is not None else None
    return PARKED_DMARC + "".join(
        f"; {tag}={','.join(uris)}"
        for tag in ("rua", "ruf")
        if section and (uris := getattr(section, tag))
    )


def _mta_sts(policy: Policy) -> Iterator[Declared]:
    section, name = policy.body.mta_sts, mta_sts.owner_name(policy.domain)
    if section is ABSENT:
        yield _entry(policy, name, "TXT", Family.MTA_STS, None)
    elif section is not None:
        own = _entry(policy, name, "TXT", Family.MTA_STS, section.text, section.ttl)
        yield replace(own, served=section.policy)


# Families whose records are more than the text and the TTL of a section.
_OF_THEIR_OWN = frozenset(
    {
        Family.SPF,
        Family.DKIM,
        Family.DMARC,
        Family.DMARC_REPORT,
        Family.MTA_STS,
        Family.NULL_MX,
        Family.RETURN_PATH,
    }
)
_AS_SECTIONS_SAY = tuple(family for family in Family if family not in _OF_THEIR_OWN)


def _as_its_section_says(policy: Policy, family: Family) -> Iterator[Declared]:
    """Yield the records of a family whose sections have a `text` and a `ttl`."""
    for selector, section in sections_of(policy.body, family).items():
        text, ttl = (None, None) if section is ABSENT else (section.text, section.ttl)
        name = family.owner_name(policy.domain, selector)
        yield _entry(policy, name, "TXT", family, text, ttl)


def _parking(policy: Policy) -> Iterator[Declared]:
    """Yield the null MX and the wildcard revocation, which only parked domains have.

    `parked: false`, written out, undoes parking: what it published must not stay behind.
    """
    parked = policy.body.parked
    if parked is None:
        return
    yield _entry(policy, policy.domain, "MX", Family.NULL_MX, NULL_MX if parked else None)
    if policy.body.dkim is None or "*" not in policy.body.dkim.selectors:
        name = dkim.owner_name("*", policy.domain)
        yield _entry(policy, name, "TXT", Family.DKIM, REVOKED_DKIM if parked else None)
        yield _entry(policy, name, "CNAME", Family.DKIM, None)
