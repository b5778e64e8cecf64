"""The plan as a file: what was reviewed, and a fingerprint that proves the file whole.

The fingerprint says nothing about who wrote the file, so the file is never obeyed: apply plans again and carries out its own plan,
which the file can only narrow. It holds no secret, and of foreign values only their kind and a short hash.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from mailauth_dns.diff.change import Blocked, Change, Kept
from mailauth_dns.diff.redaction import label
from mailauth_dns.errors import MailAuthError, PlanRefused

FORMAT = 1
MAX_FILE = 500_000_000  # octets; a plan of 100 000 zones has about a fifth
TEST_FAILS, TEST_UNKNOWN = "TEST001", "TEST002"

State = Literal["as policy", "as provider", "differs", "waits", "unknown"]


def _word(text: str) -> str:
    if not text or not text.isprintable() or "  " in text:
        raise ValueError("no name")
    return text


Word = Annotated[
    str, AfterValidator(_word)
]  # names, types and ids of ours: errors quote them in lines of their own


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChangeEntry(_Entry):
    """One change; its identity is everything but `domain`, `family`, `kept`, `meaning`, `risk` and `rules`. TTLs in seconds."""

    domain: Word
    name: Word
    type: Word
    family: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    ttl_before: int | None
    ttl_after: int | None
    kept: int
    meaning: str
    risk: Literal["safe", "caution", "breaking"]
    rules: tuple[str, ...]

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it this change and no other, within its zone and provider."""
        return (self.name, self.type, self.before, self.after, self.ttl_before, self.ttl_after)


class BlockedEntry(_Entry):
    """A change that is asked for and not made; `waits` tells that nothing is wrong and a later plan makes it."""

    domain: Word
    name: Word
    type: Word
    family: str
    reason: str
    waits: bool = False


class KeptEntry(_Entry):
    """Foreign values that stay: what kind, and the first eight hexadecimal digits of their SHA-256; `values` only where asked for."""

    name: str
    type: str
    shared: bool
    looks_like: str | None
    kinds: tuple[str, ...]
    values: tuple[str, ...] | None = None


class ServerEntry(_Entry):
    """What one authoritative server says of a set; `values` are None where that is unknown, see `reason`."""

    server: str
    values: tuple[str, ...] | None
    reason: str | None


class LiveEntry(_Entry):
    """One declared set at the policy, at the provider and in live DNS (only our values of it).

    `servers` tells what each server says where they do not say the same, or not all of them answer. The state is "waits" where the record
    is to come later than others.
    """

    domain: Word
    name: Word
    type: Word
    policy: tuple[str, ...]
    provider: tuple[str, ...] | None  # None: no provider was asked
    live: (
        tuple[str, ...] | None
    )  # None: unknown, see `reason`, or not the same everywhere, see `servers`
    reason: str | None
    state: State
    servers: tuple[ServerEntry, ...] = ()


class AuthorityEntry(_Entry):
    """Whether the servers that answer for the zone are the provider's."""

    state: Literal["agrees", "differs", "unknown"]
    reason: str
    delegation_checked: bool


class TrialEntry(_Entry):
    """How one of the policy's tests ends once the plan is applied; `before` is how it ended without it, None where it passes.

    `problems` say what is not as expected; `spf`, `dkim`, `dmarc` and `disposition` are what a receiver finds, `why` is for people.
    """

    domain: str
    name: str
    result: Literal["passed", "failed", "unknown"]
    before: Literal["passed", "failed", "unknown"] | None
    problems: tuple[str, ...]
    spf: str
    dkim: str
    dmarc: str
    disposition: str
    why: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def rule(self) -> str | None:
        """The id by which a test that does not pass is allowed."""
        return {"passed": None, "failed": TEST_FAILS, "unknown": TEST_UNKNOWN}[self.result]


class ZoneEntry(_Entry):
    """One zone at one provider."""

    zone: Word
    provider: Word
    policy_digest: str
    provider_digest: str
    changes: tuple[ChangeEntry, ...]
    blocked: tuple[BlockedEntry, ...]
    kept: tuple[KeptEntry, ...]
    live: tuple[LiveEntry, ...]
    authority: AuthorityEntry
    tests: tuple[TrialEntry, ...]

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
        """The tests that do not pass and have to do with the plan: they passed before it, or it changes records of their domain."""
        changed = {change.domain for change in self.changes}
        return tuple(
            test
            for test in self.tests
            if test.result != "passed" and (test.before == "passed" or test.domain in changed)
        )


class FailedEntry(_Entry):
    """A zone that could not be planned."""

    zone: Word
    provider: Word
    error: str


class PlanFile(_Entry):
    """A whole plan. `domains` are the ones that were asked for, None for all."""

    format: Literal[1] = 1
    tool: str
    made_at: str
    commit: str | None
    domains: tuple[str, ...] | None
    normalize: bool
    zones: tuple[ZoneEntry, ...]
    failed: tuple[FailedEntry, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over everything in the plan."""
        return hashlib.sha256(_canonical(self.model_dump(mode="json"))).hexdigest()

    @property
    def pending(self) -> int:
        """How many changes there are."""
        return sum(len(zone.changes) for zone in self.zones)

    @property
    def waiting(self) -> int:
        """How many changes come with a later plan."""
        return sum(len(zone.waiting) for zone in self.zones)


def _canonical(data: object) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode(
        "ascii"
    )


def dumped(plan: PlanFile) -> str:
    """Return the file's text."""
    data = {**plan.model_dump(mode="json"), "fingerprint": plan.fingerprint}
    return json.dumps(data, indent=1, ensure_ascii=True) + "\n"


def read(path: Path) -> PlanFile:
    """Return the plan in a file.

    Raises:
        PlanRefused: the file is not a plan, or is not whole.
        MailAuthError: the file cannot be read.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise PlanRefused(f"{path} is too big for a plan")
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise PlanRefused(
            f"{path} is not a plan file: not JSON; write one with `plan --out`"
        ) from None
    if not isinstance(data, dict) or "fingerprint" not in data:
        raise PlanRefused(
            f"{path} is not a plan file: it has no fingerprint; write one with `plan --out`"
        )
    if data.get("format") != FORMAT:
        raise PlanRefused(
            f"{path} has format {data.get('format')!r}, this version reads {FORMAT}; plan again"
        )
    fingerprint = data.pop("fingerprint")
    found = hashlib.sha256(_canonical(data)).hexdigest()
    if fingerprint != found:
        raise PlanRefused(
            f"{path} is not what plan wrote: its fingerprint is {str(fingerprint)[:12]}, its content has {found[:12]}; plan again"
        )
    try:
        return PlanFile.model_validate_json(json.dumps(data))
    except (ValidationError, RecursionError) as error:
        count = error.error_count() if isinstance(error, ValidationError) else 1
        raise PlanRefused(
            f"{path} is not a plan file of this version ({count} problems); plan again"
        ) from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file."""
    schema = PlanFile.model_json_schema()
    schema["properties"]["fingerprint"] = {
        "type": "string",
        "description": "SHA-256 over everything else",
    }
    schema["required"] = [*schema["required"], "fingerprint"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mailauth-dns plan",
        **schema,
    }


def change_entry(change: Change) -> ChangeEntry:
    """Return a change as the file holds it."""
    return ChangeEntry(
        domain=change.domain,
        name=change.key[0],
        type=change.key[1],
        family=change.family.value,
        before=tuple(sorted(change.before)),
        after=tuple(sorted(change.after)),
        ttl_before=change.ttl_before,
        ttl_after=change.ttl_after,
        kept=len(change.kept),
        meaning=change.judgement.meaning,
        risk=str(change.judgement.risk),  # type: ignore[arg-type] # the enum's names are the literal's
        rules=change.judgement.rules,
    )


def blocked_entry(blocked: Blocked) -> BlockedEntry:
    """Return a blocked change as the file holds it."""
    return BlockedEntry(
        domain=blocked.domain,
        name=blocked.key[0],
        type=blocked.key[1],
        family=blocked.family.value,
        reason=blocked.reason,
        waits=blocked.waits,
    )


def kept_entry(kept: Kept, with_values: bool) -> KeptEntry:
    """Return what is kept as the file holds it."""
    values = sorted(kept.values)
    return KeptEntry(
        name=kept.key[0],
        type=kept.key[1],
        shared=kept.shared,
        looks_like=kept.looks_like.value if kept.looks_like is not None else None,
        kinds=tuple(label(kept.key[1], value) for value in values),
        values=tuple(values) if with_values else None,
    )
