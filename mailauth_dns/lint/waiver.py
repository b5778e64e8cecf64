"""Waivers: findings that a policy's owner knows of and accepts, with a reason and up to a day (UTC, the day included).

They silence lint alone and never a plan. A waiver that has run out, fits nothing, or names no rule is a finding itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from mailauth_dns.lint.rule import Finding, Needs, Rule, Severity, in_order, page
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.document import Place

EXPIRED = page(
    "WAIVER001",
    "waiver-expired",
    Severity.WARNING,
    "practice",
    """The day of a waiver is over: what it silenced counts again.

Bad:
    waivers: [{rule: SPF014, reason: "until the move", until: 2020-01-31}]
Good:
    the mistake corrected and the waiver taken out, or a new day in `until`
""",
)
UNUSED = page(
    "WAIVER002",
    "waiver-unused",
    Severity.WARNING,
    "practice",
    """A waiver that silences nothing is left over, and would silence the mistake when it comes back.

Bad:
    waivers: [{rule: SPF014, reason: "ptr", until: 2030-01-31}]  # and no ptr any more
Good:
    no waiver
""",
)
UNKNOWN = page(
    "WAIVER003",
    "waiver-unknown-rule",
    Severity.ERROR,
    "practice",
    """A waiver for a rule that does not exist, or that lint does not judge, silences nothing.

Bad:
    waivers: [{rule: SPF14, reason: "ptr", until: 2030-01-31}]
Good:
    waivers: [{rule: SPF014, reason: "ptr", until: 2030-01-31}]
""",
)


def waived(found: Sequence[Finding], subjects: Iterable[Subject], ran: Iterable[Rule], known: Iterable[Rule], today: date) -> list[Finding]:
    """Return the findings that no waiver silences, and those about the waivers; whether one is used is judged for rules that `ran`."""
    ran_ids = {rule.id for rule in ran}
    by_id = {rule.id: rule for rule in known}
    undecided = {(finding.domain, finding.rule.id) for finding in found if finding.unknown}
    used: set[tuple[str, int, int]] = set()
    rows = list(_rows(subjects))
    silenced: dict[tuple[str, str], list[Place]] = {}
    for subject, place, id, until in rows:
        if until >= today:
            silenced.setdefault((subject.domain, id), []).append(place)
    left = []
    for finding in found:
        waivers = () if finding.unknown else silenced.get((finding.domain, finding.rule.id), ())
        used.update(_spot(place) for place in waivers)
        if not waivers:
            left.append(finding)
    about: dict[tuple[str, int, int], Finding] = {}
    for subject, place, id, until in rows:
        if id not in by_id:
            problem = (UNKNOWN, f"{id} is not a rule", "`mailauth-dns rules` lists them")
        elif by_id[id].needs is Needs.PLAN:
            problem = (
                UNKNOWN,
                f"{id} is not judged by lint, and no waiver opens a plan's gate",
                f"take it out; apply --allow {id} permits it",
            )
        elif until < today:
            problem = (EXPIRED, f"the waiver for {id} ended on {until}", "correct what it was for and take it out, or give it a new day")
        elif id in ran_ids and _spot(place) not in used and (subject.domain, id) not in undecided:
            problem = (UNUSED, f"there is no finding of {id} for this waiver", "take it out")
        else:
            continue
        about.setdefault(_spot(place), Finding(problem[0], subject.domain, place, problem[1], problem[2]))
    return in_order([*left, *about.values()])


def _rows(subjects: Iterable[Subject]) -> Iterator[tuple[Subject, Place, str, date]]:
    for subject in subjects:
        for index, waiver in enumerate(subject.policy.body.waivers):
            yield subject, subject.policy.place(("waivers", index)), waiver.rule, waiver.until


def _spot(place: Place) -> tuple[str, int, int]:
    return (place.source.path, place.line, place.column)
