"""Waivers: findings that a policy's owner knows of and accepts, with a reason and up to a day (UTC, the day included).

They silence lint alone and never a plan. A waiver that has run out, fits nothing, or names no rule is a finding itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mailauth_dns.lint.rule import Finding, Needs, Rule, Severity, in_order, page
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.model import WaiverSection
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.yaml_tree import Place
from mailauth_dns.records.name import DomainName

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


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that a waiver silences, and the waiver with its place."""

    finding: Finding
    waiver: WaiverSection
    place: Place


_Waiving = tuple[WaiverSection, Place]


def waived(
    found: Sequence[Finding],
    subjects: Sequence[Subject],
    policies: Iterable[Policy],
    ran: Iterable[Rule],
    known: Iterable[Rule],
    today: date,
) -> tuple[list[Finding], list[Waived]]:
    """Return the findings that no waiver silences with those about the waivers, and what is silenced.

    Whether a waiver is used is judged for rules that `ran`, and where each of the repo's `policies` that have it was looked at.
    """
    ran_ids = {rule.id for rule in ran}
    by_id = {rule.id: rule for rule in known}
    undecided = {
        (domain, finding.rule.id)
        for finding in found
        if finding.unknown
        for domain in finding.domains
    }
    spelling = {id.lower(): id for id in by_id}

    def id_of(waiver: WaiverSection) -> str:
        return spelling.get(waiver.rule.strip().lower(), waiver.rule)

    rows = list(_rows(subject.policy for subject in subjects))
    looked_at = {subject.domain for subject in subjects}
    elsewhere = {
        _spot(place)
        for _, place, _ in _rows(policy for policy in policies if policy.domain not in looked_at)
    }
    holding: dict[tuple[DomainName, str], _Waiving] = {}
    for domain, place, waiver in rows:
        if waiver.until >= today:
            holding.setdefault((domain, id_of(waiver)), (waiver, place))
    left: list[Finding] = []
    silenced: list[Waived] = []
    for finding in found:
        if not holding:
            left.append(finding)
            continue
        waivers = (
            {}
            if finding.unknown
            else {domain: holding.get((domain, finding.rule.id)) for domain in finding.domains}
        )
        if open_for := tuple(domain for domain in finding.domains if waivers.get(domain) is None):
            left.append(replace(finding, domains=open_for))
        for waiving, domains in _by_place(waivers):
            silenced.append(Waived(replace(finding, domains=domains), *waiving))
    used = {_spot(each.place) for each in silenced}
    open_yet = elsewhere | {
        _spot(place) for domain, place, waiver in rows if (domain, id_of(waiver)) in undecided
    }
    about: dict[tuple[str, int, int], Finding] = {}
    for domain, place, waiver in rows:
        id = id_of(waiver)
        if id not in by_id:
            message = f"{id} is not a rule" if id.strip() else "the waiver names no rule"
            problem = (UNKNOWN, message, "`mailauth-dns rules` lists them")
        elif by_id[id].needs is Needs.PLAN:
            problem = (
                UNKNOWN,
                f"{id} is not judged by lint, and no waiver opens a plan's gate",
                f"take it out; apply --allow {id} permits it",
            )
        elif waiver.until < today:
            problem = (
                EXPIRED,
                f"the waiver for {id} ended on {waiver.until}",
                "correct what it was for and take it out, or give it a new day",
            )
        elif id in ran_ids and _spot(place) not in used | open_yet:
            problem = (UNUSED, f"there is no finding of {id} for this waiver", "take it out")
        else:
            continue
        # One waiver is one finding, whichever of the policies that share it is looked at first.
        about.setdefault(
            _spot(place), Finding(problem[0], (domain,), False, place, problem[1], problem[2])
        )
    return in_order([*left, *about.values()]), silenced


def _by_place(
    waivers: Mapping[DomainName, _Waiving | None],
) -> Iterator[tuple[_Waiving, tuple[DomainName, ...]]]:
    """Yield each waiver with the domains that it holds for."""
    found: dict[tuple[str, int, int], tuple[_Waiving, list[DomainName]]] = {}
    for domain, waiving in waivers.items():
        if waiving is not None:
            found.setdefault(_spot(waiving[1]), (waiving, []))[1].append(domain)
    for waiving, domains in found.values():
        yield waiving, tuple(domains)


def _rows(policies: Iterable[Policy]) -> Iterator[tuple[DomainName, Place, WaiverSection]]:
    for policy in policies:
        for index, waiver in enumerate(policy.body.waivers):
            yield policy.domain, policy.place(("waivers", index)), waiver


def _spot(place: Place) -> tuple[str, int, int]:
    return (place.source.path, place.line, place.column)
