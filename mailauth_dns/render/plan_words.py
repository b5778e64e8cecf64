"""The sentences about a plan that a comment, a page and a terminal have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailauth_dns.plan.grouped import ChangeGroup, GroupedPlan
from mailauth_dns.plan.permission import Permission
from mailauth_dns.plan.plan import ChangeEntry, Plan, TrialEntry
from mailauth_dns.plan.totals import Totals
from mailauth_dns.render.terminal_text import count

MARKS = {"breaking": "▲", "caution": "◆", "safe": "●"}


def verdict(file: Plan, view: GroupedPlan, sums: Totals) -> tuple[str, ...]:
    """Return what apply would do with a plan, in sentences."""
    said = []
    if domains := {change.domain for zone in file.zones for change in zone.changes}:
        said.append(f"{count(len(domains), 'domain changes', 'domains change')}.")
    if file.live_only:
        said.append("No provider was asked, so this plan cannot be applied.")
    elif refused := len(view.refused_zones):
        said.append(_refused_said(view, refused))
    elif sums.changes:
        said.append(f"Apply needs no {'further ' if sums.permitted else ''}permission.")
    else:
        said.append("There is nothing to apply.")
    if sums.permitted:
        said.append(f"Policies permit {count(sums.permitted, 'breaking change')}.")
    if sums.blocked:
        said.append(f"{count(sums.blocked, 'record is', 'records are')} blocked and not changed.")
    if sums.failed:
        said.append(
            f"{count(sums.failed, 'zone')} could not be planned: nothing is known of "
            f"{'it' if sums.failed == 1 else 'them'}."
        )
    if view.authority.get("unknown") and not any(zone.live for zone in file.zones):
        said.append("Live DNS was not asked, or did not answer.")
    return tuple(said)


def _refused_said(view: GroupedPlan, zones: int) -> str:
    if tests := sum(len(each.spots) for each in view.broken if not each.first.permitted):
        breaks = count(tests, "mail test breaks", "mail tests break")
        return (
            f"Apply refuses {count(zones, 'zone')}, and {breaks}: mend the change or the test "
            "before anybody permits it."
        )
    return f"Apply refuses {count(zones, 'zone')} until somebody permits it."


def tiles(view: GroupedPlan, sums: Totals) -> Iterator[tuple[int, str, str]]:
    """Yield the sums that are shown first: a number, what it counts, and its tone."""
    yield sums.breaking, "breaking", "bad"
    yield sums.caution, "caution", "care"
    yield sums.safe, "safe", "good"
    for number, word, tone in (
        (sums.tests_broken, "tests broken", "bad"),
        (sums.blocked, "blocked", "bad"),
        (sums.waits, "waiting", "care"),
        (sums.failed, "zones not planned", "bad"),
        (len(view.quiet), "zones as the policy says", ""),
    ):
        if number:
            yield number, word, tone


def risk_said(group: ChangeGroup) -> str:
    """Return the risk of a change, and what it takes away."""
    return group.first.risk + (f", {group.effect}" if group.effect is not None else "")


def unpermitted(change: ChangeEntry) -> list[str]:
    """Return the rules that a change still needs a permission for."""
    if change.risk != "breaking":
        return []
    permitted = {permission.rule for permission in change.permissions}
    return [rule for rule in change.rules if rule not in permitted]


def permission_said(permission: Permission) -> str:
    """Return until when and why something is permitted, and where that was reviewed."""
    return (
        f"{permission.rule} is permitted until {permission.until}: {permission.reason} "
        f"({permission.path}:{permission.line})"
    )


def asked_said(test: TrialEntry) -> str:
    """Return what the domain asks receivers to do with a test's message."""
    if test.disposition == "unknown":
        return "what the domain asks for is unknown"
    return f"the domain asks for {test.disposition}"


def kept_said(view: GroupedPlan) -> str:
    """Return how much is kept, by type."""
    types = ", ".join(f"{type} {number}" for type, number in sorted(view.kept.items()))
    return f"{count(sum(view.kept.values()), 'foreign set')} ({types})"


def tests_said(view: GroupedPlan) -> str:
    """Return how many mail tests pass over the zones as the plan leaves them."""
    run = count(sum(view.tests.values()), "mail test")
    return f"mail tests that pass with this plan: {view.tests['passed']} of {run}"


def few(names: Sequence[str], most: int = 3) -> tuple[Sequence[str], int]:
    """Return the first names, and how many there are beside them."""
    return (names, 0) if len(names) <= most + 1 else (names[:most], len(names) - most)
