"""Batches of a plan in other processes, each with connections of its own to the providers.

What is sent are the policies and the provider stanzas as the files have them. A stanza names its
secrets, and a worker reads them from the environment that it has from us.

Only zones in files of our own are planned so: several processes that ask the API of a provider
would ask it several times as fast as it was meant to be asked. What is told by more than the
policies around a zone, such as evidence from reports and tests, stays in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.evidence_of_changes import EvidenceOfChanges
from mailauth_dns.deploy.loose_ends import LooseEnds
from mailauth_dns.deploy.plan_batch import Batch, Run, planned
from mailauth_dns.deploy.plan_request import Holds, PlanRequest
from mailauth_dns.deploy.provider_pool import Planned, ProviderPool
from mailauth_dns.deploy.quiet_notes import Folders, QuietNotes
from mailauth_dns.deploy.reviewed_notes import ReviewedNotes
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import ProviderError
from mailauth_dns.evidence.kept.evidence_files import domains_with_evidence
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan import who_sends
from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.plan import FailedEntry, Where, ZoneEntry
from mailauth_dns.plan.policy_permissions import Permissions
from mailauth_dns.plan.same_zones import ZonesByPlace, places, zones_alike
from mailauth_dns.policy.provider_stanza import LOCAL, Stanza
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.records.zone import RRKey
from mailauth_dns.spread.spread import Spread, pays
from mailauth_dns.typed_yaml.yaml_tree import Mapping as YamlMapping
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText

_NOTHING_HELD: Mapping[RRKey, Hold] = {}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class InParts:
    """Who plans batches.

    If somebody wants to know, `quiet` notes what has nothing to do. `reviewed` notes what has moved
    since a review; such a plan is to be applied with the pool that it is made with.
    """

    spread: Spread
    quiet: QuietNotes | None = None
    reviewed: ReviewedNotes | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A batch, with the policies and permissions that have to do with its zones.

    `reviewed` is what was said of these zones when they were reviewed.
    """

    batch: Batch
    policies: tuple[Policy, ...]
    permissions: Permissions
    reviewed: Sequence[ZoneEntry] = ()


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """The entries of a batch.

    `quiet` are the places that have nothing to do, where that was asked for, with their files'
    digests. `moved` is what is not as it was reviewed, and `held` is what went into the proposals,
    where something did.
    """

    zones: Alike[ZoneEntry]
    failed: tuple[FailedEntry, ...]
    ends: LooseEnds
    quiet: Mapping[Where, str]
    moved: Mapping[Where, list[str]]
    held: Holds

    @property
    def places(self) -> Iterator[Where]:
        """All places that were planned."""
        yield from places(self.zones)
        yield from (each.where for each in self.failed)


@dataclass
class PlanParts:
    """Plans one part after another, with connections that stay open."""

    root: Path
    stanzas: Mapping[str, Stanza]
    lock: Lock
    request: PlanRequest
    now: datetime
    unreachable: Mapping[str, ProviderError]
    folders: Folders | None  # of local providers, if it is to be noted what is quiet there

    def __call__(self, part: Part) -> PlannedPart:
        """Return what a plan says of a part.

        Raises:
            ProviderError: a stanza is wrong, its class is missing, or a secret is not set.
        """
        batch, repo = part.batch, replace(self._no_policies, policies=part.policies)
        wanted = [
            (each.origin, at) for each in batch.chosen for at in self.request.providers_of(each)
        ]
        unreachable = dict(self.unreachable)
        unreachable |= self._pool.connect(at for at in wanted if at[1] not in unreachable)
        evidence = EvidenceOfChanges(repo, self.now.date())
        notes = None
        if self.folders is not None:
            notes = QuietNotes({each.origin: each for each in batch.chosen}, self.folders)
        reviewed = ReviewedNotes(ZonesByPlace(part.reviewed))

        def noted(zone: ZoneEntry, proposal: Proposal) -> None:
            reviewed.note(zone, proposal)
            if notes is not None:
                notes.note(zone, proposal)

        entries, answers = planned(
            Run(
                *(repo, self._pool, self.request, self.now, part.permissions),
                *(evidence, unreachable),
                keeps=False,
                begins=notes.begin if notes is not None else lambda _wanted: None,
            ),
            batch,
            lambda _zone: None,
            noted,
        )
        self._pool.forget()
        ends = LooseEnds()
        ends.look_at(batch.chosen, answers)
        return PlannedPart(
            zones_alike(each for each in entries.values() if isinstance(each, ZoneEntry)),
            tuple(each for each in entries.values() if isinstance(each, FailedEntry)),
            ends,
            notes.quiet if notes is not None else {},
            reviewed.moved,
            {
                where: each.held
                for where, each in answers.items()
                if isinstance(each, Proposal) and each.held
            },
        )

    @cached_property
    def _no_policies(self) -> Repo:
        return Repo(self.root, (), self.stanzas, self.lock)

    @cached_property
    def _pool(self) -> ProviderPool:
        return ProviderPool(self._no_policies)


class PartsOfPlan:
    """Which zones of a plan can be planned in parts, and what comes of it."""

    def __init__(self, run: Run, in_parts: InParts, everywhere: Collection[Publication]) -> None:
        """Look at everything that a repo declares."""
        self._run, self._in_parts = run, in_parts
        self._places = {policy.domain: at for at, policy in enumerate(run.repo.policies)}
        self._below = {
            domain: below[0].domain for domain, below in who_sends.below(run.repo.policies).items()
        }
        local = {id for id, each in run.repo.stanzas.items() if each.class_name == LOCAL}
        evidence = domains_with_evidence(run.repo.root)
        senders = {policy.domain for policy in run.repo.policies if policy.senders}
        # What these tell is found in git, and among all policies of the repo.
        here = evidence | senders
        self._fit = frozenset(
            each.origin
            for each in everywhere
            if local.issuperset(each.providers) and here.isdisjoint(each.domains)
        )

    def fit(self, groups: Iterable[Collection[DomainName]]) -> frozenset[DomainName]:
        """Return the zones of these groups that can be planned elsewhere, if that is worth it."""
        found = {zone for group in groups if self._fit.issuperset(group) for zone in group}
        return frozenset(found) if pays(len(found)) else frozenset()

    def planned(
        self, batches: Iterable[Batch], progress: Callable[[str], None]
    ) -> Iterator[PlannedPart]:
        """Yield what is planned of each batch."""
        run, quiet, reviewed = self._run, self._in_parts.quiet, self._in_parts.reviewed
        publications: dict[DomainName, Publication] = {}
        work = PlanParts(
            *(run.repo.root, dict(run.repo.stanzas), run.repo.lock),
            # What is sent is not more than what is asked of each part.
            replace(run.request, domains=(), zones=None, notes=(), declared=(), shard=None),
            *(run.now, run.unreachable, quiet.folders if quiet is not None else None),
        )

        def parts() -> Iterator[Part]:
            for batch in batches:
                publications.update((each.origin, each) for each in batch.chosen)
                yield self._part(batch)

        for done in self._in_parts.spread.each(work, parts()):
            for zone, _ in done.places:
                progress(zone)
            if quiet is not None:
                quiet.note_elsewhere(done.places, done.quiet)
            if reviewed is not None:
                reviewed.note_elsewhere(done.places, done.moved)
                for where in places(done.zones):
                    publication = publications[DomainName(where[0])]
                    held = done.held.get(where, _NOTHING_HELD)
                    run.pool.remember(where, Planned(publication, held))
            for zone in {zone for zone, _ in done.places}:
                del publications[DomainName(zone)]
            yield done

    def _part(self, batch: Batch) -> Part:
        domains = set(self._around(batch.chosen))
        policies = self._run.repo.policies
        around = (policies[at] for at in sorted(self._places[domain] for domain in domains))
        permissions = self._run.permissions
        zones = {each.origin for each in batch.chosen}
        reviewed, request = self._in_parts.reviewed, self._run.request
        asked = ((each.origin, at) for each in batch.chosen for at in request.providers_of(each))
        return Part(
            batch,
            tuple(map(_sent, around)),
            Permissions(
                _of(domains, permissions.by_domain),
                _of(zones, permissions.of_zones),
                permissions.today,
            ),
            reviewed.reviewed.some(asked) if reviewed is not None else (),
        )

    def _around(self, publications: Iterable[Publication]) -> Iterator[DomainName]:
        """Yield the domains of the policies that decide what a plan says of some zones."""
        by_zone = self._run.repo.by_zone
        for each in publications:
            own = {*each.domains, *(policy.domain for policy in by_zone.get(each.origin, ()))}
            above = {name for name in upwards(each.origin) if name in self._places}
            yield from own | above
            # That there is one is all that counts.
            yield from (self._below[domain] for domain in own if domain in self._below)


def _sent(policy: Policy) -> Policy:
    """Return a policy without the text of its file: what it says is in the body."""
    root = _no_text(policy.path)
    return policy.with_tree(root, root.place)


@lru_cache(maxsize=64)  # domains of one file share it
def _no_text(path: str) -> YamlMapping:
    return YamlMapping(Place(SourceText(path, ()), 0, 0), {}, {})


def _of(keys: Iterable[str], all_: Mapping[str, _T]) -> dict[str, _T]:
    return {each: all_[each] for each in keys if each in all_}
