"""The shape of a plan file: its format number, its types, and the JSON Schema of it.

The fields of `plan.py` are the keys of the file. To rename one changes the format: raise `FORMAT`.
What is the same in many zones but for their names stands in the file once: the others say which
zone they are `like`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, field_validator

from mailauth_dns.plan.plan import BlockedEntry, ChangeEntry, LiveEntry, Plan, ZoneEntry
from mailauth_dns.plan.totals import Totals

FORMAT = 3


@dataclass(frozen=True, slots=True)
class LikeEntry:
    """In the file, a zone of which the plan says the same as of an earlier one at the provider.

    At each place where that one has its name, this one has its own.
    """

    zone: str
    provider: str
    like: str


@cache
def adapter(kind: type) -> TypeAdapter[Any]:
    """Return what reads and writes one of plan's types; a run that writes none builds none."""
    return TypeAdapter(kind)


_STRICT = ConfigDict(extra="forbid", defer_build=True)


class ReadPlan(BaseModel):
    """A plan that comes from a file, without its zones. Unknown keys are refused at every level."""

    model_config = _STRICT
    plan: Plan

    @field_validator("plan")
    @classmethod
    def _has_plain_names(cls, plan: Plan) -> Plan:
        _refuse_odd(name for each in plan.failed for name in each.where)
        return plan


class ReadZone(BaseModel):
    """A zone that comes from a file."""

    model_config = _STRICT
    zone: ZoneEntry | LikeEntry

    @field_validator("zone")
    @classmethod
    def _has_plain_names(cls, zone: ZoneEntry | LikeEntry) -> ZoneEntry | LikeEntry:
        _refuse_odd((zone.zone, zone.provider))
        if isinstance(zone, ZoneEntry):
            entries: tuple[ChangeEntry | BlockedEntry | LiveEntry, ...]
            entries = (*zone.changes, *zone.blocked, *zone.live)
            _refuse_odd(name for each in entries for name in (each.domain, each.name, each.type))
        return zone


def _refuse_odd(names: Iterable[str]) -> None:
    """Refuse names, types and ids that errors could not quote in lines of their own."""
    if not all(name and name.isprintable() and "  " not in name for name in names):
        raise ValueError("no name")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file."""
    definitions = ReadPlan.model_json_schema()["$defs"]
    definitions |= ReadZone.model_json_schema()["$defs"]
    schema = definitions.pop("Plan")
    zone = {"anyOf": [{"$ref": f"#/$defs/{each}"} for each in ("ZoneEntry", "LikeEntry")]}
    properties = {
        "format": {"const": FORMAT, "default": FORMAT, "title": "Format", "type": "integer"},
        "totals": adapter(Totals).json_schema(),
        **schema["properties"],
        "zones": {**schema["properties"]["zones"], "items": zone},
        "fingerprint": {"type": "string", "description": "SHA-256 over everything else"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": definitions,
        **schema,
        "title": "mailauth-dns plan",
        "properties": properties,
        "required": ["format", "totals", *schema["required"], "fingerprint"],
    }
