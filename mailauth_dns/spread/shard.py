"""Which machine does which part of a piece of work: the same choice on every machine.

A shard is one of several parts. The names in it follow from the names alone, so that machines that
know nothing of each other agree, and a new name moves no other one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailauth_dns.errors import MailAuthError

MAX_SHARDS = 1000
_WRITTEN = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` parts; the first one's `number` is 1."""

    number: int
    of: int

    def __str__(self) -> str:
        """Return it as it is written on a command line."""
        return f"{self.number}/{self.of}"

    def has(self, group: Iterable[str]) -> bool:
        """Tell whether names that belong together are in this shard; the smallest one decides."""
        return number_of(min(group), self.of) == self.number


def number_of(name: str, of: int) -> int:
    """Return the number of the shard that a name is in, out of `of`.

    >>> [number_of(name, 8) for name in ("a.example", "b.example", "c.example")]
    [7, 4, 7]
    """
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % of + 1


def parsed(text: str) -> Shard:
    """Return the shard that somebody wrote as I/N.

    Raises:
        MailAuthError: it is none.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise MailAuthError("write its number and how many there are, such as 1/8")
    number, of = int(written[1]), int(written[2])
    if not 1 <= of <= MAX_SHARDS:
        raise MailAuthError(f"{of} shards; from 1 to {MAX_SHARDS} are allowed")
    if not 1 <= number <= of:
        raise MailAuthError(f"there is no such shard; they are 1/{of} to {of}/{of}")
    return Shard(number, of)
