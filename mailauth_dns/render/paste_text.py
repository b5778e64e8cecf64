"""What a person does at a web form, as text to work through."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import idna

from mailauth_dns.diff.shown_values import public
from mailauth_dns.export.exported_files import FORM_WAIT
from mailauth_dns.export.paste_steps import Action, Entry, Sheet, Step
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.render.terminal_text import count, shown

_WIDTH = 80  # columns of what we say; values stay on one line, since they are copied
_INDENT = " " * 3
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
_KINDS = {
    Family.SPF: "SPF: who may send",
    Family.DKIM: "DKIM: a key",
    Family.DMARC: "DMARC: what receivers do with mail that fails",
    Family.DMARC_REPORT: "DMARC: a consent to reports",
    Family.MTA_STS: "MTA-STS: mail comes in by TLS only",
    Family.TLS_RPT: "TLS-RPT: where reports on TLS go",
    Family.BIMI: "BIMI: a logo",
    Family.RETURN_PATH: "a sender's return path: where bounces go",
    Family.NULL_MX: "null MX: the domain takes no mail",
}
_HOSTS = (
    "Host: most forms want the name without the zone, and add the zone themselves; some want "
    "the whole name. Value: paste it as one line, and add no quotes. Do the steps in this order."
)

_UNSEEN = (
    "Look at the form before you enter these records: nothing warns you here of a change that "
    "loses mail, of a second record beside the first, or of a record that is there already."
)


def text(sheets: Sequence[Sheet]) -> str:
    """Return the sheets as text, with a last line feed.

    Where nothing is to be done it is one line.
    """
    if not any(sheet.steps or sheet.waits or sheet.refused for sheet in sheets):
        number = sum(len(sheet.there) for sheet in sheets)
        return f"Nothing to enter: {count(number, 'record')} as the policy says in live DNS\n"
    lines: list[str] = []
    if any(sheet.steps for sheet in sheets):
        lines += [*_wrapped(_HOSTS), ""]
    for sheet in sheets:
        lines += _sheet(sheet)
    lines += _afterwards(sheets)
    return "\n".join(lines) + "\n"


def _sheet(sheet: Sheet) -> Iterator[str]:
    for domain, steps in groupby(sheet.steps, key=lambda step: step.domain):
        yield from _heading(domain, sheet)
        said = ""
        for step in steps:
            if step.why is not None and step.why != said:
                said = step.why
                yield from _wrapped(f"What is there now is unknown: {said}. {_UNSEEN}")
                yield ""
            yield from _step(step)
            yield ""
    if not sheet.steps:
        yield from _heading(sheet.domains[0] if len(sheet.domains) == 1 else sheet.zone, sheet)
    if sheet.there:
        listed = ", ".join(f"{name} {type}" for name, type in sheet.there)
        yield from _wrapped(f"There already, nothing to do: {listed}", "", _INDENT)
    for word, entries in (("Not yet", sheet.waits), ("Refused", sheet.refused)):
        for entry in entries:
            yield from _wrapped(f"{word}: {entry}", "", _INDENT)
    if sheet.there or sheet.waits or sheet.refused:
        yield ""


def _heading(domain: DomainName, sheet: Sheet) -> Iterator[str]:
    title = _readable(domain)
    yield title
    yield "=" * len(title)
    where = f"zone {sheet.zone}"
    if sheet.servers:
        where += (
            f", as {', '.join(sheet.servers)} {'serve' if len(sheet.servers) > 1 else 'serves'} "
            "it: use the form of whoever runs that"
        )
    yield from _wrapped(where)
    yield ""


def _readable(domain: DomainName) -> str:
    """Return a domain, with the letters that its A-labels stand for."""
    try:
        letters = idna.decode(domain)
    except idna.IDNAError:
        return domain
    return domain if letters == domain else f"{domain} ({letters})"


def _step(step: Step) -> Iterator[str]:
    entry = step.entry
    kind = _KINDS[step.family]
    if step.action is Action.CHECK:
        does = "delete it if it is there" if entry.value is None else "enter it"
        yield from _wrapped(f"{step.number}. {entry.type}: {does} ({kind})", "", _INDENT)
    else:
        does = str(step.action).capitalize()
        if step.action is Action.DELETE and entry.value is not None:
            does = "Delete all but one"
        noun = "of the" if step.action is Action.SET_TTL else "the"
        yield from _wrapped(
            f"{step.number}. {does} {noun} {entry.type} record ({kind})", "", _INDENT
        )
    yield f"{_INDENT}Type    {entry.type}"
    yield f"{_INDENT}Host    {entry.host}"
    yield f"{_INDENT}or      {entry.name}"
    if step.old is not None:
        yield f"{_INDENT}Old     {shown(public(step.old))}"
    if not (step.action is Action.DELETE and entry.value is not None):
        yield from _fields(entry)
    yield from (f"{_INDENT}Delete  {shown(public(value))}" for value in step.deleted)
    if step.action is Action.DELETE and entry.value is not None:
        yield f"{_INDENT}Keep    {shown(entry.value)}"
    for value in step.kept:
        yield f"{_INDENT}Leave   {shown(public(value))}"
    yield from _remarks(step)


def _fields(entry: Entry) -> Iterator[str]:
    value = entry.value
    if value is None:
        return
    if entry.type == "MX":
        priority, server = value.split()
        yield f"{_INDENT}Priority {priority}"
        yield f"{_INDENT}Server  {server}"
    elif entry.type == "CNAME":
        yield f"{_INDENT}Target  {value.removesuffix('.')}"
        yield from _wrapped(
            "Where the form adds the zone to the target, end it with a dot.", _INDENT
        )
    else:
        yield f"{_INDENT}Value   {_octets(value)}"
    if entry.strings is not None:
        yield f"{_INDENT}Strings {entry.strings}"
        yield from _wrapped(
            "Take Strings in place of Value only where the form refuses more than 255 "
            "characters. Where it has a field for each string, enter them one by one, in this "
            "order and without the quotes.",
            _INDENT,
        )
    if entry.ttl is not None:
        yield from _wrapped(
            f"TTL     {entry.ttl} seconds{_in_words(entry.ttl)}; where the form has only a "
            "list, take the next shorter time",
            _INDENT,
            _INDENT + " " * 8,
        )


def _remarks(step: Step) -> Iterator[str]:
    if step.kept:
        yield from _wrapped(
            "Leave: this belongs to others at the same host. Where the form shows all values in "
            "one field, keep these lines as they are.",
            _INDENT,
        )
    if step.action is Action.SET_TTL:
        yield from _wrapped("Leave it where the form offers no TTL.", _INDENT)
    if step.note is not None:
        yield from _wrapped(f"Note: {step.note}", _INDENT)
    if step.meaning:
        rules = f" {' '.join(step.rules)}" if step.rules else ""
        risk = f" ({step.risk}{rules})" if step.risk != "safe" else ""
        yield from _wrapped(f"This means: {shown(step.meaning)}{risk}", _INDENT)
    if step.evidence is not None:
        yield from _wrapped(f"Reports say: {shown(step.evidence)}", _INDENT)


def _afterwards(sheets: Sequence[Sheet]) -> Iterator[str]:
    domains = " ".join(dict.fromkeys(domain for sheet in sheets for domain in sheet.domains))
    last = max((step.number for sheet in sheets for step in sheet.steps), default=0)
    if last:
        yield f"{last + 1}. Check it: mailauth-dns verify {domains} --wait {FORM_WAIT}"
    if any(sheet.waits for sheet in sheets):
        yield f"Once that is done: mailauth-dns export {domains} --format paste"
    if any(sheet.refused for sheet in sheets):
        yield from _wrapped(
            "Nothing that is refused is among the steps: mend the policy, or allow it as shown."
        )


def _in_words(seconds: int) -> str:
    """Return a number of seconds in a larger unit, where one fits."""
    for size, unit in _UNITS:
        if seconds % size == 0:
            return f" ({count(seconds // size, unit)})"
    return ""


def _octets(value: str) -> str:
    """Return a value as it is typed: octets are UTF-8 where they can be."""
    try:
        typed = value.encode("latin-1").decode()
    except UnicodeError:
        return shown(value)
    return typed if typed.isprintable() else shown(value)


def _wrapped(said: str, first: str = "", later: str | None = None) -> Iterable[str]:
    return textwrap.wrap(
        said,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )
