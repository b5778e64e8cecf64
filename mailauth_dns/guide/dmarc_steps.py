"""Steps to a DMARC policy that receivers enforce, once reports show that your mail passes."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.guide.situation import Here, Ramp, Situation
from mailauth_dns.guide.step import Step, ours
from mailauth_dns.guide.wording import others


def is_due(_here: Here, at: Situation) -> bool:
    """Tell whether reports permit the next step."""
    return at.ramp is not None and at.ramp.met


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
    """Reports permit the next step."""
    at = group[0]
    assert at.ramp is not None
    words = f"the reports of {at.domain} meet what its policy asks of them"
    if at.ramp.lists:
        words += f"; {at.ramp.lists} messages of mailing lists would have failed"
    if at.ramp.written is not None:
        return Step(
            f"Take the next step of DMARC: {at.ramp.step}",
            f"{words}; {at.path} is the policy of other domains too, so write {at.ramp.written} "
            f"into a policy of its own for {at.domain}, or there if all of them are ready",
            "some minutes",
            (ours("dmarc", "status"), ours("compile")),
            after=("then commit, `plan` and `apply`", *others(group, "then")),
        )
    return Step(
        f"Take the next step of DMARC: {at.ramp.step}",
        words,
        "a minute",
        (ours("dmarc", "advance", at.domain),),
        after=("then `compile`, commit, `plan` and `apply`", *others(group, "then")),
    )


def later(domain: str, ramp: Ramp) -> str:
    """Return what the next step waits for."""
    if not ramp.reports:
        return (
            "read the DMARC reports that come: `reports read PATH --write`; "
            f"`dmarc status {domain}` says what is left to {ramp.step}"
        )
    if ramp.not_before is not None:
        command = f"`dmarc {'advance' if ramp.written is None else 'status'} {domain}`"
        return f"from {ramp.not_before} {command}: {ramp.step}, if mail goes on so"
    return f"{ramp.step} waits (`dmarc status {domain}`): {ramp.blocks[0]}"
