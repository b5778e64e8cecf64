"""What can stop the program, as one tree.

    MailAuthError
      RecordSyntaxError     a record's text breaks its grammar; says where, and which fault it is
      PolicyError           the files of a zone repo are wrong; lists every problem of every file
      ObservationError      DNS could not be asked, so the answer is unknown (never "absent")
      NotFlattened          an SPF name cannot be replaced by addresses
      PlanRefused           the plan is not the reviewed one, or is not safe to apply
        NoLongerReviewed    zones of it are stale, and others are not (deploy/replan.py)
      ProviderError         a DNS provider cannot be reached, read or written
        ProviderSilent      it did not answer, or is busy; a safe question may be asked again
          Unreachable       not even its object could be made (octo/provider_objects.py)
        SetMoved            the set is no longer as it was read; nothing was written
        NotServed           it is written, and the name server could not be made to serve it
        MaybeLost           it is written, perhaps over what somebody else has just written
        GivenUp             it was silent too often and is asked no more (deploy/provider_pool.py)
      MasterFileError       a zone file is broken or cannot be edited (masterfile/lexer.py)
      NoMessageError        a file holds no mail message (evaluate/message_file.py)
      UnreadableReport      a report is broken, or passes the bounds (reports/unreadable.py)
        NoReport            a text is something else

A judgement about somebody's mail is a value (a finding, a change, a verdict), never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

# What CI systems take for a command: at the beginning of a line (`::error::`, which GitHub also
# finds after spaces), or anywhere in it (`##[error]`, `##vso[...]`, `##teamcity[...]`).
_FIRST = re.compile(r"^(\s*):(?=:)")
_ANYWHERE = re.compile(r"#(?=#\w*\[)")

_UNPRINTABLE = re.compile(r"[^ -~]")
# UTF-8 as DNS returns it, one character an octet. No text for people has these letters next to each
# other.
_OCTETS = re.compile(r"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def octets(text: str) -> str:
    r"""Return a record's text in printable ASCII, any other octet as `\DDD` (RFC 1035 §5.1).

    Octets are always shown in this way.

    >>> octets("caf\xc3\xa9 \xe9\n")
    'caf\\195\\169 \\233\\010'
    """
    return (
        text
        if text.isascii() and text.isprintable()
        else _UNPRINTABLE.sub(lambda found: _escaped(found[0]), text)
    )


def printable(text: str) -> str:
    r"""Return a sentence with octets and unprintable characters written as `\DDD`.

    The sentence may quote records and people. Nothing that others wrote may reach a terminal as a
    command.

    >>> printable("a\x1b[31m\xa0\u202eé")
    'a\\027[31m\\160\\u202eé'
    >>> printable("José: caf\xc3\xa9")
    'José: caf\\195\\169'
    """
    if not (text.isascii() and text.isprintable()):
        text = _OCTETS.sub(lambda found: octets(found[0]), text)
        text = "".join(
            character if character.isprintable() else _escaped(character) for character in text
        )
    return _ANYWHERE.sub(r"\\035", text) if "##" in text else text


def one_line(text: str) -> str:
    r"""Return what others wrote as one line that neither a terminal nor a CI system obeys.

    Every renderer passes what comes from files, DNS and providers through here.

    >>> one_line("::error::x\ny ##[error]z")
    '\\058:error::x\\010y \\035#[error]z'
    """
    text = printable(text)
    return _FIRST.sub(r"\1\\058", text) if "::" in text else text


def _escaped(character: str) -> str:
    # Octets as in master files.
    return f"\\{ord(character):03d}" if ord(character) < 256 else f"\\u{ord(character):04x}"


class MailAuthError(Exception):
    """Base of everything this package raises on purpose; its text is fit for a user."""


class Fault(Enum):
    """The kinds of grammar error that callers tell apart; any other error is SYNTAX."""

    SYNTAX = auto()
    VERSION = auto()  # the version is missing, wrong or not first
    NO_KEY = auto()  # DKIM: there is no p
    UNKNOWN_MECHANISM = auto()  # SPF, like all below
    GLUED = auto()  # the space between two terms is missing
    TWICE = auto()  # a modifier is given twice
    ADDRESS = auto()
    MACRO = auto()


class RecordSyntaxError(MailAuthError):
    """A record's text breaks its grammar.

    `text[start:end]` is the part at fault (0-based, end exclusive) and `expected` says what belongs
    there.
    """

    def __init__(
        self, text: str, start: int, end: int, expected: str, fault: Fault = Fault.SYNTAX
    ) -> None:
        super().__init__(text, start, end, expected, fault)
        self.text = text
        self.start = start
        self.end = max(end, start)
        self.expected = expected
        self.fault = fault

    def __str__(self) -> str:
        """Return one line: what was expected, and the part at fault as given."""
        found = self.text[self.start : self.end]
        shown = found if len(found) <= 60 else found[:57] + "..."
        where = f"at character {self.start + 1}"
        # The whole text decides: the part alone can be half a letter.
        shown = octets(shown) if _OCTETS.search(self.text) else printable(shown)
        return f"{self.expected} ({where}: '{shown}')" if found else f"{self.expected} ({where})"


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing that is wrong in a file; `line` and `column` are 1-based, 0 where there is none."""

    path: str
    line: int
    column: int
    key: str
    message: str
    shown: str = ""
    width: int = 1

    def __str__(self) -> str:
        """Return `path:line:column: key: message`, and below it the line with the place marked."""
        where = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        head = printable(
            f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"
        )
        if not self.shown:
            return head
        mark = " " * (self.column - 1) + "^" + "~" * (self.width - 1)
        # One character replaces one, so that the mark stays under its place.
        shown = "".join(character if character.isprintable() else "?" for character in self.shown)
        return f"{head}\n{self.line:>5} | {shown}\n      | {mark}"


class PolicyError(MailAuthError):
    """The zone repo's files are wrong; `problems` holds all of them, in the files' order."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        """Return every problem, one below the other."""
        return "\n".join(str(problem) for problem in self.problems)


class ObservationError(MailAuthError):
    """DNS could not be asked or gave no usable answer: the state is unknown."""


class NotFlattened(MailAuthError):
    """An SPF name cannot be replaced by the addresses that pass for it; the text says why."""


class DependsOnMessage(NotFlattened):
    """An SPF record has a macro, `exists` or `ptr`: other messages have other addresses."""


class PlanRefused(MailAuthError):
    """A plan cannot be used: it is no plan file, not the reviewed one, or needs permission.

    Nothing was written. The text says what differs and what to do.
    """


class ProviderError(MailAuthError):
    """A DNS provider cannot be reached, read or written, or its stanza is wrong."""


class ProviderSilent(ProviderError):
    """A DNS provider did not answer, or said that it is busy.

    It may answer the same question after `pause` seconds; 0 where it did not say how many.
    """

    def __init__(self, text: str, pause: float = 0.0) -> None:
        super().__init__(text)
        self.pause = pause


class ServerBusy(ProviderSilent):
    """A server of the user's own says at once that it cannot do it now: it may in a moment.

    PowerDNS with SQLite does so where two write at once, BIND where it sends too many transfers.
    """


class NotServed(ProviderError):
    """A change is written, and the name server could not be made to serve it."""


class MaybeLost(ProviderError):
    """A change is written, and what somebody else wrote in the same moment may be lost by it."""


class SetMoved(ProviderError):
    """A set is no longer as it was read, so nothing was written; the text names the set."""
