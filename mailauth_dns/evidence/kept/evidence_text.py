"""A file of evidence as text: JSON, with one line for each report.

Each line of a report begins with its comma. So git can merge the lines of two branches, and where
it cannot, the lines of both sides are read without its marks.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from pydantic import ValidationError

from mailauth_dns.errors import FileProblem
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept import json_places, result_words
from mailauth_dns.evidence.kept.evidence_lines import line_of, report_of
from mailauth_dns.evidence.kept.fewer import MAX_NUMBER
from mailauth_dns.evidence.kept.together import AnyReport, rank, together
from mailauth_dns.records.name import DomainName
from mailauth_dns.typed_yaml.model_errors import words
from mailauth_dns.typed_yaml.scalars import said
from mailauth_dns.typed_yaml.yaml_reader import DocumentError

FORMAT = 1
MAX_PROBLEMS = 20  # of a file; a program that broke it broke more
_MAX_DIGITS = len(str(MAX_NUMBER))
_MAX_MESSAGE = 300  # characters
_MEND = "take the file from git's history, or take out what is broken and read the reports again"
# RFC 8259 allows no such line in JSON, so that none is part of the file. A merge in a merge has
# longer marks.
_MARK = re.compile(r"(<{7,}|>{7,}|\|{7,}|={7,})(?: .*)?\r?", re.DOTALL)


def text_of(evidence: Evidence) -> str:
    """Return the text of a file: the same evidence gives the same text."""
    head = json.dumps({"format": FORMAT, "domain": evidence.domain})
    reports: Iterator[AnyReport] = heapq.merge(evidence.mail, evidence.sessions, key=rank)
    lines = [f"[{head}", *(f",{line_of(evidence.domain, each)}" for each in reports), "]"]
    return "\n".join(lines) + "\n"


def parse(text: str, path: str) -> Evidence:
    """Return the evidence in a text, which may hold the conflicts of a merge; `path` names it.

    Raises:
        DocumentError: it is no such file, with every problem and its place.
    """
    return _Reader(_without_marks(text), path).evidence()


def _without_marks(text: str) -> str:
    """Return a text without git's marks, and without what was there before both sides changed it.

    Line numbers stay what they are.
    """
    if not any(mark in text for mark in ("<<<<<<<", ">>>>>>>")):
        return text
    kept = []
    base = ""  # the mark that ends the lines that both sides have changed
    for line in text.split("\n"):
        mark = _MARK.fullmatch(line)
        if mark is not None and not base and mark[1].startswith("|"):
            base = "=" * len(mark[1])
        elif mark is not None and mark[1] == base:
            base = ""
        kept.append("" if mark is not None or base else line)
    return "\n".join(kept)


class _Reader:
    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._problems: list[FileProblem] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._once,
            parse_int=self._number,
            parse_float=self._no_number,
            parse_constant=self._no_number,
        )

    def evidence(self) -> Evidence:
        items = self._items()
        at, head = next(items, (0, None))
        domain = self._domain(at, head)
        reports = [report for at, found in items for report in self._reports(domain, at, found)]
        if self._problems:
            raise DocumentError(self._problems)
        return together(domain, reports)

    def _domain(self, at: int, head: object) -> DomainName:
        given = head.get("format") if isinstance(head, dict) else None
        if type(given) is not int or given != FORMAT:
            self._refuse(
                at,
                "format",
                f"{said(given)} is not a format that this version reads, which is {FORMAT}; "
                "use the version that wrote it, or take the file from git's history",
            )
        assert isinstance(head, dict)
        given = head.get("domain")
        try:
            domain = result_words.name(given) if isinstance(given, str) else None
        except ValueError:
            domain = None
        if domain is None or set(head) != {"format", "domain"}:
            self._refuse(at, "domain", f"the first line has a format and a domain; {_MEND}")
        return domain

    def _reports(self, domain: DomainName, at: int, found: object) -> Iterator[AnyReport]:
        if found == {"format": FORMAT, "domain": domain}:
            return  # two branches made the file
        if not isinstance(found, dict):
            self._tell(at, "", f"expected a report; {_MEND}")
            return
        try:
            yield report_of(domain, found)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                route = tuple(step for step in detail["loc"] if step != "[key]")
                place = json_places.place(self._text, at, route)
                key = ".".join(map(str, route))
                self._tell(place, key, f"{words(detail)[:_MAX_MESSAGE]}; {_MEND}")

    def _items(self) -> Iterator[tuple[int, Any]]:
        """Yield what stands in the list, and where it begins."""
        at = json_places.behind_space(self._text, 0)
        if not self._text.startswith("[", at):
            self._refuse(at, "", f"expected a list that opens with format and domain; {_MEND}")
        while not (self._text.startswith("]", at) and at):
            at = json_places.behind_space(self._text, at + 1)
            found, end = self._value(at)
            yield at, found
            at = json_places.behind_space(self._text, end)
            if not self._text.startswith((",", "]"), at):
                self._refuse(at, "", f"expected a comma or a closing bracket; {_MEND}")
        rest = json_places.behind_space(self._text, at + 1)
        if rest < len(self._text):
            self._refuse(rest, "", f"the file goes on after its list; {_MEND}")

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            return self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._refuse(error.pos, "", f"not JSON: {error.msg.lower()}; {_MEND}")
        except RecursionError:
            self._refuse(at, "", f"nested too deep; {_MEND}")
        except _Refused as error:
            self._refuse(at, "", f"{error}; {_MEND}")

    @staticmethod
    def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            again = next(name for name in names if names.count(name) > 1)
            raise _Refused(f"{again[:40]!r} stands twice in one object")
        return found

    @staticmethod
    def _number(digits: str) -> int:
        if len(digits) > _MAX_DIGITS:  # Python converts no long ones
            raise _Refused(f"a number of {len(digits)} digits")
        return int(digits)

    @staticmethod
    def _no_number(word: str) -> NoReturn:
        raise _Refused(f"{word[:40]} is no whole number")

    def _tell(self, at: int, key: str, message: str) -> None:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        self._problems.append(FileProblem(self._path, line, column, key, message))
        if len(self._problems) >= MAX_PROBLEMS:
            raise DocumentError(self._problems)

    def _refuse(self, at: int, key: str, message: str) -> NoReturn:
        self._tell(at, key, message)
        raise DocumentError(self._problems)


class _Refused(Exception):
    """JSON that nothing of ours writes."""
