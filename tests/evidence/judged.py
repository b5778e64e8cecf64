"""What the evidence of a domain comes to, by the way of the program: policy, attribution, verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from mailauth_dns.evidence.evidence import Evidence, MailReport
from mailauth_dns.evidence.gate.gate import Part, Verdict
from mailauth_dns.evidence.gate.ramp import next_step
from mailauth_dns.evidence.gate.verdict import gate_of, verdict
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import declared_of
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.sections.dmarc import DmarcSection
from tests.conftest import RepoFolder
from tests.evidence.histories import DOMAIN, POLICY, reports

TODAY = date(2026, 12, 1)
LONG_AGO = date(2026, 10, 31)
GOOGLE, YAHOO, OTHER = "google.com", "yahoo.com", "forger.example"
PARTS = [Part.DAYS, Part.VOLUME, Part.ALIGNED, Part.EACH, Part.REPORTERS, Part.NEWEST, Part.UNKNOWN]


def both(when: range, **mail: int) -> Iterator[MailReport]:
    """Two reporters; one sees twice as much as the other."""
    yield from reports(when, GOOGLE, {name: 2 * count for name, count in mail.items()})
    yield from reports(when, YAHOO, mail)


def judged(
    repo: RepoFolder,
    evidence: Evidence,
    policy: str = POLICY,
    *,
    today: date = TODAY,
    since: date | None = LONG_AGO,
) -> Verdict:
    """Return the verdict about the next step of a policy."""
    return judge(repo, policy, today=today, since=since)(evidence)


def judge(
    repo: RepoFolder,
    policy: str = POLICY,
    *,
    today: date = TODAY,
    since: date | None = LONG_AGO,
) -> Callable[[Evidence], Verdict]:
    """Return what judges evidence by a policy."""
    repo.policy(policy)
    loaded = load_repo(repo.root)
    [read] = loaded.of([DOMAIN])
    assert isinstance(read.body.dmarc, DmarcSection)
    step = next_step(read.body.dmarc.record)
    assert step is not None
    declared, gate = declared_of(loaded, read), gate_of(read)

    def verdict_of(evidence: Evidence) -> Verdict:
        rows = attributed(evidence, declared)
        return verdict(evidence, rows, gate, step, today, since=since, parked=False)

    return verdict_of


def shown(found: Verdict) -> list[str]:
    assert [each.part for each in found.parts] == PARTS
    return [f"{'+' if each.met else '-'} {each.words}" for each in found.parts]


def lost(found: Verdict) -> tuple[str, ...]:
    spoofed = sum(each.messages for each in found.lost if each.kind == "spoof")
    others = tuple(
        f"{each.messages} of {each.source}, {each.kind}"
        for each in found.lost
        if each.kind != "spoof"
    )
    return (*others, *([f"{spoofed} spoofed"] if spoofed else []))
