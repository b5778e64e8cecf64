"""Steps to a DMARC policy that receivers enforce, once reports show that your mail passes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailauth_dns.guide.situation import Here, Situation
from mailauth_dns.guide.step import Step, ours
from mailauth_dns.guide.wording import others
from mailauth_dns.records.dmarc import Policy

LOOK = timedelta(days=14)  # of reports: mail that is sent once a week is in them twice


def from_when(at: Situation) -> datetime | None:
    """Return when the policy may be tightened; None where it asks for something already."""
    if at.dmarc is not Policy.NONE or at.dmarc_since is None:
        return None
    return at.dmarc_since + LOOK


def is_due(here: Here, at: Situation) -> bool:
    """Tell whether reports came for long enough."""
    when = from_when(at)
    return when is not None and when <= here.now


def declare(_here: Here, group: Sequence[Situation]) -> Step:
    """A policy has no DMARC section."""
    at = group[0]
    return Step(
        f"Write `dmarc:` into {at.path}",
        "without it receivers send no reports, and anybody may send as your domain: "
        f'dmarc: {{p: none, rua: ["mailto:dmarc@{at.domain}"]}}',
        "a minute",
        (ours("lint", at.domain),),
        after=others(group, "then"),
    )


def tighten(_here: Here, group: Sequence[Situation]) -> Step:
    """DMARC asks for nothing, and reports came for a while."""
    at = group[0]
    return Step(
        f"Read the DMARC reports; if your mail passes, write `p: quarantine` at {at.dmarc_place}",
        f"p=none asks receivers to do nothing, and {at.domain} has had {LOOK.days} days of reports",
        "as long as the reports take to read",
        (ours("lint", at.domain),),
        after=("then `compile`, commit, `plan` and `apply`", *others(group, "then")),
    )
