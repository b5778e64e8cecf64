"""What to plan, and whom to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.diff.change import Hold
from mailauth_dns.plan.plan import Where
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey
from mailauth_dns.spread.shard import Shard

Holds = Mapping[Where, Mapping[RRKey, Hold]]  # by zone and provider


@dataclass(frozen=True)
class PlanRequest:
    """What to plan, and how. `held` are sets that must not be written yet in any case.

    `providers` and `places` say whom to ask. A zone's other providers are not forgotten: what
    depends on them waits. `notes` say what the request leaves out, and begin those of the plan.
    `declared` is all that the repo declares, where the publications to plan are a part of it.
    `shard` is what to make of the plan.
    """

    domains: tuple[DomainName, ...] = ()  # none: all
    live: bool = True
    normalize: bool = False
    show_kept: bool = False
    held: Holds = field(default_factory=dict)
    zones: frozenset[DomainName] | None = None  # None: all
    providers: tuple[str, ...] = ()  # none: all
    places: frozenset[Where] | None = None  # None: all
    notes: tuple[str, ...] = ()
    declared: tuple[Publication, ...] = ()
    shard: Shard | None = None  # None: all of it

    def chosen(self, repo: Repo, publications: Iterable[Publication]) -> tuple[Publication, ...]:
        """Return the publications that are to be planned.

        Raises:
            MailAuthError: a domain has no policy, or its policy declares no record.
        """
        return tuple(
            each
            for each in selected(repo, publications, self.domains)
            if (self.zones is None or each.origin in self.zones)
            and (not self.providers or set(self.providers) & set(each.providers))
        )

    def providers_of(self, publication: Publication) -> tuple[str, ...]:
        """Return the providers of a publication that are to be asked."""
        return tuple(
            each
            for each in publication.providers
            if (not self.providers or each in self.providers)
            and (self.places is None or (publication.origin, each) in self.places)
        )
