"""What a report counts, in five numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailauth_dns.reports.aggregate import Record, Report


@dataclass(frozen=True, slots=True)
class Tally:
    """Records, and their messages by whether DMARC passed; `unknown`: the reporter did not say."""

    records: int
    aligned: int
    not_aligned: int
    unknown: int

    @property
    def messages(self) -> int:
        """All messages."""
        return self.aligned + self.not_aligned + self.unknown


def tally(_report: Report, records: Iterator[Record]) -> Tally:
    """Count the messages of a report."""
    number = 0
    by_result: dict[bool | None, int] = {True: 0, False: 0, None: 0}
    for number, record in enumerate(records, 1):  # noqa: B007 - their number
        by_result[record.aligned] += record.count
    return Tally(number, by_result[True], by_result[False], by_result[None])
