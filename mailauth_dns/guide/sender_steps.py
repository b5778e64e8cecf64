"""Steps about the senders that a policy declares."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.guide.situation import Here, Situation
from mailauth_dns.guide.step import Step, ours
from mailauth_dns.guide.wording import others


def take_out(_here: Here, group: Sequence[Situation]) -> Step:
    """A retired sender's grace is over, and its records are gone."""
    at = group[0]
    named = ", ".join(f"senders.{key}" for key in at.gone_senders)
    return Step(
        f"Take {named} out of {at.path}",
        "the grace is over and the records are gone, so the entry says nothing any more",
        "a minute",
        (ours("senders", "status", at.domain),),
        after=others(group, "then"),
    )
