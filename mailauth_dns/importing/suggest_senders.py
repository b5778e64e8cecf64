"""Suggest what a policy could say of who sends, from live DNS or a zone file.

repo = load_repo(Path("."), may_be_empty=True)
suggested = suggest(repo, DomainName("example.com"), Asked(), today)
print(suggested.after)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mailauth_dns.errors import MailAuthError
from mailauth_dns.evaluate.resolver import Resolver, Values
from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.evaluate.spf_tree import LookupCost, Remark
from mailauth_dns.importing import sources, zone_files
from mailauth_dns.importing.common_selectors import COMMON_SELECTORS
from mailauth_dns.importing.draft import drafts
from mailauth_dns.importing.import_domains import defaults_of
from mailauth_dns.importing.sender_edits import (
    Difference,
    differences,
    own_keys,
    seen_with,
    spf_text,
    text_with,
)
from mailauth_dns.importing.sources import Published
from mailauth_dns.importing.surroundings import Surroundings
from mailauth_dns.importing.yaml_text import inherited
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.edited_policy import edited_policy
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records import dkim, dmarc, spf
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRKey, Zone
from mailauth_dns.senders.published import target
from mailauth_dns.senders.recognition import Recognition, Trace
from mailauth_dns.senders.suggestion import Situation, Suggestion, suggestion


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to look: a zone file, or live DNS.

    `selectors` and `return_paths` (labels below the domain) are names that nobody could guess.
    """

    file: Path | None = None
    zone: DomainName | None = None
    nameservers: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    return_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookups:
    """DNS lookups that an SPF record costs, now and with the proposal.

    `at_least` tells that names were not followed.
    """

    now: int
    then: int
    at_least: bool


@dataclass(frozen=True, slots=True)
class Suggested:
    """A proposal for one domain; `before` is the policy's text, None where there is none."""

    domain: DomainName
    path: str
    before: str | None
    after: str
    found: Suggestion
    differences: tuple[Difference, ...]
    lookups: Lookups | None
    unknown: tuple[tuple[RRKey, str], ...]

    @property
    def is_proposal(self) -> bool:
        """Whether there is something to write."""
        return not self.found.is_empty or bool(self.found.comments)


def suggest(repo: Repo, domain: DomainName, asked: Asked, today: date) -> Suggested:
    """Return what a policy could say of who sends; nothing is written. `today` is in UTC.

    Raises:
        MailAuthError: the policy cannot be edited, is parked, or is of several domains; or the
            source cannot be read.
        OSError: a file cannot be read.
    """
    there = next((policy for policy in repo.policies if policy.domain == domain), None)
    if there is not None:
        _check(repo, there)
    read, resolver = _read(repo, domain, there, asked)
    zone = read.zone
    policy, text = _draft(repo, domain, zone) if there is None else (there, _text(repo, there))
    before = _cost(policy, repo, domain, resolver)
    found = _unsaid(suggestion(_situation(repo, policy, zone, before)), text)
    after = policy
    if not found.is_empty or found.comments:
        defaults = defaults_of(repo)
        text = text_with(found, policy, text, defaults)
        after = edited_policy(
            policy.path,
            text,
            domain,
            defaults,
            repo.catalogue,
            policy.keys,
            today,
        )
    return Suggested(
        domain,
        policy.path,
        _text(repo, there) if there is not None else None,
        text,
        found,
        differences(policy, after, zone, repo, found),
        _lookups(policy, after, repo, resolver, before),
        read.unknown,
    )


def _check(repo: Repo, policy: Policy) -> None:
    sharing = [each.domain for each in repo.policies if each.path == policy.path]
    if len(sharing) > 1:
        raise MailAuthError(
            f"{policy.path} is the policy of {len(sharing)} domains, and senders differ; give "
            f"{policy.domain} a policy of its own"
        )
    if policy.body.parked:
        raise MailAuthError(f"{policy.path}: {policy.domain} is parked, and sends no mail")


def _text(repo: Repo, policy: Policy) -> str:
    return (repo.root / policy.path).read_bytes().decode("utf-8")


def _draft(repo: Repo, domain: DomainName, zone: Zone) -> tuple[Policy, str]:
    """Return a new policy for what is published."""
    beside = Surroundings(defaults_of(repo), repo.policies, {}, repo.lock)
    [made] = drafts([(zone, (domain,))], beside, {})
    return made.policy, made.text


def _situation(repo: Repo, policy: Policy, zone: Zone, cost: LookupCost | None) -> Situation:
    section = policy.body.dmarc
    strict = (
        section is not None
        and section is not ABSENT
        and section.record.effective_aspf is dmarc.Alignment.STRICT
    )
    return Situation(
        seen_with(policy, zone),
        Recognition(repo.catalogue),
        frozenset(use.sender for use in policy.senders) | {use.key for use in policy.senders},
        own_keys(policy),
        frozenset(_dead(cost)),
        strict=strict,
    )


def _unsaid(found: Suggestion, text: str) -> Suggestion:
    """Return a suggestion without the comments that a policy has already."""
    there = {line.strip() for line in text.splitlines()}
    return replace(
        found, comments=tuple(each for each in found.comments if f"# {each}" not in there)
    )


def _dead(cost: LookupCost | None) -> Iterable[str]:
    """Yield the names of includes of the record itself that publish nothing."""
    for child in cost.children if cost is not None else ():
        name = target(child.term)
        if name is not None and any(note.remark is Remark.MISSING for note in child.notes):
            yield name


# Looking


def _read(
    repo: Repo, domain: DomainName, policy: Policy | None, asked: Asked
) -> tuple[Published, Resolver | None]:
    if asked.file is not None:
        origin = asked.zone or zone_files.zone_of_file(asked.file, domain)
        return zone_files.in_file(asked.file, origin), None
    from mailauth_dns.live.resolver import LiveResolver  # it takes time to load

    origin = asked.zone or (policy.zone if policy is not None else domain)
    if not is_at_or_below(domain, origin):
        raise MailAuthError(f"{domain} does not lie in the zone {origin}")
    servers = asked.nameservers or (
        policy.body.nameservers
        if policy is not None
        else inherited(defaults_of(repo), "nameservers")
    )
    recognition = Recognition(repo.catalogue)
    said = policy.body.dkim.selectors if policy is not None and policy.body.dkim else {}
    selectors = {
        *COMMON_SELECTORS,
        *recognition.names(Trace.TRIED_SELECTOR),
        *asked.selectors,
        *said,
    }
    labels = {*recognition.names(Trace.TRIED_RETURN_PATH), *asked.return_paths}
    found = sources.in_dns({origin: (domain,)}, selectors, servers, labels)[origin]
    hosts = _addresses(found.zone, domain, origin, servers)
    return _together(found, hosts, domain, asked), LiveResolver({origin: servers})


def _addresses(
    zone: Zone, domain: DomainName, origin: DomainName, servers: tuple[str, ...]
) -> Published:
    """Return the addresses of the domain's exchangers that lie in it."""
    rrset = zone.get((domain, "MX"))
    hosts = {
        DomainName(value.split()[-1].rstrip(".").lower())
        for value in (rrset.values if rrset is not None else ())
    }
    keys = frozenset(
        (host, kind)
        for host in hosts
        if host and is_at_or_below(host, domain)
        for kind in ("A", "AAAA")
    )
    return (
        sources.sets_in_dns(origin, keys, servers) if keys else Published(Zone(origin, frozenset()))
    )


def _together(found: Published, hosts: Published, domain: DomainName, asked: Asked) -> Published:
    """Return both; what was only tried, and is not known, says nothing about the domain."""
    wanted = {dkim.owner_name(each, domain) for each in asked.selectors}
    wanted |= {DomainName(f"{each}.{domain}") for each in asked.return_paths}
    unknown = [
        (key, reason)
        for key, reason in found.unknown
        if key[0] == domain or key[0] in wanted or key[0] == dmarc.owner_name(domain)
    ]
    return Published(Zone(found.zone.origin, found.zone.rrsets | hosts.zone.rrsets), tuple(unknown))


# Cost


@dataclass(frozen=True, slots=True)
class _With:
    """A resolver that answers with a record that is not published yet."""

    resolver: Resolver
    domain: DomainName
    text: str

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        """Return the values of one set."""
        if (name, rrtype) == (self.domain, "TXT"):
            return (self.text,)
        return self.resolver.lookup(name, rrtype)


def _cost(
    policy: Policy, repo: Repo, domain: DomainName, resolver: Resolver | None
) -> LookupCost | None:
    text = spf_text(policy, repo)
    if text is None or resolver is None:
        return None
    return lookup_cost(domain, _With(resolver, domain, text))


def _lookups(
    before: Policy, after: Policy, repo: Repo, resolver: Resolver | None, now: LookupCost | None
) -> Lookups | None:
    texts = spf_text(before, repo), spf_text(after, repo)
    if texts[0] is None or texts[1] is None:
        return None
    then = _cost(after, repo, after.domain, resolver)
    if now is not None and then is not None:
        at_least = any(node.unknown is not None for each in (now, then) for node in each.walk())
        return Lookups(now.total, then.total, at_least)
    own = [spf.parse(text).own_lookups for text in texts if text is not None]
    return Lookups(own[0], own[1], at_least=True)
