"""The catalogue of senders: the files that come with the package, and a repo's own beside them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from mailauth_dns.errors import PolicyError
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.senders.entry import Entry
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree
from mailauth_dns.typed_yaml.model_errors import problems_of
from mailauth_dns.typed_yaml.overlay import merged
from mailauth_dns.typed_yaml.yaml_reader import DocumentError

PACKAGED = Path(__file__).parent / "catalogue"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Senders by id. `own` are those that a repo adds or corrects in zones/senders.

    Of `broken`, the repo has a file that cannot be read; the file's own problems say so.
    """

    own: Mapping[str, Entry] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    def get(self, sender: str) -> Entry | None:
        """Return a sender's entry, None where there is none; a repo's own comes first."""
        return self.own.get(sender) or _packaged(sender)

    def ids(self) -> tuple[str, ...]:
        """Return every sender's id, sorted."""
        return tuple(sorted({*_packaged_ids(), *self.own}))

    def close_to(self, sender: str) -> tuple[str, ...]:
        """Return the ids that a mistyped one may mean, likeliest first, three at most.

        What people call a sender, or a name that it is recognised by, means that sender alone.
        """
        folded = re.sub(r"[^a-z0-9]+", "-", sender.lower()).strip("-")
        known = [each for each, entry in self.all() if folded in entry.called]
        if "." in sender:
            at = set(upwards(DomainName(sender.lower().rstrip("."))))
            known = [each for each, entry in self.all() if at & {*entry.recognised_by.includes}]
        return tuple(known or difflib.get_close_matches(folded, self.ids(), n=3, cutoff=0.75))

    def all(self) -> Iterator[tuple[str, Entry]]:
        """Yield every sender with its id, sorted."""
        for sender in self.ids():
            entry = self.get(sender)
            assert entry is not None
            yield sender, entry


def read(path: str, data: bytes, sender: str) -> Entry:
    """Return the entry in a file of zones/senders.

    Where the package has a sender of that id, the file is laid over it: mappings merge, and lists
    and single values replace.

    Raises:
        DocumentError: with every problem of the file.
    """
    root = yaml_reader.read(path, data)
    if sender in _packaged_ids():
        root = merged(_packaged_tree(sender), root)
    return _entry(root)


def _entry(root: yaml_tree.Mapping) -> Entry:
    try:
        return Entry.model_validate(yaml_tree.plain(root))
    except ValidationError as error:
        raise DocumentError(problems_of(error, root, Entry)) from None


@cache
def _packaged_ids() -> frozenset[str]:
    return frozenset(path.stem for path in PACKAGED.glob("*.yaml"))


def _packaged_tree(sender: str) -> yaml_tree.Mapping:
    path = PACKAGED / f"{sender}.yaml"
    return yaml_reader.read(f"senders/catalogue/{path.name}", path.read_bytes())


@cache
def _packaged(sender: str) -> Entry | None:
    if sender not in _packaged_ids():
        return None
    try:
        return _entry(_packaged_tree(sender))
    except DocumentError as error:  # of somebody who is writing the file
        raise PolicyError(error.problems) from None
