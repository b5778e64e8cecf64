"""What others wrote as Markdown that means nothing, for the comments of GitHub, GitLab and Forgejo.

Code hosts look for mentions and references in the text that the Markdown becomes, so escaping alone
does not stop them: a space of no width keeps each mark from what follows. A line never begins with
what others wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailauth_dns.errors import one_line
from mailauth_dns.render.terminal_text import shown

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
# What begins a list, an underline or a rule; it matters where the text begins a line of ours.
_FIRST = re.compile(r"^(\d*)([-+=.)])")
# Of a person, an issue, a merge request, a milestone, a label, and what hosts make links of.
# An underscore is escaped by then.
_REFERENCE = re.compile(
    r"[@#!%&~^*\[$](?=\\?[\w\"])|:(?=//)|\bwww(?=\.)|\bGH-(?=\d)", re.IGNORECASE
)
_APART = "&#8203;"  # a space of no width
_FENCE = re.compile(r"`{3,}")


def escaped(text: str) -> str:
    r"""Return outside text as one line that means nothing in Markdown.

    >>> escaped("<b> @team #12\n")
    '\\<b\\> @&#8203;team \\#&#8203;12\\\\010'
    """
    plain = " ".join(one_line(text).split())
    inert = _FIRST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", plain))
    return _REFERENCE.sub(lambda mark: mark[0] + _APART, inert)


def sentence(text: str, most: int = 600) -> str:
    """Return outside text as `escaped` does, cut at `most` characters; there is always some."""
    return escaped(cut(text, most)) or "(empty)"


def code(text: str, most: int = 260) -> str:
    """Return a name or a value as code; a DNS name is never cut."""
    inside = value(text, most).replace("`", "\\096")
    return f"`{inside}`" if inside else "(empty)"


def value(text: str, most: int) -> str:
    """Return a value for a block of code: printable, on one line, and no command to a CI system."""
    return one_line(cut(shown(text), most))


def cut(text: str, most: int) -> str:
    """Return both ends of a text that is too long, and how many characters are between them."""
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail]} (...{len(text) - most} characters...) {text[len(text) - tail :]}"


def fenced(lines: Iterable[str], language: str) -> Iterator[str]:
    """Yield lines as a block of code, whose fence no line of it can be."""
    inside = list(lines)
    longest = max((len(each) for line in inside for each in _FENCE.findall(line)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}{language}"
    yield from inside
    yield fence


def folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines that a reader unfolds; the summary is ours."""
    yield "<details>"
    yield f"<summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
