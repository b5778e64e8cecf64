"""What a zone has of one domain's mail, as it is looked at to recognise who sends."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TypeVar

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim, spf, spf_term
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import DomainSpec, Literal
from mailauth_dns.records.zone import Zone

_MARK = "._domainkey"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Published:
    """A domain's SPF terms, DKIM selectors, and the names below it where return paths may be.

    `terms` are as written, with `redirect=` and without `all`. Names of `cnames`, `exchangers`,
    `includes_below` and `name_servers` are labels below the domain; the exchangers of the domain
    itself are at "". `own_addresses` are those of its mail hosts that lie in the domain.
    """

    domain: DomainName
    terms: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)  # selector -> target
    keys: Mapping[str, dkim.Record] = field(default_factory=dict)  # selector -> key
    cnames: Mapping[str, str] = field(default_factory=dict)
    exchangers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    includes_below: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name_servers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own_addresses: frozenset[str] = frozenset()

    @property
    def names_below(self) -> frozenset[str]:
        """The labels below the domain at which something is, for a return path."""
        return frozenset({*self.cnames, *self.exchangers, *self.name_servers} - {""})


def published(zone: Zone, domain: DomainName) -> Published:
    """Return what a zone has for the mail of a domain in it."""
    aliases, keys, cnames, exchangers, includes, servers = {}, {}, {}, {}, {}, {}
    for rrset in zone.rrsets:
        if rrset.name != domain and not rrset.name.endswith(f".{domain}"):
            continue
        label = rrset.name.removesuffix(domain).rstrip(".")
        selector = label.removesuffix(_MARK)
        if selector != label:
            if rrset.type == "CNAME":
                aliases[selector] = _name(min(rrset.values))
            elif rrset.type == "TXT" and (key := _key(rrset.values)) is not None:
                keys[selector] = key
        elif rrset.type == "CNAME":
            cnames[label] = _name(min(rrset.values))
        elif rrset.type == "MX":
            exchangers[label] = tuple(sorted(_name(each.split()[-1]) for each in rrset.values))
        elif rrset.type == "NS" and label:
            servers[label] = tuple(sorted(map(_name, rrset.values)))
        elif rrset.type == "TXT" and label:
            includes[label] = _includes(rrset.values)
    return Published(
        domain,
        _terms(zone, domain),
        aliases,
        keys,
        cnames,
        exchangers,
        includes,
        servers,
        frozenset(_own_addresses(zone, domain, exchangers.get("", ()))),
    )


def without_names(there: Published, names: Collection[DomainName]) -> Published:
    """Return what is published without what is at these names below the domain."""
    labels = {name.removesuffix(f".{there.domain}") for name in names}

    def rest(part: Mapping[str, _T]) -> Mapping[str, _T]:
        return {label: each for label, each in part.items() if label not in labels}

    return replace(
        there,
        cnames=rest(there.cnames),
        exchangers=rest(there.exchangers),
        includes_below=rest(there.includes_below),
        name_servers=rest(there.name_servers),
    )


def _name(text: str) -> str:
    return text.rstrip(".").lower()


def _key(values: Iterable[str]) -> dkim.Record | None:
    """Return the one key at a selector."""
    found = []
    for value in values:
        try:
            found.append(dkim.parse(value))
        except RecordSyntaxError:
            continue
    return found[0] if len(found) == 1 and found[0].p else None


def _terms(zone: Zone, domain: DomainName) -> tuple[str, ...]:
    """Return the terms of the one SPF record that receivers can read; none otherwise."""
    rrset = zone.get((domain, "TXT"))
    texts = [value for value in rrset.values if spf.has_version(value)] if rrset else []
    try:
        [text] = texts
        spf.parse(text)
    except (ValueError, RecordSyntaxError):
        return ()
    words = text[len(spf.VERSION) :].split(" ")
    return tuple(word for word in words if word and not re.fullmatch("[+?~-]?all", word, re.I))


def _includes(values: Iterable[str]) -> tuple[str, ...]:
    texts = [value for value in values if spf.has_version(value)]
    return tuple(
        sorted(
            name for text in texts for word in text.split() if (name := target(word)) is not None
        )
    )


def _own_addresses(zone: Zone, domain: DomainName, hosts: Iterable[str]) -> Iterator[str]:
    for host in hosts:
        if host == domain or host.endswith(f".{domain}"):
            for kind in ("A", "AAAA"):
                rrset = zone.get((DomainName(host), kind))
                for value in rrset.values if rrset is not None else ():
                    yield str(ip_address(value))


def is_redirect(word: str) -> bool:
    """Tell whether a word of an SPF record is `redirect=`, which a policy has as a key."""
    return word.lower().startswith("redirect=")


def target(word: str) -> str | None:
    """Return the name that an SPF term asks for, as far as it is the same for each message.

    None where a term has no name, or its name ends in a macro.

    >>> target("exists:%{i}._spf.sender.example"), target("+Include:A.example."), target("mx")
    ('_spf.sender.example', 'a.example', None)
    """
    try:
        term = spf.parse_term(word)
    except RecordSyntaxError:
        return None
    spec: DomainSpec | None = None
    if isinstance(term, spf_term.Modifier):
        spec = term.value if term.name.lower() == "redirect" else None
    elif not isinstance(term, spf_term.All | spf_term.Ip4 | spf_term.Ip6):
        spec = term.domain
    if spec is None or not isinstance(spec.pieces[-1], Literal):
        return None
    text = spec.pieces[-1].text.rstrip(".").lower()
    return (text.partition(".")[2] if len(spec.pieces) > 1 else text) or None
