"""What a run remembers of zones in which nothing was to change, as JSON data and back.

What is the same for many zones stands in it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

Kept = TypeVar("Kept")
Files = tuple[tuple[str, str], ...]  # path and digest


@dataclass(frozen=True, slots=True)
class Ties:
    """What may tie a zone to others: providers, and names that lie outside of it.

    Its records lead to the names `led`, and `hosts` get its reports.
    """

    providers: tuple[str, ...]
    led: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuietZone:
    """One zone, which has one policy. Its files are here by their digests.

    `files` are those that the policy is made of, by their paths in the repo: its own comes first,
    then lists and keys. `masters` are those of the zone at each provider, and `entries` are what a
    plan says there, as `plan_json.zone_as_text` writes it, perhaps with the name of another zone.
    """

    files: Files
    ties: Ties
    masters: tuple[str, ...]
    entries: tuple[str, ...]

    @property
    def policy(self) -> str:
        """The path of the policy's file, which other zones may have too."""
        return self.files[0][0]


_Kind = tuple[Files, Ties, tuple[str, ...]]  # what zones of one policy share, with their entries


@dataclass(frozen=True, slots=True)
class Book:
    """The quiet zones of a repo by name: of a policy file all that it is for, or none.

    It holds while the inputs are the `shared` ones. `folders` are those of the local providers: as
    the stanza has them, and where they were.
    """

    shared: str
    folders: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    zones: Mapping[str, QuietZone] = field(default_factory=dict)


def as_data(book: Book) -> object:
    """Return a book as JSON data.

    What differs from zone to zone is in three texts of words, since a list of very many things
    takes many times their room while JSON is made of it.
    """
    kinds = _Once[_Kind]()
    numbers = [str(kinds.number(_kind(zone))) for zone in book.zones.values()]
    files, ties, entries = _Once[Files](), _Once[Ties](), _Once[str]()
    rows = [
        [files.number(of), ties.number(tie), [entries.number(each) for each in said]]
        for of, tie, said in kinds.values
    ]
    return {
        "shared": book.shared,
        "folders": {name: list(each) for name, each in book.folders.items()},
        "files": [[list(each) for each in some] for some in files.values],
        "ties": [[list(each.providers), list(each.led), list(each.hosts)] for each in ties.values],
        "entries": entries.values,
        "kinds": rows,
        "zones": " ".join(book.zones),
        "numbers": " ".join(numbers),
        "masters": " ".join(each for zone in book.zones.values() for each in zone.masters),
    }


def from_data(data: Any) -> Book | None:  # noqa: ANN401 - anything JSON holds
    """Return the book that JSON data holds; None where it is none."""
    try:
        entries: list[str] = data["entries"]
        files = [tuple((path, digest) for path, digest in some) for some in data["files"]]
        ties = [Ties(tuple(each[0]), tuple(each[1]), tuple(each[2])) for each in data["ties"]]
        kinds = [
            (files[file], ties[tie], tuple([entries[each] for each in said]))
            for file, tie, said in data["kinds"]
        ]
        masters = iter(data["masters"].split())
        zones = {
            name: _quiet_zone(kinds[int(number)], masters)
            for name, number in zip(data["zones"].split(), data["numbers"].split(), strict=True)
        }
        if any(True for _ in masters):
            return None
        folders = {name: (given, real) for name, (given, real) in data["folders"].items()}
        return Book(data["shared"], folders, zones)
    except (TypeError, ValueError, LookupError, AttributeError):
        return None


def _kind(zone: QuietZone) -> _Kind:
    return zone.files, zone.ties, zone.entries


def _quiet_zone(kind: _Kind, masters: Iterator[str]) -> QuietZone:
    """Return a zone of a kind that has as many masters as providers.

    Raises:
        ValueError: there are not as many.
    """
    files, ties, entries = kind
    own = tuple(islice(masters, len(ties.providers)))
    if len(own) != len(ties.providers):
        raise ValueError("masters are missing")
    return QuietZone(files, ties, own, entries)


class _Once(Generic[Kept]):
    """Numbers values, equal ones alike, in the order in which they come."""

    def __init__(self) -> None:
        self._numbers: dict[Kept, int] = {}

    def number(self, value: Kept) -> int:
        """Return the number of a value."""
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> list[Kept]:
        """The values in the order of their numbers."""
        return list(self._numbers)
