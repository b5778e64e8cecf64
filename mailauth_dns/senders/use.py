"""One sender as one domain uses it: its terms, selectors and return path, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.entry import DkimForm, Entry, ReturnPathClass

OWN_HOST = "server"  # the id of the sender that is no vendor: hosts of one's own


@dataclass(frozen=True, slots=True)
class Said:
    """What a policy says of one sender: `key` is the policy's name for it, `sender` its id."""

    key: str
    sender: str
    answers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    retired: date | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """Since when a sender sends no more, and from which day on nothing of it is needed.

    `gone` tells whether that day has come.
    """

    retired: date | None = None
    gone_from: date | None = None
    gone: bool = False

    @classmethod
    def of(cls, retired: date | None, grace: timedelta, today: date) -> Life:
        """Return the life of a sender, as it stands `today`."""
        if retired is None:
            return cls()
        gone_from = retired + whole_days(grace)
        return cls(retired, gone_from, gone_from <= today)


def whole_days(grace: timedelta) -> timedelta:
    """Return a grace in whole days, and never a shorter one: a sender ends with a day."""
    return timedelta(days=-(-grace // timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class ReturnPathRecords:
    """What a return path below the domain holds.

    A CNAME target, or exchangers (`10 mx.sender.example.`) and an SPF record. Where it is delegated
    (`name_servers`), it is checked and never written. A target or exchanger at or below one of
    `zones` is the sender's; every other is foreign.
    """

    name: DomainName
    cname: str | None = None
    mx: tuple[str, ...] = ()
    spf: str | None = None
    name_servers: tuple[str, ...] = ()
    zones: tuple[DomainName, ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether a policy publishes it."""
        return self.cname is not None or self.spf is not None


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector of the sender: an alias, or a key as the console shows it."""

    selector: str
    cname: str | None = None
    p: str | None = None
    k: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """One sender in one policy, with everything that it needs there.

    `entry` is None for hosts of one's own. `terms` stand in the SPF record of the domain itself.
    `mail_from` is the domain in MAIL FROM, None where nobody knows it. `notes` say what was left
    out, and why.
    """

    key: str
    sender: str
    name: str
    entry: Entry | None
    mail_from: DomainName | None
    relaxed: str  # yes, no or unknown: whether SPF aligns
    strict: str
    terms: tuple[str, ...] = ()
    selectors: tuple[Selector, ...] = ()
    signs_with: tuple[str, ...] = ()
    path: ReturnPathRecords | None = None
    notes: tuple[str, ...] = ()
    life: Life = field(default_factory=Life)

    @property
    def return_path(self) -> ReturnPathClass:
        """Whose domain is in MAIL FROM."""
        if self.entry is None or self.entry.return_path is None:
            return ReturnPathClass.OWN_DOMAIN
        return ReturnPathClass(self.entry.return_path.class_)

    @property
    def aliases_by_token(self) -> tuple[Selector, ...]:
        """Its selectors, where the sender's console makes their names for one domain."""
        section = self.entry.dkim if self.entry is not None else None
        is_token = section is not None and section.form is DkimForm.CNAME_ACCOUNT_TOKEN
        return self.selectors if is_token and self.life.retired is None else ()
