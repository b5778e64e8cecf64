"""A zone repo as a value: its policies, its provider stanzas and its lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.policy.provider_stanza import Stanza
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.use import Use
from mailauth_dns.typed_yaml import yaml_tree

Route = tuple[str | int, ...]  # keys and list indexes that lead to a value of a policy


@dataclass(frozen=True, eq=False, slots=True)
class Policy:
    """One domain's policy. Domains of one file share `body` and `root`."""

    domain: DomainName
    zone: DomainName
    body: PolicyFile
    root: yaml_tree.Mapping = field(repr=False)
    path: str
    declared_at: yaml_tree.Place
    keys: Mapping[str, PublicKey]  # selector -> the key in its file
    senders: tuple[Use, ...] = ()  # what `senders` come to; `body` has their terms and selectors

    @property
    def has_tests(self) -> bool:
        """Whether it has tests of its own, or senders, which bring theirs along."""
        return bool(self.body.tests) or any(not use.life.gone for use in self.senders)

    def with_tree(self, root: yaml_tree.Mapping, declared_at: yaml_tree.Place) -> Policy:
        """Return the same policy with another tree of its file."""
        # `replace` looks at each field of each policy, and there may be very many.
        return Policy(
            *(self.domain, self.zone, self.body, root, self.path, declared_at),
            *(self.keys, self.senders),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Policy, (
            *(self.domain, self.zone, self.body, self.root, self.path, self.declared_at),
            *(self.keys, self.senders),
        )

    def place(self, route: Route) -> yaml_tree.Place:
        """Return where the file says what `route` names."""
        return yaml_tree.locate(self.root, route)


@dataclass(frozen=True, eq=False)
class Repo:
    """Everything that the files of a zone repo say."""

    root: Path
    policies: tuple[Policy, ...]
    stanzas: Mapping[str, Stanza]
    lock: Lock
    catalogue: Catalogue = field(default_factory=Catalogue)  # with the repo's own senders

    @cached_property
    def by_zone(self) -> Mapping[DomainName, tuple[Policy, ...]]:
        """The policies by the zone that holds their records."""
        found: dict[DomainName, list[Policy]] = {}
        for policy in self.policies:
            found.setdefault(policy.zone, []).append(policy)
        return {zone: tuple(policies) for zone, policies in found.items()}

    @cached_property
    def tested(self) -> tuple[Policy, ...]:
        """The policies that have tests."""
        return tuple(policy for policy in self.policies if policy.has_tests)

    def of(self, domains: Collection[DomainName] = ()) -> tuple[Policy, ...]:
        """Return the policies for these domains; every policy if `domains` is empty.

        Raises:
            MailAuthError: a domain has no policy.
        """
        if not domains:
            return self.policies
        wanted = frozenset(domains)
        if missing := wanted - {policy.domain for policy in self.policies}:
            raise MailAuthError(
                f"there is no policy for {', '.join(sorted(missing))}; "
                "see zones/policy, or make one with `mailauth-dns import`"
            )
        return tuple(policy for policy in self.policies if policy.domain in wanted)
