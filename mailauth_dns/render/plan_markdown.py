"""A plan as Markdown, for the comment on a pull request: first what can hurt.

Its first line is a marker, by which a later run finds the comment and replaces it. Code hosts take
comments up to a length. What does not fit is told in a line, and what does not fit even so is
counted; what can hurt least goes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from mailauth_dns.plan.checks import checks
from mailauth_dns.plan.grouped import GroupedPlan, grouped
from mailauth_dns.plan.plan import Plan
from mailauth_dns.plan.totals import totals
from mailauth_dns.render import plan_markdown_items as items
from mailauth_dns.render import plan_text, plan_words
from mailauth_dns.render.markdown_text import code, escaped, sentence
from mailauth_dns.render.plan_markdown_items import Item
from mailauth_dns.render.terminal_text import count

MARKER = "<!-- mailauth-dns plan -->"
MAX_CHARS = 65_536  # what GitHub takes
MIN_CHARS = 3_000  # the sums, the verdict and what was left out always fit

_SECTIONS = (
    "Notes",
    "Make sure of this",
    "What can hurt",
    items.BROKEN_TESTS,
    "Zones that apply refuses",
    "Not changed",
    "Mail tests that do not pass",
    "Live DNS",
    "Safe changes",
    "Also",
)
_NOTICE = 700  # characters that are kept free to say what is cut


def plan(file: Plan, max_chars: int = MAX_CHARS) -> str:
    """Return a plan as Markdown of at most `max_chars` characters, which are MIN_CHARS or more."""
    view = grouped(file)
    head, foot = "\n".join(_head(file, view)), "\n".join(_foot(file))
    found = sorted(_items(file, view), key=lambda item: item.rank)
    room = max_chars - len(head) - len(foot) - _NOTICE - sum(len(each) + 9 for each in _SECTIONS)
    chosen = _chosen(found, room)
    notice = _notice(found, chosen, max_chars)
    parts = [head, *([notice] if notice else []), *_body(found, chosen), foot]
    return "\n\n".join(parts) + "\n"


def _head(file: Plan, view: GroupedPlan) -> Iterator[str]:
    sums = totals(file)
    tiles = list(plan_words.tiles(view, sums))
    marks = plan_words.MARKS
    yield MARKER
    yield f"### Plan: {plan_text.summary(file)}"
    yield ""
    yield f"**{' '.join(plan_words.verdict(file, view, sums))}**"
    yield ""
    yield "| " + " | ".join(f"{marks.get(word, '')} {word}".strip() for _, word, _ in tiles) + " |"
    yield "|" + "--:|" * len(tiles)
    yield "| " + " | ".join(str(number) for number, _, _ in tiles) + " |"


def _foot(file: Plan) -> Iterator[str]:
    commit = f" from commit {code(file.commit, 80)}" if file.commit is not None else ""
    asked = f", for {count(len(file.domains), 'domain')} alone" if file.domains is not None else ""
    made = f"Made {sentence(file.made_at, 40)}{commit}"
    yield f"{made} by mailauth-dns {sentence(file.tool, 40)}{asked}."
    yield "A plan changes nothing; `apply` takes what was reviewed, if it is still the same."


def _items(file: Plan, view: GroupedPlan) -> Iterator[Item]:
    for note in file.notes:
        yield items.note("Notes", 0, sentence(note))
    yield from map(items.check, checks(view, file.idle))
    yield from (items.change(group, file.idle) for group in view.changes)
    yield from (items.gate(group, file.idle) for group in view.gates)
    yield from map(items.failed, view.failed)
    yield from map(items.blocked, view.refused)
    yield from map(items.blocked, view.waiting)
    yield from (items.broken(group, file.idle) for group in view.broken)
    yield from map(items.unmet, view.unmet)
    yield from map(items.live, view.live)
    yield from _also(file, view)


def _also(file: Plan, view: GroupedPlan) -> Iterator[Item]:
    for group in view.permitted:
        why = ", ".join(plan_words.permission_said(each) for each in group.first.permissions)
        names = ", ".join(map(code, plan_words.few(group.domains)[0]))
        said = f"other servers answer for {names}: {sentence(group.first.reason)}; {sentence(why)}"
        yield items.note("Live DNS", 1, said)
    for idle in file.idle:
        if idle.state == "expired":
            yield items.note("Also", 4, sentence(plan_text.idle_said(idle)))
    if agreed := view.authority.get("agrees"):
        said = f"live DNS: the provider's servers answer for {count(agreed, 'zone')}"
        yield items.note("Also", 5, said)
    if view.tests:
        yield items.note("Also", 5, plan_words.tests_said(view))
    yield from map(items.stranger, view.strangers)
    if view.kept:
        yield items.note("Also", 5, f"never touched: {escaped(plan_words.kept_said(view))}")
    if view.quiet:
        said = plan_text.quiet_said(file, len(view.quiet))
        yield items.note("Also", 6, said, items.names_fold(view.quiet, "their names"))


def _chosen(found: Sequence[Item], room: int) -> dict[int, str]:
    """Return the text of each item that fits, by its number; `found` has the worst first.

    Half of the room is for a line each, in order. What is in is told in full where that fits, and
    the rest of the room is for more lines. The first item that does not fit ends them.
    """
    chosen: dict[int, str] = {}
    lines = room // 2
    for half in (room - lines, 0):
        for number, item in enumerate(found):
            if number in chosen:
                continue
            if len(item.brief) + 2 > room - half:
                break
            chosen[number] = item.brief
            room -= len(item.brief) + 2
        for number, text in chosen.items():
            full = found[number].full
            if text != full and len(full) - len(text) <= room:
                chosen[number] = full
                room -= len(full) - len(text)
    return chosen


def _notice(found: Sequence[Item], chosen: dict[int, str], max_chars: int) -> str | None:
    """Return what is cut, the worst first; None where nothing is."""
    short = sum(text != found[number].full for number, text in chosen.items())
    left = Counter[str]()
    for number, item in enumerate(found):
        if number not in chosen:
            left[item.what] += item.number
    if not short and not left:
        return None
    said = [f"This plan is longer than {max_chars} characters."]
    if short:
        said.append(f"Told in a line each: {count(short, 'entry', 'entries')}.")
    if left:
        told = ", ".join(f"{number} × {what}" for what, number in left.items())
        said.append(f"**Left out**: {told}.")
    said.append("`mailauth-dns plan --show FILE` prints all of a plan file.")
    return "> " + " ".join(said)


def _body(found: Sequence[Item], chosen: dict[int, str]) -> Iterator[str]:
    for section in _SECTIONS:
        texts = [text for number, text in chosen.items() if found[number].section == section]
        if texts:
            yield f"#### {section}"
            yield _joined(texts)


def _joined(texts: Sequence[str]) -> str:
    """Return texts below each other; lines of a list stand together."""
    said = texts[0]
    for text in texts[1:]:
        both = said.rpartition("\n")[2].startswith("- ") and text.startswith("- ")
        said += ("\n" if both else "\n\n") + text
    return said
