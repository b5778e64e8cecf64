"""A difference between what a zone holds and what the policies declare, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from mailauth_dns.compile.publication import OfSender
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import SenderValues
from mailauth_dns.records.zone import RRKey


class Risk(IntEnum):
    """How much a change can hurt.

    A breaking change is applied only when its rule is allowed by name.
    """

    SAFE = 0
    CAUTION = 1
    BREAKING = 2

    def __str__(self) -> str:
        """Return the name as users read it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a change of a DMARC record asks for failing mail of a domain, before and after.

    Each side has the values of a record of the domain's own. Where it inherits a policy, that
    policy is written so. `mail` says what shows that the domain has mail, and `mail_below` the same
    for names below it that have no record of their own; None where nothing does.
    """

    before: frozenset[str]
    after: frozenset[str]
    mail: str | None
    mail_below: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a change means for mail, in words, and its risk.

    `rules` are the ids of the rules that make it breaking. `asked` is there for DMARC records.
    """

    meaning: str
    risk: Risk = Risk.SAFE
    rules: tuple[str, ...] = ()
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Our values of one name and type, before and after; `kept` are the foreign values beside them.

    `sender` is the one that the record is for, where only one sender has it.
    TTLs are in seconds; `ttl_before` is None where nothing was, `ttl_after` where nothing will be.
    """

    domain: DomainName
    key: RRKey
    family: Family
    before: frozenset[str]
    after: frozenset[str]
    ttl_before: int | None
    ttl_after: int | None
    kept: frozenset[str]
    judgement: Judgement
    sender: OfSender | None = None

    @property
    def sender_values(self) -> SenderValues | None:
        """Which values are ours; None where all of the family are."""
        return self.sender.values if self.sender is not None else None

    @property
    def values_after(self) -> frozenset[str]:
        """The whole set as it will be."""
        return self.after | self.kept


@dataclass(frozen=True, slots=True)
class Blocked:
    """A change that the policy asks for but that is not made, with the reason.

    With `waits` nothing is wrong: another record comes first, and a later plan makes the change.
    """

    domain: DomainName
    key: RRKey
    family: Family
    reason: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a set must not be written now, or why no record may refer to it yet.

    `waits` means the same as in `Blocked`.
    """

    reason: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Unwritable:
    """What must not be written at a provider, each with the reason for a user.

    `sets` are single sets. `zone` is the reason where nothing in the zone may be written.
    """

    sets: Mapping[RRKey, str] = field(default_factory=dict)
    zone: str | None = None

    def reason(self, key: RRKey) -> str | None:
        """Return why a set must not be written; None where it may be."""
        return self.zone if self.zone is not None else self.sets.get(key)


WRITABLE = Unwritable()  # all of a zone may be written


@dataclass(frozen=True, slots=True)
class Kept:
    """A foreign set, or the foreign values of a set that we share.

    `looks_like` is the family of values that look like ours. No policy declares them, so they stay.
    """

    key: RRKey
    values: frozenset[str]
    shared: bool
    looks_like: Family | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes of one zone, what is blocked there, and what is kept."""

    changes: tuple[Change, ...]
    blocked: tuple[Blocked, ...]
    kept: tuple[Kept, ...]

    def refused(self, reason: str) -> Difference:
        """Return this difference with every change blocked for one reason."""
        blocked = tuple(
            Blocked(change.domain, change.key, change.family, reason) for change in self.changes
        )
        return Difference((), self.blocked + blocked, self.kept)
