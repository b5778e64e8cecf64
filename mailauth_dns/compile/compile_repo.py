"""Compile a repo: its policies to one publication a zone.

The result is deterministic: no network, and the same files give the same values on the same day.
The day is that on which the repo was read: from one day on, what a retired sender needed goes. A
policy declares records in its own zone. If its DMARC reports go to a host in another zone of the
repo, it also declares that host's consent there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from mailauth_dns.compile import declarations, report_consents
from mailauth_dns.compile.declared_like import Once
from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.errors import FileProblem, PolicyError
from mailauth_dns.policy import spf_flattening
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey


def compile_repo(repo: Repo) -> tuple[Publication, ...]:
    """Return one publication a zone, sorted by zone.

    Raises:
        PolicyError: the lock lacks something, two policies want the same name, or a name would be
            an alias and hold data.
    """
    policies: dict[DomainName, list[Policy]] = {}
    for policy in repo.policies:
        policies.setdefault(policy.zone, []).append(policy)
    problems = [
        problem
        for policy in repo.policies
        for problem in spf_flattening.lock_problems(policy, repo.lock)
    ]
    if problems:
        raise PolicyError(problems)
    consents = report_consents.by_zone(repo.policies, policies, problems)
    publications, once = [], Once()
    files = Counter(policy.path for policy in repo.policies)
    for zone in sorted(policies):
        own = _own(policies[zone], repo)
        declared = _by_key(zone, (*own, *consents.get(zone, ())), problems)
        first = policies[zone][0]
        ordered = tuple(declared[key] for key in sorted(declared))
        of_many = files[first.path] > 1
        publications.append(
            Publication(
                zone,
                once.of(first.path, zone, ordered) if of_many else ordered,
                first.body.providers,
                first.body.nameservers,
            )
        )
    if problems:
        raise PolicyError(problems)
    return tuple(publications)


def _own(policies: Iterable[Policy], repo: Repo) -> Iterator[tuple[Policy, Declared]]:
    found = [(policy, entry) for policy in policies for entry in declarations.of(policy, repo.lock)]
    yield from sorted(found, key=lambda each: _rank(each[1]))


def _rank(entry: Declared) -> int:
    """Return who has a name first: a policy itself, a sender, and last one that is gone."""
    return 0 if entry.sender is None else 1 if entry.values else 2


def _by_key(
    zone: DomainName, entries: Iterable[tuple[Policy, Declared]], problems: list[FileProblem]
) -> Mapping[RRKey, Declared]:
    """Return what is declared in a zone by name and type; add a problem for each clash."""
    declared: dict[RRKey, Declared] = {}
    holds_alias: dict[DomainName, bool] = {}
    for policy, entry in entries:
        name, type = entry.key
        is_alias = type == "CNAME"
        if entry.sender is not None and not entry.values and entry.key in declared:
            continue  # what a sender left there is replaced
        if entry.key in declared or (
            entry.values and holds_alias.setdefault(name, is_alias) != is_alias
        ):
            message = (
                f"{name} is also declared by another policy of the zone {zone}; "
                "one name can hold only one of them"
            )
            problems.append(_problem(policy, entry, message))
        declared[entry.key] = entry
    return declared


def _problem(policy: Policy, entry: Declared, message: str) -> FileProblem:
    """Return a problem at what declares an entry: a sender's return path, or the policy."""
    for use in policy.senders if entry.sender is not None else ():
        if use.path is not None and use.path.name == entry.key[0] and not use.life.gone:
            return policy.place(("senders", use.key)).problem(f"senders.{use.key}", message)
    return policy.declared_at.problem("domain", message)
