"""What TLS reports say of a plan that begins to enforce an MTA-STS policy (RFC 8461 §5)."""

from __future__ import annotations

from mailauth_dns.evidence.gate.gate import Loss, TlsGate
from mailauth_dns.evidence.tls.verdict import TlsVerdict
from mailauth_dns.plan.evidence_entry import EvidenceEntry

_MAX_LOST = 20  # exchangers and reasons that a plan names


def of_mta_sts(found: TlsVerdict, gate: TlsGate) -> EvidenceEntry:
    """Return a verdict as a plan has it, with the sessions that mode enforce would have ended."""
    rest = found.failures[_MAX_LOST:]
    apart = (
        (f"not counted: {found.apart} sessions under no policy, another one, or DANE",)
        if found.apart
        else ()
    )
    return EvidenceEntry(
        "enforces",
        "met" if found.met else "not met",
        "would not have delivered",
        first=found.first,
        last=found.last,
        messages=found.sessions,
        parts=found.parts,
        lost=tuple(
            Loss(each.exchanger or "an exchanger that is not said", each.reason, each.sessions)
            for each in found.failures[:_MAX_LOST]
        ),
        more_sources=len(rest),
        more_messages=sum(each.sessions for each in rest),
        not_before=found.not_before if not found.met else None,
        notes=(*apart, gate.lowered) if gate.lowered else apart,
    )
