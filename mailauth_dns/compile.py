"""Policies to what each zone shall publish; deterministic: no clock, no network, the same files give the same values.

A policy declares in its own zone, and where DMARC reports go to a host in another zone of the repo, that host's consent in there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from mailauth_dns.errors import FileProblem, MailAuthError, PolicyError
from mailauth_dns.evaluate.dmarc_walk import DmarcAlone, same_organization, walk
from mailauth_dns.policy import document, spf_flattening
from mailauth_dns.policy.load import Policy, Repo
from mailauth_dns.policy.model import DmarcSection, SelectorSection, SpfSection
from mailauth_dns.policy.spf_lock_file import Lock
from mailauth_dns.records import bimi, dkim, dmarc, dmarc_consent, mta_sts, tlsrpt
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.family import NULL_MX, Family
from mailauth_dns.records.name import MAX_NAME, DomainName, upwards
from mailauth_dns.records.zone import RRKey, RRset, Zone

PARKED_SPF = "v=spf1 -all"
PARKED_DMARC = "v=DMARC1; p=reject; sp=reject; np=reject"
REVOKED_DKIM = "v=DKIM1; p="
CONSENT = "v=DMARC1"  # RFC 9990: the version alone says that reports may come


@dataclass(frozen=True, slots=True)
class Declared:
    """What one policy says about one name and type: these values of this family, or none at all (`values` empty).

    `ttl` is in seconds; None keeps what is there.
    """

    domain: DomainName
    key: RRKey
    family: Family
    ttl: int | None
    values: frozenset[str]
    needed_until: datetime | None = (
        None  # DKIM: until when mail may arrive that was signed with the key that is to go
    )
    served: mta_sts.Policy | None = (
        None  # MTA-STS: the policy that the record announces, to be served over HTTPS
    )
    ready: datetime | None = (
        None  # a part of an SPF record: from when on a record may include it, as far as the lock has seen it served
    )
    spf_names: tuple[
        tuple[DomainName, Addresses], ...
    ] = ()  # SPF: what names stand for that the record includes now or did before


@dataclass(frozen=True)
class Publication:
    """Everything the policies declare for one zone, and where it goes."""

    origin: DomainName
    declared: tuple[Declared, ...]
    providers: tuple[str, ...]
    nameservers: tuple[str, ...]
    unselected: frozenset[RRKey] = (
        frozenset()
    )  # declared by policies that were not asked for; kept, and not nobody's

    @cached_property
    def zone(self) -> Zone:
        """The record sets to be published."""
        sets = (
            RRset(*entry.key, entry.ttl, entry.values) for entry in self.declared if entry.values
        )
        return Zone(self.origin, frozenset(sets))

    @cached_property
    def absent(self) -> frozenset[tuple[RRKey, Family]]:
        """The values that shall not be there, by name, type and family."""
        return frozenset((entry.key, entry.family) for entry in self.declared if not entry.values)

    @property
    def mta_sts(self) -> Mapping[DomainName, str]:
        """The MTA-STS policies to serve over HTTPS, by domain; they are files and not records, so `digest` leaves them out."""
        return {
            entry.domain: str(entry.served) for entry in self.declared if entry.served is not None
        }

    @property
    def domains(self) -> tuple[DomainName, ...]:
        """The policies' domains, in order."""
        return tuple(dict.fromkeys(entry.domain for entry in self.declared))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        rows = [
            [
                entry.domain,
                *entry.key,
                entry.family,
                entry.ttl,
                sorted(entry.values),
                str(entry.needed_until),
                str(entry.ready),
            ]
            for entry in self.declared
        ]
        said = json.dumps([self.origin, rows, sorted(self.providers), sorted(self.nameservers)])
        return hashlib.sha256(said.encode()).hexdigest()

    def only(self, domains: frozenset[DomainName]) -> Publication:
        """Return the part that these domains declare."""
        kept = tuple(entry for entry in self.declared if entry.domain in domains)
        others = frozenset(entry.key for entry in self.declared if entry.domain not in domains)
        return Publication(self.origin, kept, self.providers, self.nameservers, others)


def compile_repo(repo: Repo) -> tuple[Publication, ...]:
    """Return one publication a zone, sorted by zone.

    Raises:
        PolicyError: two policies want the same name, or a name shall be an alias and hold data.
    """
    by_zone: dict[DomainName, list[Policy]] = {}
    for policy in repo.policies:
        by_zone.setdefault(policy.zone, []).append(policy)
    problems = [
        problem
        for policy in repo.policies
        for problem in spf_flattening.lock_problems(policy, repo.lock)
    ]
    if problems:
        raise PolicyError(problems)
    consents = _consents(repo.policies, by_zone, problems)
    publications = []
    for zone in sorted(by_zone):
        policies = by_zone[zone]
        declared: dict[RRKey, Declared] = {}
        alias_or_data: dict[DomainName, bool] = {}
        own = ((policy, entry) for policy in policies for entry in _declarations(policy, repo.lock))
        for policy, entry in (*own, *consents.get(zone, ())):
            taken = declared.get(entry.key)
            is_alias = entry.key[1] == "CNAME"
            if taken is not None or (
                entry.values and alias_or_data.setdefault(entry.key[0], is_alias) != is_alias
            ):
                message = f"{entry.key[0]} is also declared by another policy of the zone {zone}; one name can hold only one of them"
                problems.append(policy.declared_at.problem("domain", message))
            declared[entry.key] = entry
        ordered = tuple(declared[key] for key in sorted(declared))
        first = policies[0].body
        publications.append(Publication(zone, ordered, first.providers, first.nameservers))
    if problems:
        raise PolicyError(problems)
    return tuple(publications)


def selected(
    publications: Iterable[Publication], domains: tuple[DomainName, ...]
) -> tuple[Publication, ...]:
    """Return the publications that concern these domains, cut down to them; all of them where none is named.

    Raises:
        MailAuthError: a domain has no policy.
    """
    publications = tuple(publications)
    if not domains:
        return publications
    wanted = frozenset(domains)
    known = {domain for publication in publications for domain in publication.domains}
    if missing := sorted(wanted - known):
        raise MailAuthError(
            f"no policy declares anything for {', '.join(missing)}; see zones/policy"
        )
    cut = (
        publication.only(wanted & frozenset(publication.domains)) for publication in publications
    )
    return tuple(publication for publication in cut if publication.declared)


def _declarations(policy: Policy, lock: Lock) -> Iterator[Declared]:
    body, domain = policy.body, policy.domain

    def declare(
        name: str,
        type: str,
        family: Family,
        text: str | None,
        ttl: int | None = None,
        needed_until: datetime | None = None,
        served: mta_sts.Policy | None = None,
    ) -> Declared:
        values = frozenset() if text is None else frozenset({text})
        return Declared(
            domain, (DomainName(name), type), family, ttl or body.ttl, values, needed_until, served
        )

    laid = spf_flattening.layout(policy, lock)
    spf_names = spf_flattening.known_names(policy, lock, laid)
    spf_ttl = body.spf.ttl if isinstance(body.spf, SpfSection) else None
    if body.parked:
        yield replace(declare(domain, "TXT", Family.SPF, PARKED_SPF), spf_names=spf_names)
    elif body.spf is not None:
        own = declare(domain, "TXT", Family.SPF, laid.root if laid is not None else None, spf_ttl)
        yield replace(own, spf_names=spf_names)
    if body.parked or body.dmarc is not None:
        section = _dmarc_section(policy)
        dmarc_ttl = section.ttl if section is not None and not body.parked else None
        yield declare(dmarc.owner_name(domain), "TXT", Family.DMARC, _dmarc_text(policy), dmarc_ttl)
    for part, text in spf_flattening.parts(policy, lock, laid).items():
        yield replace(
            declare(part, "TXT", Family.SPF, text, spf_ttl),
            ready=spf_flattening.ready(policy, lock, part),
        )
    if body.mta_sts is not None:
        name = mta_sts.owner_name(domain)
        if body.mta_sts == "absent":
            yield declare(name, "TXT", Family.MTA_STS, None)
        else:
            yield declare(
                name,
                "TXT",
                Family.MTA_STS,
                body.mta_sts.text,
                body.mta_sts.ttl,
                served=body.mta_sts.policy,
            )
    if body.tls_rpt is not None:
        rpt_text, rpt_ttl = (
            (None, None) if body.tls_rpt == "absent" else (body.tls_rpt.text, body.tls_rpt.ttl)
        )
        yield declare(tlsrpt.owner_name(domain), "TXT", Family.TLS_RPT, rpt_text, rpt_ttl)
    for selector, logo in (body.bimi or {}).items():
        logo_text, logo_ttl = (None, None) if logo == "absent" else (logo.text, logo.ttl)
        yield declare(bimi.owner_name(selector, domain), "TXT", Family.BIMI, logo_text, logo_ttl)
    selectors = body.dkim.selectors if body.dkim is not None else {}
    if body.parked is not None:
        # Written out as false, parking is undone: what it published must not stay behind.
        yield declare(domain, "MX", Family.NULL_MX, NULL_MX if body.parked else None)
        if "*" not in selectors:
            name = dkim.owner_name("*", domain)
            yield declare(name, "TXT", Family.DKIM, REVOKED_DKIM if body.parked else None)
            yield declare(name, "CNAME", Family.DKIM, None)
    for selector, entry in selectors.items():
        name = dkim.owner_name(selector, domain)
        needed_until = (
            entry.signed_until + body.dkim.rotation.grace
            if body.dkim and entry.signed_until
            else None
        )
        alias = f"{entry.cname}." if entry.cname is not None and entry.state != "absent" else None
        yield declare(
            name, "TXT", Family.DKIM, _key_record(policy, selector, entry), entry.ttl, needed_until
        )
        yield declare(name, "CNAME", Family.DKIM, alias, entry.ttl, needed_until)


def _dmarc_text(policy: Policy) -> str | None:
    """Return the DMARC record that a policy publishes; None where it publishes none."""
    section = _dmarc_section(policy)
    if not policy.body.parked:
        return section.text if section is not None else None
    return PARKED_DMARC + "".join(
        f"; {tag}={','.join(uris)}"
        for tag in ("rua", "ruf")
        if section and (uris := getattr(section, tag))
    )


def _key_record(policy: Policy, selector: str, entry: SelectorSection) -> str | None:
    if entry.state == "absent" or entry.cname is not None:
        return None
    key = policy.keys.get(selector)
    k = key.k if key is not None else entry.k
    p = key.p if key is not None else entry.p
    if entry.state == "revoked":
        p = ""
        k = entry.k
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
    return str(
        dkim.parse("; ".join(f"{tag}={value}" for tag, value in tags.items() if value is not None))
    )


# DMARC reports to another domain


def _consents(
    policies: tuple[Policy, ...], zones: Container[DomainName], problems: list[FileProblem]
) -> Mapping[DomainName, list[tuple[Policy, Declared]]]:
    """Return, by zone, what hosts of the repo have to say so that receivers send them other domains' reports (RFC 9990).

    A consent is left out where the DMARC records of this repo alone show that domain and host are of one organization. Where others'
    records would show it, it is not needed and harms nothing.
    """
    texts = {policy.domain: _dmarc_text(policy) for policy in policies}
    repo = DmarcAlone({domain: text for domain, text in texts.items() if text is not None})
    found: dict[DomainName, list[tuple[Policy, Declared]]] = {}
    for policy in policies:
        for host, (tag, index) in _report_hosts(policy).items():
            zone = next((name for name in upwards(host) if name in zones), None)
            if zone is None or same_organization(walk(policy.domain, repo), host, repo)[0] is True:
                continue
            name = dmarc_consent.report_name(policy.domain, host)
            if len(name) > MAX_NAME:
                message = f"{name}, where {host} would agree to these reports, has {len(name)} octets; DNS allows {MAX_NAME}"
                problems.append(
                    document.value_place(policy.root, ("dmarc", tag, index)).problem(
                        f"dmarc.{tag}.{index}", message
                    )
                )
            entry = Declared(
                policy.domain,
                (name, "TXT"),
                Family.DMARC_REPORT,
                policy.body.ttl,
                frozenset({CONSENT}),
            )
            found.setdefault(zone, []).append((policy, entry))
    return found


def _report_hosts(policy: Policy) -> Mapping[DomainName, tuple[str, int]]:
    """Return the hosts that take a policy's reports, each with the tag and index of its first address."""
    section = _dmarc_section(policy)
    found: dict[DomainName, tuple[str, int]] = {}
    for tag in ("rua", "ruf"):
        for index, uri in enumerate((section and getattr(section, tag)) or ()):
            host = dmarc_consent.report_host(uri)
            if host is not None:
                found.setdefault(host, (tag, index))
    return found


def _dmarc_section(policy: Policy) -> DmarcSection | None:
    return None if policy.body.dmarc == "absent" else policy.body.dmarc
