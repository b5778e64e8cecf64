"""The parts of a plan's comment, each in full and in a line, so that a comment can be cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from mailauth_dns.diff.shown_values import public
from mailauth_dns.diff.term_lines import Line, term_lines
from mailauth_dns.plan.checks import Check
from mailauth_dns.plan.grouped import ChangeGroup, Group
from mailauth_dns.plan.permission import Permission
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, Refusal
from mailauth_dns.plan.plan import (
    BlockedEntry,
    ChangeEntry,
    FailedEntry,
    KeptEntry,
    LiveEntry,
    TrialEntry,
)
from mailauth_dns.render import plan_words
from mailauth_dns.render.markdown_text import code, fenced, folded, sentence, value
from mailauth_dns.render.plan_text import ttl_said
from mailauth_dns.render.terminal_text import count, shown

MAX_TERM = 900  # characters; a key of 4096 bits has 736
MAX_LINES = 60  # of one value
_NEAR = 2  # terms that stay, told beside those that change
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


def change(group: ChangeGroup) -> Item:
    """Return changes that are the same in many domains."""
    return Item(
        group.rank,
        "What can hurt" if group.hurts else "Safe changes",
        f"{group.first.risk} change",
        len(group.spots),
        partial(_change, group),
    )


def _change(group: ChangeGroup) -> tuple[str, str]:
    first = group.first
    head = f"{plan_words.MARKS[first.risk]} **{plan_words.risk_said(group)}**"
    rules = f" ({sentence(', '.join(first.rules))})" if first.rules else ""
    where = f"{code(first.name)} {sentence(first.type, 80)}"
    lines = [f"{head} · {_names(group)} · {sentence(first.meaning)}{rules}", "", *_gates(group)]
    details = [*_diff(first), "", f"{where}{_facts(group)}"]
    lines += details if group.hurts else folded("before and after", details)
    brief = f"- {head} · {_names(group, 1)} · {where} · {sentence(first.meaning, _BRIEF)}{rules}"
    return brief, "\n".join([*lines, *_all_names(group)])


def check(one: Check) -> Item:
    """Return what a reviewer must make sure of."""
    named, more = plan_words.few(one.domains)
    names = ", ".join(map(code, named)) + (f" and {count(more, 'more domain')}" if more else "")
    said = f"- **{one.happens}** ({names}). {one.ask}"
    return Item(0, "Make sure of this", "check", 1, lambda: (said, said))


def gate(group: Group[Refusal]) -> Item:
    """Return why apply refuses whole zones."""
    rule = group.first.rule
    said = f"▲ **refused** · {_names(group)} · {sentence(group.first.reason)}"
    if rule is not None:
        domain = f":{group.domains[0]}" if len(group.domains) == 1 else ""
        alone = ", which no policy can give" if rule == LIVE_UNKNOWN else ""
        said += f". **Refused without permission for** {code(f'{rule}{domain}')}{alone}"
    return _told(0, "Zones that apply refuses", "refused zone", said, group)


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


def trial(group: Group[TrialEntry], broken: bool) -> Item:
    """Return mail tests that do not pass."""
    first = group.first
    result = {"failed": "fails", "unknown": "is unknown"}[first.result]
    head = "▲ **test " if broken else "● **test "
    tail = f" ({first.rule})" if broken else ", as without this plan"
    said = f"{head}{result}{tail}** · {_names(group)} · {sentence(first.name, _BRIEF)}"
    found = (
        f"receivers find SPF {first.spf}, DKIM {first.dkim}, DMARC {first.dmarc}; "
        f"the domain asks for {first.disposition}"
    )
    lines = ["", *_permitted(first.permissions)]
    lines += [f"- {sentence(each)}" for each in (*first.problems, found, *first.why)]
    section = "Mail tests that do not pass"
    return _told(0 if broken else 4, section, "mail test", said, group, lines)


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
        lines = _bounded([value(public(each), MAX_TERM) for each in first.values])
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
    """Yield names that a reader unfolds, as many as fit, and the number of the others."""
    names = list(names)
    told, room = [], _NAMES
    for name in names:
        room -= len(shown(name)) + 1
        if room < 0:
            break
        told.append(value(name, 260))
    left = len(names) - len(told)
    lines = [" ".join(told)] + ([f"and {left} more"] if left else [])
    yield ""
    yield from folded(summary, fenced(lines, "text"))


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


def _gates(group: ChangeGroup) -> Iterator[str]:
    """Yield who permits a breaking change, and what apply still asks for."""
    yield from _permitted(group.first.permissions)
    if missing := plan_words.unpermitted(group.first):
        domain = f":{group.domains[0]}" if len(group.domains) == 1 else ""
        asked = " ".join(code(f"{rule}{domain}") for rule in missing)
        yield f"**Refused without permission for** {asked}"
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


def _diff(change: ChangeEntry) -> Iterator[str]:
    """Yield the values before and after, in which only what differs is marked."""
    if change.before == change.after:
        return
    before, after = (tuple(map(public, each)) for each in (change.before, change.after))
    lines: list[Line]
    if len(before) == len(after) == 1:
        lines = term_lines(change.family, change.type, before[0], after[0])
    else:
        lines = [("-", each) for each in before]
        lines += [("+", each) for each in after]
    yield from fenced(_bounded([_line(*each) for each in _near(lines)]), "diff")


def _near(lines: list[Line]) -> Iterator[Line]:
    """Yield the lines without those that stay and are far from any that changes."""
    changed = [at for at, (mark, _) in enumerate(lines) if mark != " "]
    near = {at + by for at in changed for by in range(-_NEAR, _NEAR + 1)}
    left = 0
    for at, line in enumerate(lines):
        if at in near:
            if left:
                yield (" ", f"({count(left, 'term')} as before)")
            left = 0
            yield line
        else:
            left += 1
    if left:
        yield (" ", f"({count(left, 'term')} as before)")


def _line(mark: str, term: str) -> str:
    indent = "  " if term.startswith("  ") else ""
    return f"{mark} {indent}{value(term.strip() if indent else term, MAX_TERM)}"


def _bounded(lines: list[str]) -> list[str]:
    if len(lines) <= MAX_LINES:
        return lines
    half = MAX_LINES // 2
    return [*lines[:half], f"  (... {len(lines) - 2 * half} lines ...)", *lines[-half:]]


def _sides(sides: Iterable[tuple[str, tuple[str, ...] | None]]) -> Iterator[str]:
    lines = []
    for word, values in sides:
        if values is None:
            lines += [f"{value(word, 260)}: unknown"] if word != "provider" else []
        else:
            told = [value(public(each), MAX_TERM) for each in values] or ["nothing"]
            lines += [f"{value(word, 260)}: {each}" for each in told]
    yield from fenced(_bounded(lines), "text")
