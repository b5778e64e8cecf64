"""How a domain stands on the ramp of DMARC: its policy, the next step, and what it waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from mailauth_dns.compile.declarations import dmarc_section
from mailauth_dns.deploy.nothing_counts import NothingCounts, nothing_counts
from mailauth_dns.deploy.policy_since import Since, records_since
from mailauth_dns.evidence.evidence import MailReport
from mailauth_dns.evidence.gate.counted import is_about
from mailauth_dns.evidence.gate.gate import Gate, Verdict
from mailauth_dns.evidence.gate.ramp import Step, next_step
from mailauth_dns.evidence.gate.source_shares import SourceShare, source_shares
from mailauth_dns.evidence.gate.verdict import gate_of, verdict
from mailauth_dns.evidence.kept.evidence_files import read_evidence
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import declared_of
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.dmarc import Record

_NOT_ASKED = Since(None)


@dataclass(frozen=True, slots=True)
class Standing:
    """A domain on the ramp.

    `record` is None where the policy declares no record, and `step` where none is left; there is a
    verdict for each step. `since` is when DNS was last changed, and `nothing` why no report counts,
    None where one does. `other` is the newest report where it found another policy
    than the file has. `sharing` is how many domains have the policy's file.
    """

    policy: Policy
    record: Record | None
    gate: Gate
    since: Since = _NOT_ASKED
    step: Step | None = None
    verdict: Verdict | None = None
    sources: tuple[SourceShare, ...] = ()
    reports: int = 0
    nothing: NothingCounts | None = None
    sharing: int = 1
    other: MailReport | None = None


def standing(repo: Repo, policy: Policy, today: date) -> Standing:
    """Return how a domain stands on a day in UTC.

    Raises:
        PolicyError: its file of evidence is broken.
    """
    section, gate = dmarc_section(policy), gate_of(policy)
    if policy.body.parked or section is None:
        return Standing(policy, None, gate)
    step = next_step(section.record)
    if step is None:
        return Standing(policy, section.record, gate)
    evidence = read_evidence(repo.root, policy.domain)
    # git is slow to ask, and no report is judged otherwise where there is none.
    since = records_since(repo, policy) if evidence.mail else _NOT_ASKED
    rows = attributed(evidence, declared_of(repo, policy)) if evidence.mail else ()
    found = verdict(evidence, rows, gate, step, today, since=since.day, parked=False)
    nothing = None
    if found.first is None:
        before = step.record_before
        nothing = nothing_counts(evidence.mail, before, gate.days, since, today)
        found = replace(found, not_before=nothing.earliest)
    return Standing(
        policy,
        section.record,
        gate,
        since,
        step,
        found,
        source_shares(rows, found.reports),
        len(evidence.mail),
        nothing,
        sharing(repo)[policy.path],
        _other(evidence.mail, section.record, today),
    )


def _other(reports: Sequence[MailReport], record: Record, today: date) -> MailReport | None:
    """Return the newest report if it found another policy than a file has."""
    seen = (each for each in reports if each.window.last_day <= today)
    newest = max(seen, key=lambda each: each.window.end, default=None)
    return newest if newest is not None and not is_about(newest.published, record) else None


@lru_cache(maxsize=1)  # of one repo, many domains are asked for
def sharing(repo: Repo) -> Mapping[str, int]:
    """Return how many domains each policy file has."""
    return Counter(policy.path for policy in repo.policies)
