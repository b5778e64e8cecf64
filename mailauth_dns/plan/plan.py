"""A plan as a value: what would change, what is blocked or kept, and what live DNS says.

It holds no connection, no thread and no secret, and of foreign values only their kind and a short
hash. It can be pickled, compared, and written to a file (`plan_shape`), whose keys are the names of
the fields here: to rename one changes the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailauth_dns.plan.alike import distinct
from mailauth_dns.plan.digests import Digests
from mailauth_dns.plan.evidence_entry import EvidenceEntry
from mailauth_dns.plan.permission import IdlePermission, Permission, all_permitted
from mailauth_dns.plan.shard_entry import ShardEntry
from mailauth_dns.records.ownership import SenderValues
from mailauth_dns.typed_yaml.yaml_tree import FileLine

TEST_FAILS, TEST_UNKNOWN = "TEST001", "TEST002"
LIVE_DNS = "live DNS"  # stands where a provider does, in a plan for which none was asked

Where = tuple[str, str]  # a zone and the provider that it is at
State = Literal["as policy", "as provider", "differs", "waits", "unknown"]
Agreement = Literal["agrees", "differs", "unknown", "unasked"]
TestState = Literal["passed", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """One change. TTLs are in seconds; `kept` is how many foreign values stay in the set.

    `place` is where the policy says so. A breaking change has a permission for each of its `rules`
    that its policy permits. `sender` is the one that the record is for, where only one sender has
    it. `sender_values` tells which values are ours there; None where all of the family are.
    `evidence` is what reports say of it, where it asks for that.
    """

    domain: str
    name: str
    type: str
    family: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    ttl_before: int | None
    ttl_after: int | None
    kept: int
    meaning: str
    risk: Literal["safe", "caution", "breaking"]
    rules: tuple[str, ...]
    place: FileLine | None = None
    permissions: tuple[Permission, ...] = ()
    sender: str | None = None
    sender_values: SenderValues | None = None
    evidence: EvidenceEntry | None = None

    @property
    def permitted(self) -> bool:
        """Whether the policy permits a breaking change."""
        return self.risk == "breaking" and all_permitted(self.rules, self.permissions)

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it this change and no other, within its zone and provider."""
        return (self.name, self.type, self.before, self.after, self.ttl_before, self.ttl_after)


@dataclass(frozen=True, slots=True)
class BlockedEntry:
    """A change that the policy asks for and that is not made.

    `waits`: nothing is wrong, and a later plan makes the change.
    """

    domain: str
    name: str
    type: str
    family: str
    reason: str
    waits: bool = False
    place: FileLine | None = None


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """Foreign values that stay; `kinds` have the first eight hexadecimal digits of their SHA-256.

    Where a value is no text, `@` stands there for the zone's own name.
    `values` are there only where they were asked for.
    """

    name: str
    type: str
    shared: bool
    looks_like: str | None
    kinds: tuple[str, ...]
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """What one authoritative server says of a set; None where that is unknown, see `reason`."""

    server: str
    values: tuple[str, ...] | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """One declared set at the policy, at the provider and in live DNS (only our values of it).

    `servers` has what each server says, where they do not agree or not all of them answer.
    The state is "waits" where the record is to come later than others.
    """

    domain: str
    name: str
    type: str
    policy: tuple[str, ...]
    provider: tuple[str, ...] | None  # None: no provider was asked
    # None: unknown, see `reason`, or not the same everywhere, see `servers`.
    live: tuple[str, ...] | None
    reason: str | None
    state: State
    servers: tuple[ServerEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorityEntry:
    """Whether the servers that answer for the zone are the provider's.

    `permissions` are those for DNS008, if every policy that changes the zone has one. "unasked": no
    provider was asked, so nothing is claimed, and there is nothing to permit.
    """

    state: Agreement
    reason: str
    delegation_checked: bool
    permissions: tuple[Permission, ...] = ()

    @property
    def permitted(self) -> bool:
        """Whether policies permit that other servers answer."""
        return self.state == "differs" and bool(self.permissions)


@dataclass(frozen=True, slots=True)
class TrialEntry:
    """How one of the policy's tests ends once the plan is applied.

    `before` is how it ended without the plan, None where it passes with it. `problems` say what is
    not as expected; `spf`, `dkim`, `dmarc` and `disposition` are what a receiver finds. The
    disposition is "unknown" where DMARC could not be judged.
    `depends_on` are the zones with changes that it looks at. A test that a declared `sender` brings
    along refuses nothing unless it passed before: many senders serve a key only once it is asked
    for by an alias.
    """

    domain: str
    name: str
    result: TestState
    before: TestState | None
    problems: tuple[str, ...]
    spf: str
    dkim: str
    dmarc: str
    disposition: str
    why: tuple[str, ...]
    warnings: tuple[str, ...]
    place: FileLine | None = None
    depends_on: tuple[str, ...] = ()
    sender: str | None = None
    permissions: tuple[Permission, ...] = ()

    @property
    def permitted(self) -> bool:
        """Whether the policy permits that the test does not pass."""
        return self.rule is not None and all_permitted((self.rule,), self.permissions)

    @property
    def rule(self) -> str | None:
        """The id by which a test that does not pass is allowed."""
        return {"passed": None, "failed": TEST_FAILS, "unknown": TEST_UNKNOWN}[self.result]


@dataclass(frozen=True, slots=True)
class ZoneEntry:
    """One zone at one provider."""

    zone: str
    provider: str
    digests: Digests
    changes: tuple[ChangeEntry, ...]
    blocked: tuple[BlockedEntry, ...]
    kept: tuple[KeptEntry, ...]
    live: tuple[LiveEntry, ...]
    authority: AuthorityEntry
    tests: tuple[TrialEntry, ...]

    @property
    def where(self) -> Where:
        """The zone and the provider that it is at."""
        return (self.zone, self.provider)

    @property
    def refused(self) -> tuple[BlockedEntry, ...]:
        """What is blocked for good, until somebody does something about it."""
        return tuple(entry for entry in self.blocked if not entry.waits)

    @property
    def waiting(self) -> tuple[BlockedEntry, ...]:
        """What comes with a later plan."""
        return tuple(entry for entry in self.blocked if entry.waits)

    @property
    def broken(self) -> tuple[TrialEntry, ...]:
        """The tests that do not pass, and that passed before or are of a domain that changes.

        Of a sender's test, only that it passed before counts.
        """
        changed = {change.domain for change in self.changes}
        return tuple(
            test
            for test in self.tests
            if test.result != "passed"
            and (test.before == "passed" or (test.sender is None and test.domain in changed))
        )


@dataclass(frozen=True, slots=True)
class FailedEntry:
    """A zone that could not be planned; `place` is the first of what it declares."""

    zone: str
    provider: str
    error: str
    place: FileLine | None = None

    @property
    def where(self) -> Where:
        """The zone and the provider that it is at."""
        return (self.zone, self.provider)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. `domains` are the ones that were asked for, None for all.

    `idle` are permissions of the planned policies that permit nothing in it. `notes` are what a
    reader must know first, such as that only a part was planned. `live_only`: no provider was
    asked. Live DNS stands for what they hold, so the plan cannot be applied. `shard`: it is one of
    several shards, and what only all of them tell is left to who merges them.
    """

    tool: str
    made_at: str
    commit: str | None
    domains: tuple[str, ...] | None
    normalize: bool
    zones: Sequence[ZoneEntry]
    failed: tuple[FailedEntry, ...]
    idle: tuple[IdlePermission, ...] = ()
    notes: tuple[str, ...] = ()
    live_only: bool = False
    shard: ShardEntry | None = None

    @property
    def pending(self) -> int:
        """How many changes there are."""
        return sum(len(zone.changes) * number for zone, number in distinct(self.zones))

    @property
    def waiting(self) -> int:
        """How many changes come with a later plan."""
        return sum(len(zone.waiting) * number for zone, number in distinct(self.zones))
