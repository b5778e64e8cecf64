"""Evidence of two places as one; neither the order of merging nor how often makes a difference."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept.evidence_text import text_of
from mailauth_dns.evidence.kept.together import together


def merged(a: Evidence, b: Evidence) -> Evidence:
    """Return all reports of both, each once. Both are about the same domain."""
    return together(a.domain, (*a.mail, *b.mail, *a.sessions, *b.sessions))


def pruned(evidence: Evidence, before: date) -> Evidence:
    """Return evidence without the reports that end before a day."""
    return replace(
        evidence,
        mail=tuple(each for each in evidence.mail if each.window.last_day >= before),
        sessions=tuple(each for each in evidence.sessions if each.window.last_day >= before),
    )


def digest(evidence: Evidence) -> str:
    """Return what tells this evidence from all other, in hexadecimal digits."""
    return hashlib.sha256(text_of(evidence).encode()).hexdigest()
