"""Plans and results of apply as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator

from rich.text import Text

from mailauth_dns.deploy.apply import ApplyResult
from mailauth_dns.deploy.zone_results import Status, ZoneResult
from mailauth_dns.plan import evidence_words
from mailauth_dns.plan.alike import distinct, matching
from mailauth_dns.plan.grouped import has_news
from mailauth_dns.plan.permission import IdlePermission, Permission, expired
from mailauth_dns.plan.plan import (
    AuthorityEntry,
    ChangeEntry,
    KeptEntry,
    Plan,
    TrialEntry,
    ZoneEntry,
)
from mailauth_dns.plan.totals import Totals, totals
from mailauth_dns.render import live_text, refusal_words
from mailauth_dns.render.terminal_text import count, styled, told, versus

_RISK = {"safe": "green", "caution": "yellow", "breaking": "bold red"}
_STATUS = {
    Status.APPLIED: "green",
    Status.UNCHANGED: "dim",
    Status.PARTIAL: "bold red",
    Status.FAILED: "red",
    Status.REFUSED: "red",
}
_AGREEMENT = {"agrees": "green", "differs": "bold red", "unknown": "magenta", "unasked": "cyan"}
_SUMMARY = (Status.REFUSED, *(status for status in Status if status is not Status.REFUSED))
_OUTCOME = {"passed": "green", "failed": "bold red", "unknown": "magenta"}


def plan(file: Plan, show_kept: bool) -> Iterator[Text]:
    """Yield a plan: its notes, zones with news in full, then the number of the others."""
    for note in file.notes:
        yield styled(0, ("note: ", "cyan"), note)
    quiet = len(file.zones)
    for zone in file.zones if show_kept else matching(file.zones, has_news):
        yield from _zone(zone, file.idle, show_kept)
        quiet -= 1
    for failed in file.failed:
        yield styled(
            0,
            (failed.zone, "bold"),
            f" at {failed.provider}  ",
            ("could not be planned", "bold red"),
        )
        yield styled(4, failed.error)
    if quiet:
        yield styled(0, quiet_said(file, quiet))
    for idle in file.idle:
        yield styled(0, ("permission: ", "yellow"), idle_said(idle))
    yield styled(0, ("Plan: " + summary(file), "bold"))


def quiet_said(file: Plan, zones: int) -> str:
    """Return that zones are as the policy says, and where that was looked at."""
    if file.live_only:
        where = "in live DNS; no provider was asked"
    elif any(zone.live for zone, _ in distinct(file.zones)):
        where = "at the provider and in live DNS"
    else:
        where = "at the provider; live DNS was not asked"
    return f"{count(zones, 'zone')} as the policy says, {where}"


def summary(file: Plan) -> str:
    """Return what a plan has, in numbers."""
    sums = totals(file)
    risks = {"breaking": sums.breaking, "caution": sums.caution, "safe": sums.safe}
    said = ", ".join(
        f"{number} {risk}{_permitted_said(sums) if risk == 'breaking' else ''}"
        for risk, number in risks.items()
        if number
    )
    parts = [count(sums.changes, "change") + (f" ({said})" if said else "")]
    if sums.blocked:
        parts.append(f"{sums.blocked} blocked")
    if sums.waits:
        parts.append(count(sums.waits, "waits", "wait"))
    if sums.tests_broken:
        parts.append(f"{count(sums.tests_broken, 'test')} broken")
    if sums.failed:
        parts.append(f"{count(sums.failed, 'zone')} could not be planned")
    return ", ".join(parts)


def _permitted_said(sums: Totals) -> str:
    if not sums.permitted:
        return ""
    permitted = sums.permitted
    return " but permitted" if permitted == sums.breaking else f" of which {permitted} permitted"


def _zone(zone: ZoneEntry, idle: Iterable[IdlePermission], show_kept: bool) -> Iterator[Text]:
    yield styled(0, (zone.zone, "bold"), f" at {zone.provider}")
    for change in zone.changes:
        yield from _change(change, idle)
    for blocked in zone.blocked:
        sign, word, style = (
            (". ", "waits", "yellow") if blocked.waits else ("! ", "blocked", "bold red")
        )
        yield styled(
            2, (sign, style), (f"{blocked.name} {blocked.type}", "bold"), "  ", (word, style)
        )
        yield styled(6, blocked.reason)
    yield from _trials(zone, idle)
    yield _authority(zone.authority)
    yield from _permissions(zone.authority.permissions)
    changing = {(change.name, change.type) for change in zone.changes}
    yield from live_text.rows(zone.live, told=changing)
    yield from _kept(zone.kept, show_kept)
    yield Text()


def _change(change: ChangeEntry, idle: Iterable[IdlePermission]) -> Iterator[Text]:
    sign = "+" if not change.before else "-" if not change.after else "~"
    rules = f" {' '.join(change.rules)}" if change.rules else ""
    yield styled(
        2,
        (sign + " ", "bold"),
        (f"{change.name} {change.type}", "bold"),
        "  ",
        (change.risk + rules, _RISK[change.risk]),
    )
    yield styled(6, change.meaning)
    if change.evidence is not None:
        yield from (styled(6, line) for line in evidence_words.lines(change.evidence))
    yield from _permissions(change.permissions)
    yield from _over(change.domain, change.rules, idle)
    if change.before != change.after:
        for sign, style, values in (("-", "red", change.before), ("+", "green", change.after)):
            yield from (styled(6, (line, style)) for value in values for line in told(sign, value))
        yield from (styled(6, part) for part in versus(change.before, change.after))
    if (ttl := ttl_said(change)) is not None:
        yield styled(6, ttl)
    if change.kept:
        yield styled(6, f"kept in the same set: {count(change.kept, 'foreign value')}")


def _permissions(permissions: Iterable[Permission]) -> Iterator[Text]:
    for each in permissions:
        yield styled(6, (f"{each.rule} ", "green"), str(each))


def _over(domain: str, rules: Container[str], idle: Iterable[IdlePermission]) -> Iterator[Text]:
    for each in expired(idle, rules, (domain,)):
        yield styled(6, (refusal_words.expired_said(each), "yellow"))


def idle_said(idle: IdlePermission) -> str:
    """Return why a permission has no effect, and what to do about it."""
    each = idle.permission
    where = f"{each.path}:{each.line}: {each.rule}"
    if idle.state == "expired":
        return f"{where} was permitted until {each.until}; take it out, or give it a new day"
    return f"{where} is permitted, and nothing here needs it; take it out once all is applied"


def ttl_said(change: ChangeEntry) -> str | None:
    """Return the TTL, None where it stays."""
    if change.ttl_before == change.ttl_after or change.ttl_after is None:
        return None
    before = f"{change.ttl_before} -> " if change.ttl_before is not None else ""
    return f"TTL {before}{change.ttl_after} s"


def _trials(zone: ZoneEntry, idle: Iterable[IdlePermission]) -> Iterator[Text]:
    passed = sum(test.result == "passed" for test in zone.tests)
    if passed:
        yield styled(2, f"tests: {passed} of {len(zone.tests)} ", ("passed", "green"))
    for test in zone.tests:
        if test.result == "passed":
            continue
        yield styled(
            2,
            ("! ", "bold red"),
            "test ",
            (test.name, "bold"),
            f" of {test.domain}  ",
            (unmet_said(zone, test), _OUTCOME[test.result]),
        )
        for line in (*test.problems, *test.why):
            yield styled(6, line)
        yield from _permissions(test.permissions)
        if test in zone.broken and test.rule is not None:
            yield from _over(test.domain, (test.rule,), idle)


def unmet_said(zone: ZoneEntry, test: TrialEntry) -> str:
    """Return what it means for the plan that a test does not pass."""
    return (
        f"breaking {test.rule}" if test in zone.broken else f"{test.result}, as without this plan"
    )


def _authority(authority: AuthorityEntry) -> Text:
    style = _AGREEMENT[authority.state]
    word, why = authority_said(authority)
    return styled(2, "live DNS: ", (word, style), f": {why}")


def authority_said(authority: AuthorityEntry) -> tuple[str, str]:
    """Return whose servers answer for the zone, and how that is known."""
    word = {
        "agrees": "the provider's servers answer",
        "differs": "not this provider's servers (DNS008)",
        "unknown": "unknown",
        "unasked": "in the provider's place",
    }[authority.state]
    checked = (
        ""
        if authority.delegation_checked or authority.state == "unknown"
        else "; delegation was not checked (nameservers are given)"
    )
    return word, f"{authority.reason}{checked}"


def _kept(kept: tuple[KeptEntry, ...], show_kept: bool) -> Iterator[Text]:
    if not kept:
        return
    types = Counter(entry.type for entry in kept)
    numbers = ", ".join(f"{type} {number}" for type, number in sorted(types.items()))
    yield styled(2, f"kept: {count(len(kept), 'foreign set')} ({numbers})")
    for entry in kept:
        if entry.values is not None and show_kept:
            for value in entry.values:
                yield from (styled(6, line) for line in told(f"{entry.name} {entry.type}", value))
        elif entry.shared or entry.looks_like:
            ours = (
                f"  looks like {entry.looks_like}, and no policy declares it"
                if entry.looks_like
                else ""
            )
            yield styled(6, f"{entry.name} {entry.type}: {', '.join(entry.kinds)}{ours}")


def outcome(result: ApplyResult) -> Iterator[Text]:
    """Yield how apply ended, zone by zone; what was refused comes first."""
    for note in result.notes:
        yield styled(0, ("note: ", "cyan"), note)
    for zone in matching(result.zones, lambda each: each.status is Status.REFUSED):
        yield from _outcome_lines(zone)
    for zone in matching(result.zones, lambda each: each.status is not Status.REFUSED):
        yield from _outcome_lines(zone)
    tally = Counter[Status]()
    for zone, number in distinct(result.zones):
        tally[zone.status] += number
    yield styled(
        0,
        (
            "Apply: "
            + (
                ", ".join(f"{tally[status]} {status}" for status in _SUMMARY if tally[status])
                or "nothing to do"
            ),
            "bold",
        ),
    )
    if result.live is None:
        yield styled(0, "live DNS was not asked")
    elif result.live:
        yield styled(0, ("live DNS does not say it yet:", "yellow"))
        yield from live_text.rows(result.live)
    elif result.watched:
        which = "" if result.complete else " with what was applied"
        yield styled(0, (f"every authoritative server agrees{which}", "green"))
    in_part = (Status.PARTIAL, Status.FAILED)
    touched = {each.zone for each in matching(result.zones, lambda each: each.status in in_part)}
    if result.live is not None and (others := sorted(touched - set(result.watched))):
        yield styled(0, (f"live DNS was not asked about {', '.join(others)}", "yellow"))


def _outcome_lines(zone: ZoneResult) -> Iterator[Text]:
    detail = (
        ""
        if zone.refusals
        else f": {zone.detail}"
        if zone.detail
        else f", {count(len(zone.changes), 'change')}"
        if zone.changes
        else ""
    )
    yield styled(
        0,
        f"{zone.zone} at {zone.provider}  ",
        (str(zone.status), _STATUS.get(zone.status, "")),
        detail,
    )
    for refusal in zone.refusals:
        yield styled(6, str(refusal))
    if zone.status is not Status.REFUSED:
        for change in zone.changes:
            yield from _permissions(change.permissions)
