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


class Counting:
    """Counts the records that pass through it."""

    def __init__(self) -> None:
        self._records = 0
        self._by_result: dict[bool | None, int] = {True: 0, False: 0, None: 0}

    def through(self, records: Iterator[Record]) -> Iterator[Record]:
        """Yield the records, and count them in."""
        for record in records:
            self._records += 1
            self._by_result[record.aligned] += record.count
            yield record

    @property
    def tally(self) -> Tally:
        """What was counted so far."""
        counts = self._by_result
        return Tally(self._records, counts[True], counts[False], counts[None])


def tally(_report: Report, records: Iterator[Record]) -> Tally:
    """Count the messages of a report."""
    counting = Counting()
    for _ in counting.through(records):
        pass
    return counting.tally
