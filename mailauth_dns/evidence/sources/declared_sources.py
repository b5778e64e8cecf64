"""Who sends for a domain as far as its policy says, and by what such mail is recognised in reports.

Everything here is known from files: addresses from `ip4:`, `ip6:` and the SPF lock, selectors and
where their aliases lead, return paths. Senders that are retired or gone are in it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import NOBODY, Addresses, addresses_of
from mailauth_dns.records.name import DomainName, is_at_or_below, upwards
from mailauth_dns.senders.published import target
from mailauth_dns.senders.recognition import Recognition, Trace
from mailauth_dns.senders.use import OWN_HOST, Life, Use

# Labels under a country below which everybody is.
_OF_MANY = re.compile("ac|com?|edu|gob|gov?|gv|ind|ltd|mil|net?|nom|org?|plc|sch|web")


@dataclass(frozen=True, slots=True)
class DeclaredSource:
    """One sender of a policy.

    `key` is the policy's key for it. What a policy publishes without one is called by the
    catalogue's id of the sender, or by the term or the selector itself. `sender` is that id, None
    where the catalogue does not have it. `own` tells hosts of one's own from those that serve
    others too. `addresses` are those that files tell; `open` where DNS may have more. `led_to` are
    the names that its terms and aliases lead to.
    """

    key: str
    sender: str | None
    name: str
    domain: DomainName
    own: bool
    use: Use | None = None
    addresses: Addresses = NOBODY
    open: bool = False
    selectors: Mapping[str, KeyState] = field(default_factory=dict)
    mail_from: frozenset[DomainName] = frozenset()
    led_to: frozenset[str] = frozenset()

    @property
    def life(self) -> Life:
        """Whether it still sends."""
        return self.use.life if self.use is not None else Life()

    def is_led_to(self, name: str) -> bool:
        """Tell whether a name seems to have the owner of the names that this source leads to."""
        return any(have_one_owner(DomainName(name), DomainName(each)) for each in self.led_to)


def have_one_owner(one: DomainName, two: DomainName) -> bool:
    """Tell whether one name is at or below the other, or both are below one owner's domain."""
    if is_at_or_below(one, two) or is_at_or_below(two, one):
        return True
    above = set(upwards(two))
    shared = next(each for each in upwards(one) if each in above)
    labels = shared.split(".")
    return len(labels) > 2 or (len(labels) == 2 and not _OF_MANY.fullmatch(labels[0]))


@dataclass(frozen=True, slots=True)
class Declared:
    """What a repo says of who sends for a domain.

    `zone` is where names are the domain owner's own. `sources` are those of the domain's policy
    first, and then of policies for names above and below it, whose mail may align too. `spf_of` and
    `keys_of` are the domains of which policies say all that passes by SPF, and all keys; what a
    policy leaves out is not known.
    """

    domain: DomainName
    zone: DomainName
    sources: tuple[DeclaredSource, ...]
    known: Recognition = field(compare=False, repr=False)
    spf_of: frozenset[DomainName] = frozenset()
    keys_of: frozenset[DomainName] = frozenset()


def declared_of(repo: Repo, policy: Policy) -> Declared:
    """Return who sends for a policy's domain, as far as the files of its repo tell."""
    known = Recognition(repo.catalogue)
    sources = list(_sources(policy, repo.lock, known))
    related = list(_related(repo, policy))
    for other in related:
        sources += (
            replace(each, key=f"{each.key} of {other.domain}")
            for each in _sources(other, repo.lock, known)
        )
    spf_of = frozenset(each.domain for each in (policy, *related) if _says_spf(each))
    keys_of = frozenset(
        each.domain for each in (policy, *related) if each.body.parked or each.body.dkim is not None
    )
    topmost = _neighbours(repo).topmost[policy.zone]
    return Declared(policy.domain, topmost, tuple(sources), known, spf_of, keys_of)


def _says_spf(policy: Policy) -> bool:
    """Tell whether a policy says of every host whether it passes by SPF."""
    section = policy.body.spf
    if isinstance(section, SpfSection):
        return section.all != "pass"
    return bool(policy.body.parked) or section is not None


def _related(repo: Repo, policy: Policy) -> Iterator[Policy]:
    """Yield the policies for names above and below a domain, in the repo's order."""
    for at in sorted(_neighbours(repo).related[policy.domain]):
        yield repo.policies[at]


class _Neighbours(NamedTuple):
    """What lies above and below what in a repo.

    `topmost` is the topmost zone of the repo above each one. `related` are the places in
    `repo.policies` of those for names above and below each domain.
    """

    topmost: Mapping[DomainName, DomainName]
    related: Mapping[DomainName, Sequence[int]]


@lru_cache(maxsize=1)  # of one repo, many domains are asked for
def _neighbours(repo: Repo) -> _Neighbours:
    """Index a repo in one pass: a zone may hold 100 000 policies."""
    zones = {policy.zone for policy in repo.policies}
    topmost = {zone: [each for each in upwards(zone) if each in zones][-1] for zone in zones}
    places = {policy.domain: at for at, policy in enumerate(repo.policies)}
    related: dict[DomainName, list[int]] = {domain: [] for domain in places}
    for domain, at in places.items():
        for name in upwards(domain):
            if name != domain and name in places:
                related[name].append(at)
                related[domain].append(places[name])
    return _Neighbours(topmost, related)


def _sources(policy: Policy, lock: Lock, known: Recognition) -> Iterable[DeclaredSource]:
    if policy.body.parked:
        return ()
    found = _Found(policy, lock, known)
    for use in policy.senders:
        found.add_sender(use)
    for term in _loose_terms(policy):
        found.add_term(term)
    for selector, section in _selectors(policy).items():
        found.add_selector(selector, section)
    return found.sources.values()


def _selectors(policy: Policy) -> Mapping[str, SelectorSection]:
    listed = policy.body.dkim.selectors if policy.body.dkim is not None else {}
    return {selector.lower(): section for selector, section in listed.items()}


def _loose_terms(policy: Policy) -> Iterator[str]:
    """Yield what a policy's SPF record lets pass and none of its senders brings."""
    section = policy.body.spf
    brought = {_folded(term) for use in policy.senders for term in use.terms}
    for word in section.words if isinstance(section, SpfSection) else ():
        term = spf.parse_term(word)
        if isinstance(term, spf_term.Modifier):
            lets_pass = term.name.lower() == "redirect"
        else:
            passes = term.qualifier is spf_term.Qualifier.PASS
            lets_pass = passes and not isinstance(term, spf_term.All)
        if lets_pass and _folded(word) not in brought:
            yield _folded(word)


def _folded(term: str) -> str:
    return term.lower().lstrip("+")


class _Found:
    """The sources of one policy, by key."""

    def __init__(self, policy: Policy, lock: Lock, known: Recognition) -> None:
        self.sources: dict[str, DeclaredSource] = {}
        self._policy, self._lock, self._known = policy, lock, known

    def add_sender(self, use: Use) -> None:
        listed = _selectors(self._policy)
        names = [each.selector for each in use.selectors] or map(str.lower, use.signs_with)
        states = {name: listed[name].state if name in listed else KeyState.ABSENT for name in names}
        at_path = use.path.spf.split()[1:-1] if use.path is not None and use.path.spf else ()
        source = DeclaredSource(
            use.key,
            use.sender,
            use.name,
            self._policy.domain,
            own=use.sender == OWN_HOST,
            use=use,
            open=use.entry is not None and not use.terms and not at_path,
            selectors=states,
            mail_from=frozenset(() if use.mail_from is None else (use.mail_from,)),
            led_to=frozenset(each.cname for each in use.selectors if each.cname is not None),
        )
        for term in at_path:
            source = self._with_addresses(source, term)
        self.sources[use.key] = source
        for term in use.terms:
            self._add(source.key, term)

    def add_term(self, term: str) -> None:
        name = target(term)
        senders = self._known.senders(Trace.INCLUDE, name) if name is not None else ()
        self._add(self._key(term, senders, name), term)

    def add_selector(self, selector: str, section: SelectorSection) -> None:
        if not any(selector in each.selectors for each in self.sources.values()):
            key = self._key_of_selector(selector, section)
            there = self.sources[key]
            led_to = there.led_to | ({section.cname} if section.cname is not None else set())
            selectors = {**there.selectors, selector: section.state}
            self.sources[key] = replace(there, selectors=selectors, led_to=led_to)

    def _key_of_selector(self, selector: str, section: SelectorSection) -> str:
        label = f"selector {selector}"
        if section.cname is not None:
            senders = self._known.senders(Trace.DKIM, section.cname)
            return self._key(label, senders, section.cname)
        # Such names are typical and no more: something else must speak for the sender too.
        there = {each.sender for each in self.sources.values()}
        typical = self._known.senders(Trace.SELECTOR, selector)
        senders = tuple(each for each in typical if each in there)
        if not senders:
            for source in self.sources.values():
                if source.own and source.use is not None and not source.use.signs_with:
                    return source.key
        return self._key(label, senders, None)

    def _key(self, label: str, senders: Sequence[str], name: str | None) -> str:
        """Return the key of a source that is one of these senders; it is made if need be.

        `name` is where a record leads. Without one, or if it lies in the zone, the source is one's
        own.
        """
        for source in self.sources.values():
            if source.sender in senders or (name is not None and source.is_led_to(name)):
                return source.key
        key = senders[0] if senders else label
        if key not in self.sources:
            entry = self._known.catalogue.get(key) if senders else None
            called = entry.name if entry is not None else key
            sender = key if senders else None
            ours = name is None or is_at_or_below(DomainName(name), self._policy.zone)
            own = ours and sender is None
            self.sources[key] = DeclaredSource(key, sender, called, self._policy.domain, own)
        return key

    def _add(self, key: str, term: str) -> None:
        """Add what a term of the domain's own record lets pass."""
        there = self.sources[key]
        there = replace(there, mail_from=there.mail_from | {self._policy.domain})
        self.sources[key] = self._with_addresses(there, term)

    def _with_addresses(self, source: DeclaredSource, term: str) -> DeclaredSource:
        name = target(term)
        if name is not None:
            source = replace(source, led_to=source.led_to | {name})
        match spf.parse_term(term):
            case spf_term.Ip4(network=one) | spf_term.Ip6(network=one):
                return replace(source, addresses=source.addresses | addresses_of([one.network]))
            case spf_term.Include() if name in self._lock.names:
                held = self._lock.names[DomainName(name or "")].addresses
                return replace(source, addresses=source.addresses | held)
            case _:
                return replace(source, open=True)
