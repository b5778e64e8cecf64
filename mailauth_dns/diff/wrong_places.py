"""Where a record ends up that was entered at the wrong name, or as the wrong type.

For a record that is missing these names are asked as well: at most MAX_PLACES, all in the zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff import web_form_damage
from mailauth_dns.diff.equivalence import meaning
from mailauth_dns.diff.value_mistakes import Mistake, mistakes
from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, domain_name, is_at_or_below
from mailauth_dns.records.zone import RRKey, unquoted

MAX_PLACES = 8  # names and types that are asked for one record that is missing

_KEY = "._domainkey."
_NOT_ASKED = "receivers do not ask there"
_SPF_TYPE = "SPF"  # RFC 7208 §3.1: type 99 is not in use any more


@dataclass(frozen=True, slots=True)
class Place:
    """A wrong place; `own` tells that a record of the same kind may rightly stand there."""

    key: RRKey
    id: str
    what: str
    own: bool = False


def places(entry: Declared, zone: DomainName) -> tuple[Place, ...]:
    """Return the wrong places of one declaration, the most frequent first."""
    type = entry.key[1]
    found: dict[RRKey, Place] = {}
    for text, id, what, own in _names(entry, zone):
        try:
            name = domain_name(text)
        except RecordSyntaxError:
            continue  # too long, so that no form can have made it
        if name != entry.key[0] and is_at_or_below(name, zone):
            found.setdefault((name, type), Place((name, type), id, what, own))
    if entry.family is Family.SPF:
        key = (entry.key[0], _SPF_TYPE)
        found[key] = Place(key, "type SPF", "as type SPF (99), which receivers do not ask for")
    if type == "CNAME":
        key = (entry.key[0], "TXT")
        found[key] = Place(key, "TXT in place of CNAME", "as TXT in place of CNAME")
    return tuple(found.values())[:MAX_PLACES]


def _names(entry: Declared, zone: DomainName) -> Iterator[tuple[str, str, str, bool]]:
    name, domain = entry.key[0], entry.domain
    if name.startswith("*."):
        return
    yield f"{name}.{zone}", "zone twice", "the zone is in the name twice", False
    if domain != zone and name.endswith(domain):
        within = f"{name.removesuffix(domain)}{zone}"
        yield within, "subdomain missing", f"{domain} is missing in the name", True
        label = domain.removesuffix(f".{zone}")
        twice = f"{name.removesuffix(domain)}{label}.{domain}"
        yield twice, "domain twice", "the domain is in the name twice", False
    if _KEY in name:
        selector, _, rest = name.partition(_KEY)
        yield f"{selector}.{rest}", "no _domainkey", "_domainkey is missing", False
        joined = f"{selector}_domainkey.{rest}"
        yield joined, "dot lost", "the dot before _domainkey is missing", False
        yield f"_domainkey.{rest}", "no selector", "the selector is missing", False
        swapped = f"_domainkey.{selector}.{rest}"
        yield swapped, "wrong order", "the labels are in the wrong order", False
    if "_" in name:
        yield name.replace("_", ""), "no underscore", "the underscore is missing", False
        yield domain, "at the domain", "the host was left empty", True
    elif name != domain:
        yield domain, "at the domain", "the host was left empty", True
    if entry.family is Family.SPF and not entry.is_return_path:
        yield f"www.{domain}", "at www", "it is at www, and mail comes from the domain", True


def texts(place: Place, values: Iterable[str]) -> frozenset[str]:
    """Return the values at a wrong place as texts; those of type SPF come quoted."""
    return frozenset(_text(place, value) for value in values)


def entered_at(place: Place, entry: Declared, found: Iterable[str]) -> bool:
    """Tell whether one of the texts at a wrong place is the record of a declaration."""
    return any(_is_meant(place, entry, text, wanted) for text in found for wanted in entry.values)


def _is_meant(place: Place, entry: Declared, text: str, wanted: str) -> bool:
    kind, type = entry.family, entry.key[1]
    if type != "TXT":
        return meaning(kind, type, text) == meaning(kind, type, wanted)
    if meaning(kind, "TXT", text) == meaning(kind, "TXT", wanted):
        return True
    return not place.own and (
        bool(mistakes(kind, wanted, text)) or web_form_damage.looks_like(kind, entry.key[0], text)
    )


def _text(place: Place, value: str) -> str:
    if place.key[1] != _SPF_TYPE:
        return value
    try:
        return unquoted(value)
    except RecordSyntaxError:
        return value


def misplaced(place: Place, entry: Declared) -> Mistake:
    """Return what a record at a wrong place is, and how to mend it."""
    if place.key[0] == entry.key[0]:
        return Mistake(
            place.id,
            f"it stands there {place.what}",
            "receivers find no record of the type that they ask for",
            f"delete it, and enter it with the type {entry.key[1]}",
        )
    return Mistake(
        place.id,
        f"it stands at {place.key[0]}: {place.what}",
        _NOT_ASKED,
        "delete it there; `mailauth-dns export --format paste` shows what the form's host "
        "field wants",
    )
