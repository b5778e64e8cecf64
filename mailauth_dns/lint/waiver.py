"""Matching findings with waivers: what a policy's owner accepts, with a reason and a last day.

The day counts in UTC and is included. Waivers silence lint alone and never a plan. A waiver that
has expired, silences nothing or names no rule is a finding itself: rules/waiver.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mailauth_dns.lint.finding import Finding, in_order
from mailauth_dns.lint.rule import Needs, Rule
from mailauth_dns.lint.rules.waiver import waiver_expired, waiver_unknown_rule, waiver_unused
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.allowed_changes import REFUSED_BY
from mailauth_dns.policy.model import WaiverSection
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml.yaml_tree import Place


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that a waiver silences, and the waiver with its place."""

    finding: Finding
    waiver: WaiverSection
    place: Place


_Spot = tuple[str, int, int]  # a place: path, line, column


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver as one domain has it; `id` is its rule, in the spelling of the catalogue."""

    domain: DomainName
    place: Place
    waiver: WaiverSection
    id: str

    @property
    def spot(self) -> _Spot:
        """Where the waiver stands."""
        return _spot(self.place)


def waiver_rows(policies: Iterable[Policy], known: Iterable[Rule]) -> list[WaiverRow]:
    """Return the waivers of policies, one for each domain; `known` is every rule."""
    spelling = {rule.id.lower(): rule.id for rule in known}
    return [
        WaiverRow(
            policy.domain,
            policy.place(("waivers", index)),
            waiver,
            spelling.get(waiver.rule.strip().lower(), waiver.rule),
        )
        for policy in policies
        for index, waiver in enumerate(policy.body.waivers)
    ]


def waived(
    found: Sequence[Finding],
    subjects: Sequence[Subject],
    policies: Iterable[Policy],
    ran: Iterable[Rule],
    known: Sequence[Rule],
    today: date,
) -> tuple[list[Finding], list[Waived]]:
    """Return the findings that no waiver silences, with those about waivers, and the silenced.

    A waiver counts as unused only if its rule `ran`, and all of the repo's `policies` that have
    the waiver are among the subjects.
    """
    looked_at = {subject.domain for subject in subjects}
    mine = waiver_rows((subject.policy for subject in subjects), known)
    others = waiver_rows((each for each in policies if each.domain not in looked_at), known)
    return matched(found, mine, others, ran, known, today)


def matched(
    found: Sequence[Finding],
    rows: Sequence[WaiverRow],
    others: Sequence[WaiverRow],
    ran: Iterable[Rule],
    known: Iterable[Rule],
    today: date,
) -> tuple[list[Finding], list[Waived]]:
    """Do what `waived` does, with the waivers alone.

    `rows` are those of the policies that were looked at, `others` those of the repo's others.
    """
    by_id = {rule.id: rule for rule in known}
    left, silenced = _silence(found, [row for row in rows if row.waiver.until >= today])

    undecided = {
        (domain, finding.rule.id)
        for finding in found
        if finding.unknown
        for domain in finding.domains
    }
    not_unused = {
        *(_spot(each.place) for each in silenced),
        *(row.spot for row in others),
        *(row.spot for row in rows if (row.domain, row.id) in undecided),
    }
    ran_ids = {rule.id for rule in ran}
    about: dict[_Spot, Finding] = {}
    for row in rows:
        may_be_unused = row.id in ran_ids and row.spot not in not_unused
        finding = _fault(row, by_id, today) or (_unused(row) if may_be_unused else None)
        if finding is not None:
            # One waiver is one finding, whichever of the policies that share it comes first.
            about.setdefault(row.spot, finding)
    return in_order([*left, *about.values()]), silenced


def _silence(
    found: Iterable[Finding], in_force: Iterable[WaiverRow]
) -> tuple[list[Finding], list[Waived]]:
    """Return the findings of the domains without a waiver, and those that waivers silence."""
    holding: dict[tuple[DomainName, str], WaiverRow] = {}
    for row in in_force:
        holding.setdefault((row.domain, row.id), row)
    left: list[Finding] = []
    silenced: list[Waived] = []
    for finding in found:
        rows = {
            domain: None if finding.unknown else holding.get((domain, finding.rule.id))
            for domain in finding.domains
        }
        if open_for := tuple(domain for domain, row in rows.items() if row is None):
            left.append(replace(finding, domains=open_for))
        for row, domains in _by_place(rows):
            silenced.append(Waived(replace(finding, domains=domains), row.waiver, row.place))
    return left, silenced


def _by_place(
    rows: Mapping[DomainName, WaiverRow | None],
) -> Iterator[tuple[WaiverRow, tuple[DomainName, ...]]]:
    """Yield each waiver with the domains that have it."""
    found: dict[_Spot, tuple[WaiverRow, list[DomainName]]] = {}
    for domain, row in rows.items():
        if row is not None:
            found.setdefault(row.spot, (row, []))[1].append(domain)
    for row, domains in found.values():
        yield row, tuple(domains)


def _fault(row: WaiverRow, by_id: Mapping[str, Rule], today: date) -> Finding | None:
    """Return what is wrong with a waiver, whatever was found."""
    id = row.id
    if id not in by_id:
        message = f"{id} is not a rule" if id.strip() else "the waiver names no rule"
        return _finding(waiver_unknown_rule, row, message, "`mailauth-dns rules` lists them")
    if by_id[id].needs is Needs.PLAN:
        return _finding(
            waiver_unknown_rule,
            row,
            f"{id} is not judged by lint, and no waiver permits a change",
            f"take it out; {_permitted_by(id)}",
        )
    if row.waiver.until < today:
        return _finding(
            waiver_expired,
            row,
            f"the waiver for {id} expired on {row.waiver.until}",
            "correct what it was for and take it out, or give it a new day",
        )
    return None


def _permitted_by(id: str) -> str:
    """Return what permits a change, or a test that would not pass."""
    if id in REFUSED_BY:
        return "what is meant is permitted below `allow`, with the same keys"
    return f"apply --allow {id} permits it"


def _unused(row: WaiverRow) -> Finding:
    message = f"there is no finding of {row.id} for this waiver"
    return _finding(waiver_unused, row, message, "take it out")


def _finding(rule: Rule, row: WaiverRow, message: str, fix: str) -> Finding:
    return Finding(rule, (row.domain,), False, row.place, message, fix)


def _spot(place: Place) -> _Spot:
    return (place.source.path, place.line, place.column)
