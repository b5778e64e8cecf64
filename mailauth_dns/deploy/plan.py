"""Policy against provider and live DNS: a plan, which is a value and changes nothing."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mailauth_dns import __version__
from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.deploy import live_state
from mailauth_dns.deploy.other_providers import Said, behind_others
from mailauth_dns.deploy.provider_pool import Crew, Lane, Lanes, open_lanes
from mailauth_dns.diff.change import Hold
from mailauth_dns.diff.partial_read import not_told
from mailauth_dns.errors import ProviderError
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.octo.provider_objects import Unreachable
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.plan.plan_file import (
    AuthorityEntry,
    FailedEntry,
    PlanFile,
    TrialEntry,
    ZoneEntry,
    blocked_entry,
    change_entry,
    kept_entry,
)
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey

Holds = Mapping[tuple[str, str], Mapping[RRKey, Hold]]  # by zone and provider
_NOTHING_HELD: Holds = {}
Step = Callable[[str], None]  # told each zone that is done, for a progress bar


@dataclass(frozen=True)
class Plan:
    """What would change. `file` is all that is shown and stored; `proposals` are what apply carries out."""

    file: PlanFile
    proposals: Mapping[tuple[str, str], Proposal]
    publications: Mapping[str, Publication]
    lanes: Mapping[str, Lanes]


def make_plan(
    repo: Repo,
    publications: Iterable[Publication],
    *,
    domains: tuple[DomainName, ...] = (),
    live: bool = True,
    normalize: bool = False,
    show_kept: bool = False,
    held: Holds = _NOTHING_HELD,
    step: Step = lambda _zone: None,
) -> Plan:
    """Work out what would change at every provider of the publications. A zone that cannot be read is in `failed`.

    `held` names, by zone and provider, sets that must not be written yet, whatever else holds.

    Raises:
        ProviderError: a stanza is wrong, its class is not there or a secret is not set.
    """
    chosen = selected(repo, publications, domains)
    now = datetime.now(UTC)
    by_zone = {publication.origin: publication for publication in chosen}
    lanes, said = _proposed(repo, chosen, now, live, normalize, held, step)
    proposals = {key: proposal for key, proposal in said.items() if isinstance(proposal, Proposal)}
    failed = [
        FailedEntry(zone=zone, provider=provider, error=str(error))
        for (zone, provider), error in said.items()
        if isinstance(error, ProviderError)
    ]
    observations = _observed(by_zone, proposals) if live else {}
    authorities = {
        key: live_state.authority(
            proposal.reading.zone, observations.get(DomainName(key[0])), by_zone[DomainName(key[0])]
        )
        for key, proposal in proposals.items()
    }
    proposals = {
        key: _told_whole(proposal, authorities[key], observations.get(DomainName(key[0])))
        for key, proposal in proposals.items()
    }
    trials = _tested(repo, chosen, proposals, live)
    zones = []
    for (zone, provider), proposal in proposals.items():
        publication, observation = by_zone[DomainName(zone)], observations.get(DomainName(zone))
        zones.append(
            ZoneEntry(
                zone=zone,
                provider=provider,
                policy_digest=publication.digest,
                provider_digest=repo.stanzas[provider].digest,
                changes=tuple(map(change_entry, proposal.difference.changes)),
                blocked=tuple(map(blocked_entry, proposal.difference.blocked)),
                kept=tuple(kept_entry(kept, show_kept) for kept in proposal.difference.kept),
                live=live_state.rows(publication, proposal.reading.zone, observation),
                authority=authorities[zone, provider],
                tests=trials.get((zone, provider), ()),
            )
        )
    file = PlanFile(
        tool=__version__,
        made_at=now.isoformat(timespec="seconds"),
        commit=git_commit(repo.root),
        domains=tuple(domains) or None,
        normalize=normalize,
        zones=tuple(zones),
        failed=tuple(failed),
    )
    return Plan(
        file,
        proposals,
        {str(origin): publication for origin, publication in by_zone.items()},
        lanes,
    )


def _told_whole(
    proposal: Proposal, authority: AuthorityEntry, observation: Observation | None
) -> Proposal:
    """Return a proposal that writes nothing where the zone's servers show that the provider did not tell everything that it holds.

    Servers that are certainly another provider's (DNS008) show nothing of it.
    """
    if observation is None or authority.state == "differs":
        return proposal
    reason = not_told(proposal.difference, proposal.reading.zone, observation)
    return (
        proposal
        if reason is None
        else replace(proposal, difference=proposal.difference.refused(reason), octodns_plan=None)
    )


def _proposed(
    repo: Repo,
    chosen: tuple[Publication, ...],
    now: datetime,
    live: bool,
    normalize: bool,
    known: Holds,
    step: Step,
) -> tuple[dict[str, Lanes], Said]:
    """Ask every provider of these publications what would change; the answers are in the order of the publications."""
    lanes, unreachable = _lanes(repo, chosen)
    wanted: dict[tuple[str, str], Publication] = {
        (publication.origin, provider): publication
        for publication in chosen
        for provider in publication.providers
    }
    held: dict[tuple[str, str], Mapping[RRKey, Hold]] = {key: {} for key in wanted}
    for publication, holds in _held_parts(chosen, now, live):
        held |= {(publication.origin, provider): holds for provider in publication.providers}
    held = {key: {**holds, **known.get(key, {})} for key, holds in held.items()}

    def propose(lane: Lane, key: tuple[str, str]) -> Proposal | ProviderError:
        try:
            return lane.ask(
                key[0],
                lambda target: target.propose(wanted[key], now, held[key], normalize=normalize),
            )
        except ProviderError as error:
            return error

    said: dict[tuple[str, str], Proposal | ProviderError] = {}
    for key, answer in Crew(
        {key: lanes[key[1]].of(key[0]) for key in wanted if key[1] in lanes}, propose
    ).results():
        said[key] = answer
        step(key[0])
    said = {key: said[key] if key in said else unreachable[key[1]] for key in wanted}
    behind = behind_others(said, wanted)
    held |= {key: {**held[key], **holds} for key, holds in behind.items()}
    said |= dict(Crew({key: lanes[key[1]].of(key[0]) for key in behind}, propose).results())
    return lanes, said


def _held_parts(
    publications: Iterable[Publication], now: datetime, live: bool
) -> Iterator[tuple[Publication, Mapping[RRKey, Hold]]]:
    """Yield the publications with parts of SPF records, and which of these must not be included yet."""
    having = {
        publication.origin: publication
        for publication in publications
        if spf_part_timing.parts_of(publication)
    }
    observations: Mapping[DomainName, Observation] = {}
    # Only what the lock says was served everywhere needs to be served still.
    asked = {
        origin: frozenset(
            e.key for e in spf_part_timing.parts_of(each) if e.ready and e.ready <= now
        )
        for origin, each in having.items()
    }
    if live and any(asked.values()):
        from mailauth_dns.live.observe import Wanted, observe  # as below

        observations = observe(
            [
                Wanted(origin, keys, having[origin].nameservers)
                for origin, keys in asked.items()
                if keys
            ]
        )
    for origin, publication in having.items():
        yield publication, spf_part_timing.held(publication, observations.get(origin), now)


def _lanes(
    repo: Repo, publications: Iterable[Publication]
) -> tuple[dict[str, Lanes], dict[str, ProviderError]]:
    """Return lanes to the providers that these publications name, and the errors of those that cannot be reached.

    Raises:
        ProviderError: listing everything that is wrong with every stanza that is needed.
    """
    lanes: dict[str, Lanes] = {}
    unreachable: dict[str, ProviderError] = {}
    problems: list[str] = []
    zones = Counter(provider for publication in publications for provider in publication.providers)
    for id in sorted(zones):
        try:
            lanes[id] = open_lanes(repo, id, zones[id])
        except Unreachable as error:
            unreachable[id] = error
        except ProviderError as error:
            problems.append(str(error))
    if problems:
        raise ProviderError("\n".join(problems))
    return lanes, unreachable


def _observed(
    publications: Mapping[DomainName, Publication], proposals: Mapping[tuple[str, str], Proposal]
) -> Mapping[DomainName, Observation]:
    from mailauth_dns.live.observe import (
        Wanted,
        observe,
    )  # dnspython takes time to load; only live DNS needs it

    keys: dict[DomainName, frozenset[tuple[DomainName, str]]] = {}
    for (zone, _), proposal in proposals.items():
        origin = DomainName(zone)
        keys[origin] = keys.get(origin, frozenset()) | live_state.keys_to_ask(
            publications[origin], proposal.reading.zone
        )
    return observe(
        [Wanted(origin, asked, publications[origin].nameservers) for origin, asked in keys.items()]
    )


def _tested(
    repo: Repo,
    chosen: Iterable[Publication],
    proposals: Mapping[tuple[str, str], Proposal],
    live: bool,
) -> Mapping[tuple[str, str], tuple[TrialEntry, ...]]:
    """Carry out the tests of the domains that are planned; of the others', those that the changes break are told."""
    planned = {domain for publication in chosen for domain in publication.domains}
    tested = [policy for policy in repo.policies if policy.body.tests]
    if not tested:
        return {}
    from mailauth_dns.simulate.before_after import entries  # as above

    return entries(tested, planned, repo, proposals, ask_live=live)


def observe_publications(publications: Iterable[Publication]) -> Mapping[DomainName, Observation]:
    """Ask the authoritative servers for everything that is declared."""
    from mailauth_dns.live.observe import Wanted, observe  # as above

    wanted = (
        Wanted(
            publication.origin, live_state.keys_to_ask(publication, None), publication.nameservers
        )
        for publication in publications
    )
    return observe(list(wanted))


def git_commit(root: Path) -> str | None:
    """Return the commit that is checked out in `root`, marked where files differ from it; None outside git."""
    try:
        status = subprocess.run(  # noqa: S603
            [  # noqa: S607 - git is found on PATH
                "git",
                "-C",
                str(root),
                "status",
                "--porcelain=v2",
                "--branch",
                "--",
                "zones",
                "providers",
            ],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = status.stdout.splitlines()
    head = next(
        (line.rpartition(" ")[2] for line in lines if line.startswith("# branch.oid ")), "(initial)"
    )
    if head == "(initial)":  # there is no commit yet
        return None
    return head + (" with changes" if any(not line.startswith("#") for line in lines) else "")


def unresolved(plan: PlanFile) -> bool:
    """Tell whether the plan could not say everything: a zone that could not be read, or a change that is refused."""
    return bool(plan.failed) or any(zone.refused for zone in plan.zones)
