"""The page of a verdict about one message: the result, the names compared, and each reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailauth_dns.evaluate.verdict import Verdict
from mailauth_dns.pages.alignment_picture import alignment
from mailauth_dns.pages.drawing import NARROW, WIDE, Drawing
from mailauth_dns.pages.identities import Identities, tone
from mailauth_dns.pages.page import page
from mailauth_dns.render.message_verdict import ending_said


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict in one state of DNS, with its picture."""

    title: str
    verdict: Verdict
    tone: str
    ending: str
    narrow: Drawing
    wide: Drawing


def message_page(found: Iterable[tuple[str, Verdict]], identities: Identities) -> str:
    """Return the page of the verdicts on one message, one for each state of DNS."""
    return page(
        "message.html",
        identities=identities,
        findings=[
            Finding(
                title,
                verdict,
                tone(verdict),
                ending_said(verdict),
                alignment(title, verdict, NARROW),
                alignment(title, verdict, WIDE // 2),
            )
            for title, verdict in found
        ],
    )
