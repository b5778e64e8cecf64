"""An apply for those who look at it later: what was asked, permitted, done, read back and seen.

It holds no secret, and of foreign values only their kind and a short hash. The fields here are the
keys of the file: to rename one changes the format; raise `FORMAT`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from mailauth_dns.plan import plan_json
from mailauth_dns.plan.permissions import Refusal
from mailauth_dns.plan.plan import BlockedEntry, LiveEntry, Plan

FORMAT = 1

Outcome = Literal[
    "begun", "applied", "incomplete", "refused", "failed", "interrupted", "answered no"
]


@dataclass(frozen=True, slots=True)
class ReportedPlan:
    """Which plan was applied: the whole file that was reviewed, or what was asked about."""

    fingerprint: str
    made_at: str
    commit: str | None


@dataclass(frozen=True, slots=True)
class ReportedChange:
    """One change, and whether it is made: by this run ("done") or before it ("was done").

    TTLs are in seconds.
    """

    domain: str
    name: str
    type: str
    family: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    ttl_before: int | None
    ttl_after: int | None
    meaning: str
    risk: Literal["safe", "caution", "breaking"]
    rules: tuple[str, ...]
    state: Literal["done", "was done", "not done", "unknown"]


@dataclass(frozen=True, slots=True)
class UsedPermission:
    """What apply would have refused, and by what it was permitted.

    `by` is a place in a policy or an option of the command line, which has no reason and no last
    day.
    """

    rule: str
    domain: str
    by: str
    reason: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class KeptKinds:
    """Foreign values that stayed; `kinds` have the first digits of their SHA-256."""

    name: str
    type: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportedZone:
    """One zone at one provider; `status` is None while nobody knows it.

    `live_rows` are the sets of which live DNS does not say what the policy says.
    """

    zone: str
    provider: str
    status: Literal["applied", "unchanged", "refused", "failed", "partial", "not tried"] | None
    detail: str
    changes: tuple[ReportedChange, ...]
    permissions: tuple[UsedPermission, ...]
    refusals: tuple[Refusal, ...]
    blocked: tuple[BlockedEntry, ...]
    kept: tuple[KeptKinds, ...]
    read_back: Literal["as applied", "differs", "unknown", "not read"]
    live: Literal["agrees", "differs", "waits", "unknown", "not asked"]
    live_rows: tuple[LiveEntry, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report. `problem` says why nothing was written in any zone.

    `commit` is the one that was applied. `ended_at` and `exit_code` are None until the run ends.
    `only` is None if the whole plan was asked for; `left_out` are the zones of it that were not.
    """

    tool: str
    outcome: Outcome
    began_at: str
    ended_at: str | None
    exit_code: int | None
    problem: str | None
    commit: str | None
    plan: ReportedPlan | None
    allowed: tuple[str, ...]
    only: tuple[str, ...] | None
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    zones: tuple[ReportedZone, ...]


def reported_plan(plan: Plan) -> ReportedPlan:
    """Return which plan this is."""
    return ReportedPlan(plan_json.fingerprint(plan), plan.made_at, plan.commit)


_REPORT = TypeAdapter(Report)


def dumped(report: Report) -> str:
    """Return the file's text."""
    data = {"format": FORMAT, **_REPORT.dump_python(report, mode="json")}
    return json.dumps(data, indent=1, ensure_ascii=True) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a report."""
    schema = _REPORT.json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "mailauth-dns apply report",
        "properties": {
            "format": {"const": FORMAT, "title": "Format", "type": "integer"},
            **schema["properties"],
        },
        "required": ["format", *schema["required"]],
    }
