"""What rules look at: one policy, what it declares, and what is live where DNS was asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.evaluate.dmarc_walk import DmarcAlone
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf_hosts import exchangers
from mailauth_dns.evaluate.web_page import FetchResult, Pages, Request
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Policy, Repo, Route
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.policy.sections.mta_sts import MtaStsSection
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.records import dkim, dmarc, spf, spf_term
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import networks_of
from mailauth_dns.senders.recognition import Recognition
from mailauth_dns.senders.use import Selector

_SIGNING = (KeyState.ACTIVE, KeyState.RETIRING)


@dataclass(frozen=True)
class Neighbours:
    """What a policy's rules need to know of the repo's other policies."""

    # The first domain that publishes a key, by its `p`.
    key_owners: Mapping[str, DomainName] = field(default_factory=dict)
    # Domains that declare a DMARC record.
    dmarc: DmarcAlone = field(default_factory=lambda: DmarcAlone({}))
    # The first domain with an alias that a sender made for one domain, by the alias.
    alias_owners: Mapping[Selector, DomainName] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flattened:
    """Addresses that are published for a name, or for a part that the lock lists.

    `route` is the place in the policy that asks for them.
    """

    route: Route
    name: DomainName
    qualifier: spf_term.Qualifier
    addresses: Addresses


@dataclass(frozen=True, eq=False)
class Subject:
    """One policy and what it declares.

    `resolver` answers as DNS would with the repo published. `observation` is what the servers of
    the policy's zone hold now, `pages` is what is served over HTTPS. They are None where nothing
    was asked. `today` is the day in UTC.
    """

    policy: Policy
    declared: tuple[Declared, ...]
    neighbours: Neighbours
    recognition: Recognition
    today: date
    resolver: Resolver | None = None
    observation: Observation | None = None
    pages: Pages | None = None

    @property
    def domain(self) -> DomainName:
        """The policy's domain."""
        return self.policy.domain

    @property
    def servers(self) -> tuple[ServerView, ...]:
        """The servers of the zone that were asked, each with what it holds."""
        return self.observation.servers if self.observation is not None else ()

    def mail_hosts(self) -> list[DomainName]:
        """Return the domain's mail exchangers without a null MX; nothing where DNS was not asked.

        Raises:
            ObservationError: DNS could not tell.
        """
        values = self.resolver.lookup(self.domain, "MX") if self.resolver is not None else None
        hosts = exchangers(self.domain, values or ())
        return [DomainName(host.lower()) for host in hosts if host]

    def fetched(self, request: Request) -> FetchResult:
        """What the web said to a request."""
        return (
            Unknown("was not asked")
            if self.pages is None
            else self.pages.get(request, Unknown("was not asked"))
        )

    @property
    def parked(self) -> bool:
        """Whether the domain neither sends nor receives mail."""
        return bool(self.policy.body.parked)

    @cached_property
    def spf_section(self) -> SpfSection | None:
        """The `spf` section, None where it says nothing about a record."""
        section = self.policy.body.spf
        return None if self.parked or section is ABSENT else section

    @cached_property
    def spf_record(self) -> spf.Record | None:
        """The SPF record that the policy writes; None if parked, where the tool writes it."""
        return self.spf_section.record if self.spf_section is not None else None

    @cached_property
    def spf_terms(self) -> tuple[tuple[Route, spf_term.Term | spf_term.Modifier], ...]:
        """The terms of the SPF section, each with its place.

        `all` and `redirect` are keys of their own unless they stand in the list.
        """
        section = self.spf_section
        if section is None:
            return ()
        return tuple(
            (("spf", "terms", index), spf.parse_term(text))
            for index, text in enumerate(section.terms)
        )

    @cached_property
    def published_spf(self) -> spf.Record | None:
        """The SPF record that is published, with addresses for what is flattened.

        None where `spf_record` is None.
        """
        texts = (text for key, text in self._spf_texts if key == self.domain)
        return spf.parse(next(texts)) if self.spf_section is not None else None

    @cached_property
    def flattened(self) -> tuple[Flattened, ...]:
        """The names that the policy flattens, with the addresses that the lock has.

        Published parts that the record does not need come after them.
        """
        locked = {name: addresses for entry in self.declared for name, addresses in entry.spf_names}
        qualifiers = {
            term.domain.folded: term.qualifier
            for _, term in self.spf_terms
            if isinstance(term, spf_term.Include)
        }
        names = map(DomainName, self.spf_section.flatten if self.spf_section is not None else ())
        found = [
            Flattened(("spf", "flatten", index), name, qualifiers[name], locked[name])
            for index, name in enumerate(names)
        ]
        terms = self.published_spf.terms if self.published_spf is not None else ()
        needed = {term.domain.folded for term in terms if isinstance(term, spf_term.Include)} | {
            self.domain
        }
        for name, text in self._spf_texts:
            if name not in needed:
                place = ("spf",) if self.policy.body.spf is not None else ("domain",)
                found.append(
                    Flattened(place, name, spf_term.Qualifier.PASS, networks_of(spf.parse(text)))
                )
        return tuple(found)

    @property
    def _spf_texts(self) -> Iterator[tuple[DomainName, str]]:
        return (
            (entry.key[0], text)
            for entry in self.declared
            if entry.family is Family.SPF
            for text in entry.values
        )

    @cached_property
    def dmarc_section(self) -> DmarcSection | None:
        """The `dmarc` section, None where it says nothing about a record."""
        section = self.policy.body.dmarc
        return None if self.parked or section is ABSENT else section

    @cached_property
    def dmarc_record(self) -> dmarc.Record | None:
        """The DMARC record that the policy writes."""
        return self.dmarc_section.record if self.dmarc_section is not None else None

    @cached_property
    def report_addresses(self) -> tuple[tuple[str, int, dmarc.Uri], ...]:
        """The addresses for DMARC reports, each with its tag and index, also of parked domains."""
        section = self.policy.body.dmarc
        if section is None or section is ABSENT:
            return ()
        return tuple(
            (tag, index, uri)
            for tag in ("rua", "ruf")
            for index, uri in enumerate(getattr(section.record, tag) or ())
        )

    @cached_property
    def mta_sts(self) -> MtaStsSection | None:
        """The `mta_sts` section, None where it says nothing about a record."""
        section = self.policy.body.mta_sts
        return None if section is ABSENT else section

    @cached_property
    def selectors(self) -> Mapping[str, SelectorSection]:
        """The selectors that the policy lists."""
        section = self.policy.body.dkim
        return section.selectors if section is not None else {}

    @cached_property
    def signing(self) -> Mapping[str, SelectorSection]:
        """The selectors whose signatures can be on mail now."""
        return {name: entry for name, entry in self.selectors.items() if entry.state in _SIGNING}

    @cached_property
    def keys(self) -> Mapping[str, dkim.Record]:
        """The key records that the policy writes, by selector."""
        found: dict[str, dkim.Record] = {}
        for entry in self.declared:
            selector = entry.key[0].removesuffix(f"._domainkey.{self.domain}")
            if entry.family is Family.DKIM and entry.key[1] == "TXT" and selector in self.selectors:
                found.update((selector, dkim.parse(text)) for text in entry.values)
        return found

    @property
    def key_records(self) -> Iterator[tuple[Route, dkim.Record]]:
        """The key records that the policy writes, each with its place."""
        return ((("dkim", "selectors", name), record) for name, record in self.keys.items())


def subjects(
    repo: Repo, publications: Iterable[Publication], today: date, only: Collection[DomainName] = ()
) -> list[Subject]:
    """Return a subject for each policy of the repo, or for the named ones.

    Each knows what all policies of the repo declare.

    Raises:
        MailAuthError: a named domain has no policy.
    """
    chosen = repo.of(only)
    by_domain = declared_by_domain(publications)
    neighbours = neighbours_of(repo.policies, by_domain)
    recognition = Recognition(repo.catalogue)
    return [
        Subject(policy, tuple(by_domain.get(policy.domain, ())), neighbours, recognition, today)
        for policy in chosen
    ]


def declared_by_domain(
    publications: Iterable[Publication],
) -> Mapping[DomainName, Sequence[Declared]]:
    """Return what each domain's policy declares, wherever it does."""
    by_domain: dict[DomainName, list[Declared]] = {}
    for publication in publications:
        for entry in publication.declared:
            by_domain.setdefault(entry.domain, []).append(entry)
    return by_domain


def neighbours_of(
    policies: Iterable[Policy], by_domain: Mapping[DomainName, Iterable[Declared]]
) -> Neighbours:
    """Return what policies and their records tell one another."""
    return Neighbours(
        _key_owners(by_domain), DmarcAlone(_dmarc_texts(by_domain)), _alias_owners(policies)
    )


def _key_owners(by_domain: Mapping[DomainName, Iterable[Declared]]) -> dict[str, DomainName]:
    owners: dict[str, DomainName] = {}
    for domain, entries in sorted(by_domain.items()):
        for entry in entries:
            for text in (
                entry.values if entry.family is Family.DKIM and entry.key[1] == "TXT" else ()
            ):
                owners.setdefault(dkim.parse(text).p, domain)
    return owners


def _alias_owners(policies: Iterable[Policy]) -> dict[Selector, DomainName]:
    owners: dict[Selector, DomainName] = {}
    for policy in policies:
        for use in policy.senders:
            for alias in use.aliases_by_token:
                owners.setdefault(alias, policy.domain)
    return owners


def _dmarc_texts(by_domain: Mapping[DomainName, Iterable[Declared]]) -> dict[DomainName, str]:
    return {
        domain: text
        for domain, entries in by_domain.items()
        for entry in entries
        if entry.family is Family.DMARC
        for text in entry.values
    }
