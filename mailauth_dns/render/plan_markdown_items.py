"""The parts of a plan's comment, each in full and in a line, so that a comment can be cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from mailauth_dns.diff.shown_values import public
from mailauth_dns.plan import evidence_words
from mailauth_dns.plan.checks import Check
from mailauth_dns.plan.evidence_entry import EvidenceEntry
from mailauth_dns.plan.grouped import ChangeGroup, Group
from mailauth_dns.plan.permission import IdlePermission, Permission, expired
from mailauth_dns.plan.permissions import Refusal
from mailauth_dns.plan.plan import (
    BlockedEntry,
    FailedEntry,
    KeptEntry,
    LiveEntry,
    TrialEntry,
)
from mailauth_dns.render import plan_words, refusal_words
from mailauth_dns.render.markdown_text import code, fenced, folded, sentence, value
from mailauth_dns.render.plan_markdown_diff import MAX_TERM, bounded, diff
from mailauth_dns.render.plan_text import ttl_said
from mailauth_dns.render.terminal_text import count, shown

BROKEN_TESTS = "Mail tests that this plan breaks"
_NAMES = 2_000  # characters of names in one fold
_BRIEF = 200  # characters of a sentence in a line


@dataclass(frozen=True)
class Item:
    """A part of the comment. The lower its rank, the later it is left out.

    `what` and `number` say what is missing where it is left out. Its texts, the brief and the full
    one, are made when somebody asks: of very many items few are told.
    """

    rank: int
    section: str
    what: str
    number: int
    texts: Callable[[], tuple[str, str]]

    @cached_property
    def brief(self) -> str:
        """The item in a line."""
        return self.texts()[0]

    @cached_property
    def full(self) -> str:
        """All of the item."""
        return self.texts()[1]


def change(group: ChangeGroup, idle: Iterable[IdlePermission]) -> Item:
    """Return changes that are the same in many domains."""
    return Item(
        group.rank,
        "What can hurt" if group.hurts else "Safe changes",
        f"{group.first.risk} change",
        len(group.spots),
        partial(_change, group, idle),
    )


def _change(group: ChangeGroup, idle: Iterable[IdlePermission]) -> tuple[str, str]:
    first = group.first
    head = f"{plan_words.MARKS[first.risk]} **{plan_words.risk_said(group)}**"
    rules = f" ({sentence(', '.join(first.rules))})" if first.rules else ""
    where = f"{code(first.name)} {sentence(first.type, 80)}"
    lines = [
        f"{head} · {_names(group)} · {sentence(first.meaning)}{rules}",
        "",
        *_evidence(first.evidence),
        *_gates(group, idle),
    ]
    details = [*diff(first), "", f"{where}{_facts(group)}"]
    lines += details if group.hurts else folded("before and after", details)
    brief = f"- {head} · {_names(group, 1)} · {where} · {sentence(first.meaning, _BRIEF)}{rules}"
    return brief, "\n".join([*lines, *_all_names(group)])


def check(one: Check) -> Item:
    """Return what a reviewer must make sure of."""
    named, more = plan_words.few(one.domains)
    names = ", ".join(map(code, named)) + (f" and {count(more, 'more domain')}" if more else "")
    said = f"- **{one.happens}** ({names}). {sentence(one.ask)}"
    return Item(0, "Make sure of this", "check", 1, lambda: (said, said))


def gate(group: Group[Refusal], idle: Iterable[IdlePermission]) -> Item:
    """Return why apply refuses whole zones."""
    rule = group.first.rule
    said = f"▲ **refused** · {_names(group)} · {sentence(group.first.reason)}"
    more = [] if rule is None else ["", *_missing(group, [rule], idle)][:-1]
    return _told(0, "Zones that apply refuses", "refused zone", said, group, more)


def blocked(group: Group[BlockedEntry]) -> Item:
    """Return records that are not changed."""
    first = group.first
    rank, mark = (3, "◆ **waits**") if first.waits else (1, "▲ **blocked**")
    where = f"{code(first.name)} {sentence(first.type, 80)}"
    said = f"{mark} · {_names(group)} · {where}: {sentence(first.reason)}"
    return _told(rank, "Not changed", "waiting" if first.waits else "blocked", said, group)


def failed(group: Group[FailedEntry]) -> Item:
    """Return zones that could not be planned."""
    said = f"▲ **not planned** · {_names(group)} · {sentence(group.first.error)}"
    return _told(1, "Not changed", "zone not planned", said, group)


def broken(group: Group[TrialEntry], idle: Iterable[IdlePermission]) -> Item:
    """Return mail tests that the plan breaks, for which apply refuses it."""
    first = group.first
    result = {"failed": "fails", "unknown": "is unknown"}[first.result]
    now = "passes today, and " if first.before == "passed" else ""
    head = f"▲ **test {now}{result} with this plan** ({first.rule})"
    said = f"{head} · {_names(group)} · {sentence(first.name, _BRIEF)}"
    rule = [first.rule] if first.rule is not None and not first.permitted else []
    lines = ["", *_permitted(first.permissions), *_missing(group, rule, idle), *_findings(first)]
    return _told(0, BROKEN_TESTS, "broken mail test", said, group, lines)


def unmet(group: Group[TrialEntry]) -> Item:
    """Return mail tests that do not pass, as without the plan."""
    first = group.first
    result = {"failed": "fails", "unknown": "is unknown"}[first.result]
    head = f"● **test {result}, as without this plan**"
    said = f"{head} · {_names(group)} · {sentence(first.name, _BRIEF)}"
    lines = ["", *_findings(first)]
    return _told(4, "Mail tests that do not pass", "mail test", said, group, lines)


def _findings(test: TrialEntry) -> Iterator[str]:
    found = (
        f"receivers find SPF {test.spf}, DKIM {test.dkim}, DMARC {test.dmarc}; "
        + plan_words.asked_said(test)
    )
    yield from (f"- {sentence(each)}" for each in (*test.problems, found, *test.why))


def live(group: Group[LiveEntry]) -> Item:
    """Return what live DNS says, where that is neither the policy nor expected."""
    row = group.first
    where = f"{code(row.name)} {sentence(row.type, 80)}"
    reason = f": {sentence(row.reason)}" if row.reason is not None else ""
    said = f"◆ **live DNS: {row.state}** · {_names(group)} · {where}{reason}"
    sides = [("policy", row.policy), ("provider", row.provider), ("live", row.live)]
    sides += [(f"at {each.server}", each.values) for each in row.servers]
    lines = ["", *folded("policy, provider and live DNS", _sides(sides))]
    rank = 2 if row.state in ("differs", "unknown") else 4
    return _told(rank, "Live DNS", "set in live DNS", said, group, lines)


def stranger(group: Group[KeptEntry]) -> Item:
    """Return what is kept though it looks like ours, or what a reader asked for."""
    first = group.first
    said = f"kept: {code(first.name)} {sentence(first.type, 80)}"
    if first.looks_like is not None:
        said += f", which looks like {sentence(first.looks_like, 40)}; no policy declares it"
    more = [] if len(group.domains) == 1 else list(names_fold(group.domains, _zones_told(group)))
    if first.values is not None:
        lines = bounded([value(public(each), MAX_TERM) for each in first.values])
        more += ["", *fenced(lines, "text")]
    return note("Also", 5, said, more)


def _zones_told(group: Group[Any]) -> str:
    return f"in {count(len(group.domains), 'zone')}"


def note(section: str, rank: int, said: str, more: Iterable[str] = ()) -> Item:
    """Return a line of ours, whose outside parts are escaped already, and what is folded below."""
    line = f"- {said}"
    full = "\n".join([line, *more])
    return Item(rank, section, "note", 1, lambda: (line, full))


def names_fold(names: Iterable[str], summary: str) -> Iterator[str]:
    """Yield names that a reader unfolds, as many as fit; `summary` is for all of them."""
    names = list(names)
    told, room = [], _NAMES
    for name in names:
        room -= len(shown(name)) + 1
        if room < 0:
            break
        told.append(value(name, 260))
    left = len(names) - len(told)
    lines = [" ".join(told)] + ([f"and {left} more"] if left else [])
    here = f"{len(told)} of {len(names)} names" if left else summary
    yield ""
    yield from folded(here, fenced(lines, "text"))


def _told(
    rank: int, section: str, what: str, said: str, group: Group[Any], more: Sequence[str] = ()
) -> Item:
    """Return an item that is `said` in a line, and has `more` below it in full."""
    return Item(
        rank,
        section,
        what,
        len(group.spots),
        lambda: (f"- {said}", "\n".join([said, *more, *_all_names(group)])),
    )


def _names(group: Group[Any], most: int = 3) -> str:
    named, more = plan_words.few(group.domains, most)
    at = f" and {count(more, 'more domain')}" if more else ""
    return ", ".join(map(code, named)) + at


def _all_names(group: Group[Any]) -> Iterator[str]:
    if plan_words.few(group.domains)[1]:
        yield from names_fold(group.domains, f"all {len(group.domains)} domains")


def _evidence(entry: EvidenceEntry | None) -> Iterator[str]:
    """Yield what reports say of a change: the verdict, and below it each of its reasons."""
    if entry is not None:
        first, *rest = evidence_words.lines(entry)
        yield f"**Evidence**: {sentence(first)}"
        yield ""
        if rest:
            yield from (f"- {sentence(each)}" for each in rest)
            yield ""


def _gates(group: ChangeGroup, idle: Iterable[IdlePermission]) -> Iterator[str]:
    """Yield who permits a breaking change, and what apply still asks for."""
    yield from _permitted(group.first.permissions)
    yield from _missing(group, plan_words.unpermitted(group.first), idle)


def _missing(
    group: Group[Any], rules: Sequence[str], idle: Iterable[IdlePermission]
) -> Iterator[str]:
    """Yield what apply asks permission for, why, the safe way, and who can permit it."""
    domain = f":{group.domains[0]}" if len(group.domains) == 1 else ""
    for rule in rules:
        told = refusal_words.explained(rule)
        yield f"**Refused without permission for** {code(f'{rule}{domain}')}"
        yield ""
        yield f"{' '.join(map(sentence, told.why))} More: {code(told.page)}."
        yield ""
        by_hand = f"whoever runs apply can permit it: {code(f'--allow {rule}{domain}')}."
        if told.allow is not None:
            yield (
                f"If it is meant all the same, write {code(told.allow)} in the policy: who "
                f"approves the policy approves that. Or {by_hand}"
            )
        else:
            yield f"If it is meant all the same, {by_hand} No policy can."
        yield ""
    for over in expired(idle, rules, group.domains):
        yield f"**Permission is over**: {sentence(refusal_words.expired_said(over))}"
        yield ""


def _permitted(permissions: Iterable[Permission]) -> Iterator[str]:
    for each in permissions:
        yield f"**Permitted**: {sentence(plan_words.permission_said(each))}"
        yield ""


def _facts(group: ChangeGroup) -> str:
    change = group.first
    facts = [f"at {', '.join(map(code, group.providers))}"]
    if (ttl := ttl_said(change)) is not None:
        facts.append(ttl)
    if group.kept:
        beside = "the same set" if len(group.spots) == 1 else "these sets"
        facts.append(f"kept in {beside}: {count(group.kept, 'foreign value')}")
    if change.place is not None and len(group.domains) == 1:
        facts.append(f"declared at {code(f'{change.place.path}:{change.place.line}')}")
    return " " + " · ".join(facts)


def _sides(sides: Iterable[tuple[str, tuple[str, ...] | None]]) -> Iterator[str]:
    lines = []
    for word, values in sides:
        if values is None:
            lines += [f"{value(word, 260)}: unknown"] if word != "provider" else []
        else:
            told = [value(public(each), MAX_TERM) for each in values] or ["nothing"]
            lines += [f"{value(word, 260)}: {each}" for each in told]
    yield from fenced(bounded(lines), "text")
