"""What people and web forms do to a value on its way into DNS, and how to mend it.

Each row undoes one mistake. A published value shows that mistake where undoing it gives the value
that the policy says. So a value that is merely another one is never called damaged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailauth_dns.diff import undone_mistakes as undone
from mailauth_dns.diff.equivalence import meaning
from mailauth_dns.records import dkim
from mailauth_dns.records.family import Family


@dataclass(frozen=True, slots=True)
class Mistake:
    """What one sees in DNS, what it means to receivers, and what to do."""

    id: str
    seen: str
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One mistake. `undo` takes the published value and the wanted one."""

    mistake: Mistake
    undo: Callable[[str, str], str]


_ROUNDS = 2  # one mistake may hide another that stands before it in the table
_NO_RECORD = "receivers look for the beginning of the record, and find something else"
_BROKEN = "receivers cannot read the record, or read another one"
_ONE_LINE = "enter it again as one line"
PRIVATE_KEY = Mistake(
    "private key",
    "the private key stands in DNS, where the public one belongs",
    "everybody can sign as you",
    "delete the record now; then make another key under a new selector (`mailauth-dns dkim "
    "keygen`) and never use this one again",
)


def _row(id: str, seen: str, means: str, remedy: str, undo: Callable[[str, str], str]) -> _Row:
    return _Row(Mistake(id, seen, means, remedy), undo)


_ROWS = (
    _row(
        "quotes",
        "the quotes are part of the value",
        _NO_RECORD,
        "enter it without quotes",
        undone.without_quotes,
    ),
    _row(
        "typographic quotes",
        "typographic quotes are part of the value",
        _NO_RECORD,
        "enter it without quotes, from a plain text and not from a word processor",
        undone.without_typographic_quotes,
    ),
    _row(
        "backslashes",
        "backslashes are part of the value, as before a semicolon in a master file",
        _BROKEN,
        "enter it without backslashes",
        undone.without_backslashes,
    ),
    _row(
        "line breaks",
        "line breaks are part of the value",
        _BROKEN,
        f"{_ONE_LINE}, without line breaks",
        undone.on_one_line,
    ),
    _row(
        "line breaks",
        "line breaks are part of the value",
        _BROKEN,
        f"{_ONE_LINE}, without line breaks",
        undone.spaces_for_breaks,
    ),
    _row(
        "HTML",
        "the form wrote characters as in HTML, such as &quot; or &amp;",
        _BROKEN,
        "enter it again; if that happens again, use another browser or ask the provider",
        undone.unescaped,
    ),
    _row(
        "dashes",
        "a typographic dash stands in place of a hyphen",
        _BROKEN,
        "enter it with plain hyphens, from a plain text and not from a word processor",
        undone.plain_dashes,
    ),
    _row(
        "invisible characters",
        "there are characters in it that one does not see, such as a no-break space",
        _BROKEN,
        "enter it again, from a plain text and not from a web page or a word processor",
        undone.visible,
    ),
    _row(
        "foreign letters",
        "there are letters of another alphabet in it, which look like Latin ones",
        _BROKEN,
        "enter it again with Latin letters: copy it, and do not type it",
        undone.latin,
    ),
    _row(
        "addresses as links",
        "an address for reports does not begin with mailto",
        "receivers send no reports there",
        "enter each address as mailto:, without http:// and without a link",
        undone.mailto,
    ),
    _row(
        "more than the value",
        "the value begins with what belongs in other fields of the form",
        _NO_RECORD,
        "enter the value alone",
        undone.without_label,
    ),
    _row(
        "dot at the end",
        "the value ends with a dot",
        _BROKEN,
        "enter it without the dot",
        undone.without_dot,
    ),
    _row(
        "zone in the value",
        "the zone was added to the value",
        "the form took the value for a host name",
        "choose the type TXT, and enter it again",
        undone.without_zone,
    ),
    _row(
        "twice in one",
        "the value stands twice in one record",
        _BROKEN,
        "empty the field first, and enter it once",
        undone.once,
    ),
    _row(
        "cut",
        "only the beginning of the value is there",
        "the form keeps fewer characters than the value has",
        "enter it as the Strings that `mailauth-dns export --format paste` shows, one by one or "
        "with their quotes, as the form wants",
        undone.whole,
    ),
    _row(
        "string lost",
        "one of the value's strings is missing",
        _BROKEN,
        f"{_ONE_LINE}, or all of its strings",
        undone.with_string,
    ),
    _row(
        "strings in wrong order",
        "the value's strings are in the wrong order",
        _BROKEN,
        f"{_ONE_LINE}, or its strings in their order",
        undone.in_order,
    ),
    _row(
        "plus signs lost",
        "plus signs in the value are missing, or became spaces",
        "it is another key",
        "enter it again; if that happens again, enter it by another browser or the provider's API",
        undone.with_plus,
    ),
    _row(
        "spaces",
        "spaces were put in or lost, as where a form splits the value",
        _BROKEN,
        _ONE_LINE,
        undone.as_spaced,
    ),
    _row(
        "letter case",
        "small and capital letters are not as they were",
        "in a key they are different letters",
        "enter it again: copy it, and do not type it",
        undone.in_case,
    ),
    _row(
        "frame of the key file",
        "the first and last line of the key file are part of the value",
        _BROKEN,
        "enter the value that `mailauth-dns export --format paste` shows",
        undone.without_frame,
    ),
    _row(
        "semicolons",
        "semicolons are missing, or became something else",
        _BROKEN,
        _ONE_LINE,
        undone.with_semicolons,
    ),
)


def mistakes(kind: Family, wanted: str, there: str) -> tuple[Mistake, ...]:
    """Return the mistakes that made `there` out of `wanted`; none where it is another value."""
    goal = meaning(kind, "TXT", wanted)
    if meaning(kind, "TXT", there) == goal:
        return ()
    for row in _ROWS:
        if meaning(kind, "TXT", row.undo(there, wanted)) == goal:
            return (row.mistake,)
    found: list[Mistake] = []
    text = there
    for row in _ROWS * _ROUNDS:
        before, text = text, row.undo(text, wanted)
        if text != before:
            found.append(row.mistake)
            if meaning(kind, "TXT", text) == goal:
                return tuple(dict.fromkeys(found))
    return (PRIVATE_KEY,) if kind is Family.DKIM and dkim.holds_private_key(there) else ()
