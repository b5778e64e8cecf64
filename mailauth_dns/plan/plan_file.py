"""The plan as a file: what was reviewed, and a fingerprint that proves the file is whole.

The fingerprint does not say who wrote the file, so nothing obeys the file: apply plans again and
carries out its own plan, which the file can only narrow.

The fields of `plan.py` are the keys of the file. To rename one changes the format: raise `FORMAT`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator

from mailauth_dns.errors import MailAuthError, PlanRefused
from mailauth_dns.plan.plan import BlockedEntry, ChangeEntry, LiveEntry, Plan
from mailauth_dns.plan.totals import Totals, totals

FORMAT = 2
MAX_FILE = 500_000_000  # octets; a plan of 100 000 zones has about a fifth


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return what reads and writes one of plan's types; a run that writes none builds none."""
    return TypeAdapter(kind)


class _Read(BaseModel):
    """A plan that comes from a file. Unknown keys are refused at every level of it."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    plan: Plan

    @field_validator("plan")
    @classmethod
    def _has_plain_names(cls, plan: Plan) -> Plan:
        if not all(map(_is_plain, _names(plan))):
            raise ValueError("no name")
        return plan


def _is_plain(text: str) -> bool:
    return bool(text) and text.isprintable() and "  " not in text


def _names(plan: Plan) -> Iterator[str]:
    """Yield the names, types and ids in a plan, which errors quote in lines of their own."""
    for failed in plan.failed:
        yield from (failed.zone, failed.provider)
    for zone in plan.zones:
        yield from (zone.zone, zone.provider)
        entries: tuple[ChangeEntry | BlockedEntry | LiveEntry, ...]
        entries = (*zone.changes, *zone.blocked, *zone.live)
        for entry in entries:
            yield from (entry.domain, entry.name, entry.type)


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON data, with its fingerprint."""
    data = _content(plan)
    return {**data, "fingerprint": _fingerprint(data)}


def live_as_json(row: LiveEntry) -> dict[str, Any]:
    """Return one row of live DNS as JSON data, as a plan has it."""
    data: dict[str, Any] = _adapter(LiveEntry).dump_python(row, mode="json")
    return data


def fingerprint(plan: Plan) -> str:
    """Return the SHA-256 over everything in the plan."""
    return _fingerprint(_content(plan))


def dumped(plan: Plan) -> str:
    """Return the file's text."""
    return json.dumps(as_json(plan), indent=1, ensure_ascii=True) + "\n"


def _content(plan: Plan) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "totals": _adapter(Totals).dump_python(totals(plan)),
        **_adapter(Plan).dump_python(plan, mode="json"),
    }


def _fingerprint(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read(path: Path) -> Plan:
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
    written, found = data.pop("fingerprint"), _fingerprint(data)
    if written != found:
        raise PlanRefused(
            f"{path} is not what plan wrote: its fingerprint is {str(written)[:12]}, "
            f"its content has {found[:12]}; plan again"
        )
    try:
        del data["format"]
        data.pop("totals", None)  # for other programs; ours count what there is
        return _Read.model_validate_json(json.dumps({"plan": data})).plan
    except (ValidationError, RecursionError) as error:
        count = error.error_count() if isinstance(error, ValidationError) else 1
        raise PlanRefused(
            f"{path} is not a plan file of this version ({count} problems); plan again"
        ) from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file."""
    definitions = _Read.model_json_schema()["$defs"]
    schema = definitions.pop("Plan")
    properties = {
        "format": {"const": FORMAT, "default": FORMAT, "title": "Format", "type": "integer"},
        "totals": _adapter(Totals).json_schema(),
        **schema["properties"],
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
