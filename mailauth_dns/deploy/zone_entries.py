"""What the providers answered, as the zones of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import live_state
from mailauth_dns.deploy.evidence_of_changes import EvidenceOfChanges
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.diff.partial_read import not_told
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.digests import digests
from mailauth_dns.plan.entries import blocked_entry, evidence_digest, kept_entry
from mailauth_dns.plan.plan import Where, ZoneEntry
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName


def told_in_part(
    proposal: Proposal, publication: Publication, observation: Observation
) -> str | None:
    """Return why nothing of a proposal may be written: the provider told only a part of the zone.

    Servers that are certainly another provider's (DNS008) cannot show that.
    """
    zone = proposal.reading.zone
    reason = not_told(proposal.difference, zone, observation)
    if reason is None or live_state.authority(zone, observation, publication).state == "differs":
        return None
    return reason


def entries(
    repo: Repo,
    wanted: Mapping[Where, Publication],
    proposals: Mapping[Where, Proposal],
    observations: Mapping[DomainName, Observation],
    request: PlanRequest,
    evidence: EvidenceOfChanges,
) -> Iterator[ZoneEntry]:
    """Yield the entry of each proposal, without tests."""
    for where, proposal in proposals.items():
        publication, zone = wanted[where], proposal.reading.zone
        observation = observations.get(publication.origin)
        difference, places = proposal.difference, publication.places
        changes = evidence.entries(difference.changes, places)
        yield ZoneEntry(
            zone=where[0],
            provider=where[1],
            digests=replace(
                digests(repo, publication, where[1]), evidence=evidence_digest(changes)
            ),
            changes=changes,
            blocked=tuple(
                blocked_entry(each, places.get((each.key, each.family)))
                for each in difference.blocked
            ),
            kept=tuple(kept_entry(kept, where[0], request.show_kept) for kept in difference.kept),
            live=live_state.rows(publication, zone, observation),
            authority=live_state.authority(zone, observation, publication),
            tests=(),
        )


def with_tests(
    repo: Repo,
    chosen: Iterable[Publication],
    zones: Iterable[ZoneEntry],
    proposals: Mapping[Where, Proposal],
    *,
    live: bool,
) -> Iterator[ZoneEntry]:
    """Run the tests of the planned domains, and of others those that the changes break."""
    planned = {domain for publication in chosen for domain in publication.domains}
    if not repo.tested:
        yield from zones
        return
    from mailauth_dns.simulate.before_after import entries as trials  # loads live/

    tests = trials(repo.tested, planned, repo, proposals, ask_live=live)
    for zone in zones:
        yield replace(zone, tests=tests.get(zone.where, ()))
