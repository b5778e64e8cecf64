"""How a domain stands with MTA-STS: its mode, and what TLS reports say of mode enforce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailauth_dns.evidence.kept.evidence_files import read_evidence
from mailauth_dns.evidence.tls.verdict import TlsVerdict, tls_gate_of, tls_verdict
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.mta_sts import MtaStsSection


@dataclass(frozen=True, slots=True)
class StsStanding:
    """A domain that declares an MTA-STS policy, and the verdict of its reports.

    `asked` tells whether the policy asks senders for reports.
    """

    policy: Policy
    section: MtaStsSection
    verdict: TlsVerdict
    asked: bool


def sts_section(policy: Policy) -> MtaStsSection | None:
    """Return what a policy says of MTA-STS; None if it says nothing, or `absent`."""
    section = policy.body.mta_sts
    return None if section is ABSENT else section


def sts_standing(repo: Repo, policy: Policy, today: date) -> StsStanding | None:
    """Return how a domain stands on a day in UTC; None where it declares no MTA-STS policy.

    Raises:
        PolicyError: its file of evidence is broken.
    """
    section = sts_section(policy)
    if section is None:
        return None
    evidence = read_evidence(repo.root, policy.domain)
    found = tls_verdict(evidence, section.mx, tls_gate_of(section), today)
    asked = policy.body.tls_rpt not in (None, ABSENT)
    return StsStanding(policy, section, found, asked)
