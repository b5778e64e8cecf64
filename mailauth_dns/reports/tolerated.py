"""What a reporter got wrong and is read all the same: told once a report, with how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

_SHOWN = 40  # characters of what a reporter wrote


class Odd(Enum):
    """The kinds, each with its sentence; `{}` stands for what the reporter wrote."""

    # The text
    LEADING_SPACE = "has white space before the XML declaration"
    WRONG_ENCODING = "says that it is in {}, and is in UTF-8"
    BAD_CHARACTERS = "has octets that are no text in its encoding; they are replaced"
    BARE_AMPERSAND = "has a bare & in a text"
    SCHEMA_TAG = "stands inside a schema element"
    AFTER_END = "goes on after its last element"
    # The report
    VERSION = "has the version '{}' where 1.0 is meant"
    NO_ORG = "does not name its organization; the domain of its address stands for it"
    NO_REPORTER = "says nothing of who sent it"
    NO_ID = "has no report id"
    TWICE = "gives {} twice; the first counts"
    FRACTION = "writes a time with a fraction of a second: '{}'"
    MILLISECONDS = "gives times in milliseconds"
    DATE_TEXT = "writes a time as '{}' where seconds belong"
    LOCAL_TIME = "gives its times without a zone; they are taken as UTC"
    DATES_SWAPPED = "ends before it begins; the two times are swapped"
    LONG_WINDOW = "covers more than a month"
    NO_POLICY = "does not say which policy it found"
    REPORTED_ERROR = "says that its reporter met an error in your DMARC record"
    EMPTY = "has no records"
    # Words
    CAPITALS = "writes '{}' in capitals"
    OLD_WORD = "writes '{}', a word of older drafts"
    RESULT = "writes '{}' where pass or fail belongs; it counts as not aligned"
    UNKNOWN_WORD = "writes '{}', which means nothing there; it counts as unknown"
    BAD_NAME = "has '{}' where a domain name belongs"
    ADDRESS_FOR_NAME = "has a mail address where a domain name belongs; the domain is kept"
    BAD_SELECTOR = "has '{}' where a selector belongs"
    # Records
    NO_SOURCE = "has records without a source address ('{}')"
    BAD_COUNT = "has records with the count '{}', which are left out"
    ODD_NUMBER = "writes the number '{}' in its own way"
    NO_FROM = "has records that do not say whom the mail is from"
    NO_EVALUATION = "has records that do not say whether SPF or DKIM aligned"
    TWO_SPF = "has several SPF results in a record, where there can be one"
    MANY_RESULTS = "has records with more than a hundred results; the first hundred count"
    EMPTY_REASON = "overrides a policy without a reason"
    # TLS reports
    NO_DOMAIN = "has a policy without a domain"
    NO_SUMMARY = "does not say how many sessions failed; its details are added up"
    SUM_DIFFERS = "counts failed sessions otherwise than its details add up to"
    NOT_A_LIST = "writes '{}' without its list"
    NO_CONTACT = "has no contact"
    # parsedmarc
    SPREAD = "was spread over days by parsedmarc, which rounds its counts"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a reporter got wrong; `shown` is what it wrote first."""

    odd: Odd
    shown: str
    times: int

    @property
    def code(self) -> str:
        """The kind as a word for programs."""
        return self.odd.name.lower().replace("_", "-")

    def __str__(self) -> str:
        """Return the sentence, without the report's name in front."""
        text = self.odd.value.format(self.shown)
        return text if self.times == 1 else f"{text} ({self.times} times)"


class Tolerated:
    """What was tolerated in one report so far."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[Odd, tuple[str, int]] = {}

    def tell(self, odd: Odd, shown: str = "") -> None:
        """Tell that the reporter got this wrong."""
        first, times = self._found.get(odd, (short(shown), 0))
        self._found[odd] = (first, times + 1)

    def tell_once(self, odd: Odd, shown: str = "") -> None:
        """Tell what is looked for in each piece of a text: how often depends on the pieces."""
        if odd not in self._found:
            self.tell(odd, shown)

    def tell_all(self, odds: Iterable[tuple[Odd, str]]) -> None:
        """Tell several."""
        for odd, shown in odds:
            self.tell(odd, shown)

    def __iter__(self) -> Iterator[Told]:
        """Yield each kind once, in the order of the kinds."""
        # A report is read in pieces, whose sizes must not show.
        for odd in Odd:
            if odd in self._found:
                yield Told(odd, *self._found[odd])


def short(text: str) -> str:
    """Return what a reporter wrote on a line, cut, and without the person in a mail address."""
    line = " ".join(text.split())
    shown = "...@" + line.rpartition("@")[2] if "@" in line else line
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
