"""A plan as GitHub's workflow commands, beside the lines of the policies that ask for each change.

GitHub shows ten errors and ten warnings of a step, and drops the rest without a word. So the worst
come first, and the tenth says how many there are beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from mailauth_dns.plan import evidence_words
from mailauth_dns.plan.grouped import ChangeGroup, Group, GroupedPlan, grouped
from mailauth_dns.plan.permission import IdlePermission, expired
from mailauth_dns.plan.plan import Plan
from mailauth_dns.plan.totals import totals
from mailauth_dns.render import plan_text, plan_words, refusal_words
from mailauth_dns.render.markdown_text import cut
from mailauth_dns.render.terminal_text import count
from mailauth_dns.render.workflow_commands import annotation
from mailauth_dns.typed_yaml.yaml_tree import FileLine

MAX_OF_A_KIND = 10
_LONGEST = 1_000  # characters of a message

Kind = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class _Told:
    kind: Kind
    title: str
    message: str
    place: FileLine | None


def plan(file: Plan) -> Iterator[str]:
    """Yield the commands: errors, warnings, and as notices the plan's notes and the sums."""
    view = grouped(file)
    found = list(_told(file, view))
    kinds: tuple[Kind, ...] = ("error", "warning")
    for kind in kinds:
        yield from _bounded(kind, [each for each in found if each.kind == kind])
    said = " ".join(plan_words.verdict(file, view, totals(file)))
    for note in file.notes:
        yield annotation("notice", cut(note, _LONGEST), title="mailauth-dns plan")
    yield annotation("notice", f"{plan_text.summary(file)}. {said}", title="mailauth-dns plan")


def _bounded(kind: Kind, found: list[_Told]) -> Iterator[str]:
    left = len(found) - MAX_OF_A_KIND + 1 if len(found) > MAX_OF_A_KIND else 0
    for each in found[: MAX_OF_A_KIND - 1] if left else found:
        place = {} if each.place is None else {"file": each.place.path, "line": each.place.line}
        yield annotation(
            kind, cut(each.message, _LONGEST), **place, title=cut(each.title, _LONGEST)
        )
    if left:
        said = f"{count(left, f'more {kind}')}, which GitHub would not show; the plan has all"
        yield annotation(kind, said, title="mailauth-dns plan")


def _told(file: Plan, view: GroupedPlan) -> Iterator[_Told]:
    """Yield what to tell, the worst of each kind first."""
    for change in view.changes:
        yield from _of_change(change, file.idle)
    declared = _first_places(file)
    for gate in view.gates:
        spots = tuple(replace(spot, place=declared.get(spot.zone)) for spot in gate.spots)
        title = f"refused {gate.first.rule or ''}".strip()
        yield from _each("error", title, gate.first.reason, replace(gate, spots=spots))
    for test in view.broken:
        now = "passes today, and not with this plan: " if test.first.before == "passed" else ""
        text = f"{test.first.name}: {now}{'; '.join(test.first.problems)}"
        yield from _each("warning" if test.first.permitted else "error", "mail test", text, test)
    for failed in view.failed:
        yield from _each("error", "not planned", failed.first.error, failed)
    for blocked in view.refused:
        text = f"{blocked.first.name} {blocked.first.type}: {blocked.first.reason}"
        yield from _each("error", "blocked", text, blocked)
    for row in view.live:
        if row.first.state == "differs":
            said = "live DNS is neither as the policy nor as the provider"
            text = f"{row.first.name} {row.first.type}: {said}"
            yield from _each("warning", "live DNS differs", text, row)


def _of_change(change: ChangeGroup, idle: Iterable[IdlePermission]) -> Iterator[_Told]:
    first = change.first
    if first.risk == "safe":
        return
    rules = f" ({', '.join(first.rules)})" if first.rules else ""
    permitted = map(plan_words.permission_said, first.permissions)
    missing = plan_words.unpermitted(first)
    over = map(refusal_words.expired_said, expired(idle, missing, change.domains))
    said = [evidence_words.refusal(first.evidence)] if first.evidence is not None else []
    text = "; ".join([f"{first.meaning}{rules}", *said, *permitted, *over])
    why = [said for rule in missing for said in refusal_words.explained(rule).why]
    text = ". ".join([text, " ".join(why)]) if why else text
    yield from _each("error" if missing else "warning", plan_words.risk_said(change), text, change)


def _each(kind: Kind, title: str, text: str, group: Group[Any]) -> Iterator[_Told]:
    """Yield one message for each line that declares some of a group."""
    places: dict[FileLine | None, list[str]] = {}
    for spot in group.spots:
        places.setdefault(spot.place, []).append(spot.domain)
    for place, domains in places.items():
        others = len(set(domains)) - 1
        more = f" and {count(others, 'more domain')}" if others else ""
        first = group.spots[0].domain
        own = text.replace(first, domains[0]) if first else text
        yield _Told(kind, f"{title}: {domains[0]}{more}", own, place)


def _first_places(file: Plan) -> dict[str, FileLine | None]:
    """Return where the first change of each zone is declared."""
    found: dict[str, FileLine | None] = {}
    for zone in file.zones:
        for change in zone.changes:
            found.setdefault(zone.zone, change.place)
    return found
