"""Policy against provider and live DNS: a plan, which is a value and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mailauth_dns import __version__
from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.deploy import live_state, observed
from mailauth_dns.deploy.git_commit import git_commit
from mailauth_dns.deploy.other_providers import Answers
from mailauth_dns.deploy.proposals import Progress, Question, proposals
from mailauth_dns.deploy.provider_pool import Proposed, ProviderPool
from mailauth_dns.diff.change import Hold
from mailauth_dns.diff.partial_read import not_told
from mailauth_dns.errors import ProviderError
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.plan.digests import digests, policies_by_zone
from mailauth_dns.plan.entries import blocked_entry, change_entry, kept_entry
from mailauth_dns.plan.plan import (
    AuthorityEntry,
    FailedEntry,
    Plan,
    Where,
    ZoneEntry,
)
from mailauth_dns.plan.policy_permissions import idle, permissions_of, with_permissions
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

Holds = Mapping[Where, Mapping[RRKey, Hold]]


@dataclass(frozen=True)
class PlanRequest:
    """What to plan, and how. `held` are sets that must not be written yet in any case.

    `providers` and `places` say whom to ask. A zone's other providers are not forgotten: what
    depends on them waits. `notes` say what the request leaves out, and begin those of the plan.
    `declared` is all that the repo declares, where the publications to plan are a part of it.
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


_EVERYTHING = PlanRequest()


def make_plan(
    repo: Repo,
    pool: ProviderPool,
    publications: Iterable[Publication],
    request: PlanRequest = _EVERYTHING,
    progress: Progress = lambda _zone: None,
) -> Plan:
    """Work out what would change at every provider of the publications.

    A zone that cannot be read is in `failed`. The pool remembers what apply needs.

    Raises:
        ProviderError: a stanza is wrong, its class is missing, or a secret is not set.
    """
    publications = tuple(publications)
    chosen = request.chosen(repo, publications)
    now = datetime.now(UTC)
    known = observed.ready_parts(chosen, now) if request.live else {}
    wanted: dict[Where, Publication] = {
        (publication.origin, provider): publication
        for publication in chosen
        for provider in request.providers_of(publication)
    }
    held, declared = _held(wanted, known, now, request), request.declared or publications
    question = Question(wanted, held, declared, request.providers, now, request.normalize)
    answers = proposals(pool, question, progress)
    proposed = {where: each for where, each in answers.items() if isinstance(each, Proposal)}
    read = ((wanted[where], each.reading.zone) for where, each in proposed.items())
    observations = observed.beside_providers(read, known) if request.live else {}
    zones = _zones(repo, wanted, proposed, observations, request)
    for where, (proposal, _) in zones.items():
        pool.remember(where, Proposed(wanted[where], proposal))
    permissions = permissions_of(repo.policies, now.date())
    entries = tuple(
        with_permissions(zone, permissions)
        for zone in _with_tests(repo, chosen, zones, request.live)
    )
    failed = _failed(answers, wanted)
    unneeded = idle(permissions, _planned_whole(wanted, failed), entries)
    return replace(begun(repo, request, now), zones=entries, failed=failed, idle=unneeded)


def begun(repo: Repo, request: PlanRequest, now: datetime) -> Plan:
    """Return the plan of a request before anything is planned."""
    return Plan(
        tool=__version__,
        made_at=now.isoformat(timespec="seconds"),
        commit=git_commit(repo.root),
        domains=tuple(request.domains) or None,
        normalize=request.normalize,
        zones=(),
        failed=(),
        notes=request.notes,
    )


def _planned_whole(
    wanted: Mapping[Where, Publication], failed: Iterable[FailedEntry]
) -> frozenset[DomainName]:
    """Return the domains that were planned at every provider of their zones."""
    dark = {each.where for each in failed}
    broken = {
        domain
        for publication in wanted.values()
        if any(
            (where := (publication.origin, each)) in dark or where not in wanted
            for each in publication.providers
        )
        for domain in publication.domains
    }
    planned = {domain for publication in wanted.values() for domain in publication.domains}
    return frozenset(planned - broken)


def _failed(answers: Answers, wanted: Mapping[Where, Publication]) -> tuple[FailedEntry, ...]:
    return tuple(
        FailedEntry(*where, str(error), next(iter(wanted[where].places.values()), None))
        for where, error in answers.items()
        if isinstance(error, ProviderError)
    )


def _held(
    wanted: Mapping[Where, Publication],
    observations: observed.Observations,
    now: datetime,
    request: PlanRequest,
) -> dict[Where, Mapping[RRKey, Hold]]:
    """Return what must not be written yet: parts of SPF records first, the records later."""
    parts = {
        publication.origin: spf_part_timing.held(
            publication, observations.get(publication.origin), now
        )
        for publication in wanted.values()
    }
    return {
        where: {**parts[publication.origin], **request.held.get(where, {})}
        for where, publication in wanted.items()
    }


def _zones(
    repo: Repo,
    wanted: Mapping[Where, Publication],
    proposals: Mapping[Where, Proposal],
    observations: Mapping[DomainName, Observation],
    request: PlanRequest,
) -> dict[Where, tuple[Proposal, ZoneEntry]]:
    """Return each proposal as it may be applied, and its entry in the plan, without tests."""
    zones = {}
    index = policies_by_zone(repo)
    for where, read in proposals.items():
        publication = wanted[where]
        observation = observations.get(publication.origin)
        authority = live_state.authority(read.reading.zone, observation, publication)
        proposal = _told_whole(read, authority, observation)
        difference, places = proposal.difference, publication.places
        zones[where] = (
            proposal,
            ZoneEntry(
                zone=where[0],
                provider=where[1],
                digests=digests(repo, index, publication, where[1]),
                changes=tuple(
                    change_entry(each, places.get((each.key, each.family)))
                    for each in difference.changes
                ),
                blocked=tuple(
                    blocked_entry(each, places.get((each.key, each.family)))
                    for each in difference.blocked
                ),
                kept=tuple(kept_entry(kept, request.show_kept) for kept in difference.kept),
                live=live_state.rows(publication, proposal.reading.zone, observation),
                authority=authority,
                tests=(),
            ),
        )
    return zones


def _told_whole(
    proposal: Proposal, authority: AuthorityEntry, observation: Observation | None
) -> Proposal:
    """Block all of a proposal if the zone's servers show that the provider told only a part of it.

    Servers that are certainly another provider's (DNS008) cannot show that.
    """
    if observation is None or authority.state == "differs":
        return proposal
    reason = not_told(proposal.difference, proposal.reading.zone, observation)
    return (
        proposal
        if reason is None
        else replace(proposal, difference=proposal.difference.refused(reason), octodns_plan=None)
    )


def _with_tests(
    repo: Repo,
    chosen: Iterable[Publication],
    zones: Mapping[Where, tuple[Proposal, ZoneEntry]],
    live: bool,
) -> tuple[ZoneEntry, ...]:
    """Run the tests of the planned domains, and of others those that the changes break."""
    planned = {domain for publication in chosen for domain in publication.domains}
    tested = [policy for policy in repo.policies if policy.has_tests]
    if not tested:
        return tuple(entry for _, entry in zones.values())
    from mailauth_dns.simulate.before_after import entries  # loads dnspython

    proposals = {where: proposal for where, (proposal, _) in zones.items()}
    tests = entries(tested, planned, repo, proposals, ask_live=live)
    return tuple(replace(entry, tests=tests.get(where, ())) for where, (_, entry) in zones.items())


def unresolved(plan: Plan) -> bool:
    """Tell whether a zone could not be read or a change is refused."""
    return bool(plan.failed) or any(zone.refused for zone in plan.zones)
