"""What SPF names of others resolved to at the last review, and which parts were ever published.

`compile` asks no network. The lock is its eyes and its memory: it holds the addresses
behind each name that a policy flattens, and the parts of records that DNS may still hold when the
policy no longer needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class LockedName:
    """What an SPF name lets pass, the records and hosts that say so, and the day first seen.

    An entry is not `proven` if an earlier version wrote it without hosts: who passes cannot be
    worked out again.
    """

    addresses: Addresses
    records: tuple[tuple[DomainName, str], ...]
    since: date
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    proven: bool = True


@dataclass(frozen=True, slots=True)
class LockedPart:
    """A part of a domain's record.

    `ready` is when no cache can deny it any more: every server was seen to serve it, and the TTLs
    that counted then have passed. It is None until that was seen. `unused_since` is when live DNS
    was first seen without a record that refers to it. `absent` parts are to be deleted.
    """

    text: str
    unused_since: datetime | None = None
    absent: bool = False
    ready: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Everything in the file: names, and the parts of each domain by name."""

    names: Mapping[DomainName, LockedName] = field(default_factory=dict)
    parts: Mapping[DomainName, Mapping[DomainName, LockedPart]] = field(default_factory=dict)
