"""The plan as a file: what was reviewed, and a fingerprint that proves the file is whole.

The fingerprint does not say who wrote the file, so nothing obeys the file: apply plans again and
carries out its own plan, which the file can only narrow.

The fields of `plan.py` are the keys of the file. To rename one changes the format: raise `FORMAT`.
What is the same in many zones but for their names stands in the file once: the others say which
zone they are `like`. The fingerprint is of the whole plan, however it is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from io import StringIO
from pathlib import Path
from textwrap import indent
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator

from mailauth_dns.errors import MailAuthError, PlanRefused
from mailauth_dns.plan.alike import Alike, First
from mailauth_dns.plan.json_stream import JsonStream
from mailauth_dns.plan.plan import (
    BlockedEntry,
    ChangeEntry,
    LiveEntry,
    Plan,
    Where,
    ZoneEntry,
)
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.plan.totals import Totals, totals

FORMAT = 3
MAX_FILE = 500_000_000  # octets
_NO_NAME = "\0"  # canonical JSON has no such character


@dataclass(frozen=True, slots=True)
class LikeEntry:
    """In the file, a zone of which the plan says the same as of an earlier one at the provider.

    At each place where that one has its name, this one has its own.
    """

    zone: str
    provider: str
    like: str


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return what reads and writes one of plan's types; a run that writes none builds none."""
    return TypeAdapter(kind)


_STRICT = ConfigDict(extra="forbid", defer_build=True)


class _ReadPlan(BaseModel):
    """A plan that comes from a file, without its zones. Unknown keys are refused at every level."""

    model_config = _STRICT
    plan: Plan

    @field_validator("plan")
    @classmethod
    def _has_plain_names(cls, plan: Plan) -> Plan:
        _refuse_odd(name for each in plan.failed for name in each.where)
        return plan


class _ReadZone(BaseModel):
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


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON data, each zone in full, with its fingerprint."""
    data = _head(plan)
    zones = _adapter(tuple[ZoneEntry, ...]).dump_python(tuple(plan.zones), mode="json")
    keys = ["format", "totals", *Plan.__dataclass_fields__]
    data["zones"] = zones
    return {
        **{key: data[key] for key in keys if key in data},
        "fingerprint": fingerprint(plan),
    }


def live_as_json(row: LiveEntry) -> dict[str, Any]:
    """Return one row of live DNS as JSON data, as a plan has it."""
    data: dict[str, Any] = _adapter(LiveEntry).dump_python(row, mode="json")
    return data


def zone_as_text(zone: ZoneEntry) -> str:
    """Return a zone of a plan as JSON."""
    return _canonical(_dumped_zone(zone))


def zone_from_text(text: str) -> ZoneEntry:
    """Return the zone of a plan that JSON holds.

    Raises:
        ValueError: it is none.
    """
    zone = _adapter(ZoneEntry).validate_json(text)
    assert isinstance(zone, ZoneEntry)
    return zone


def fingerprint(plan: Plan) -> str:
    """Return the SHA-256 over everything in the plan."""
    found = _Fingerprint(_head(plan))
    for _ in _rows(plan, found):
        pass
    return found.text()


def dumped(plan: Plan) -> Iterator[str]:
    """Yield the file's text in pieces."""
    head = _head(plan)
    found = _Fingerprint(head)
    yield json.dumps(head, indent=1, ensure_ascii=True).removesuffix("\n}") + ',\n "zones": ['
    mark = "\n"
    for row in _rows(plan, found):
        yield mark + row
        mark = ",\n"
    yield f'\n ],\n "fingerprint": "{found.text()}"\n}}\n'


def _head(plan: Plan) -> dict[str, Any]:
    """Return everything but the zones."""
    data = _adapter(Plan).dump_python(replace(plan, zones=()), mode="json")
    del data["zones"]
    if plan.shard is None:
        del data["shard"]  # a merged plan is the one that one run makes, to the octet
    return {"format": FORMAT, "totals": _adapter(Totals).dump_python(totals(plan)), **data}


def _rows(plan: Plan, found: _Fingerprint) -> Iterator[str]:
    """Yield the zones as the file has them, and add them to the fingerprint.

    Which zone stands for others follows from the zones and their order alone, so that a plan has
    the same text in whatever parts it was made.
    """
    written: dict[bytes, First[ZoneEntry]] = {}
    texts: dict[First[ZoneEntry], str] = {}
    for name, first in zones_alike(plan.zones).rows():
        # A name without a dot could be in the keys: its place cannot be found in the text.
        plain, data = "." in name and "." in first.value.zone, None
        if not plain or first not in texts:
            data = _dumped_zone(first.value if plain else first.named(name))
        if plain and data is not None:
            texts[first] = _canonical(data)
        text = _renamed(texts[first], first.value.zone, name) if plain else _canonical(data)
        found.add_text(text)
        said = hashlib.sha256(_renamed(text, name, _NO_NAME).encode()).digest()
        if "." in name:
            there = written.get(said)
        else:
            zone = first.named(name)
            there = next((each for each in written.values() if each.named(name) == zone), None)
        if there is not None:
            value = there.value
            like = {"zone": name, "provider": value.provider, "like": value.zone}
            yield f"  {json.dumps(like)}"
            continue
        zone = first.named(name)
        if "." in name:
            written[said] = first if first.value is zone else First(zone)
        if data is None or data["zone"] != name:
            data = _dumped_zone(zone)
        yield indent(json.dumps(data, indent=1), "  ")


def _dumped_zone(zone: ZoneEntry) -> dict[str, Any]:
    data: dict[str, Any] = _adapter(ZoneEntry).dump_python(zone, mode="json")
    return data


def _renamed(text: str, was: str, now: str) -> str:
    """Return the canonical JSON of a zone with another name at each place where it has its own."""
    return text if was == now else text.replace(json.dumps(was)[1:-1], json.dumps(now)[1:-1])


def _canonical(data: object) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class _Fingerprint:
    """The SHA-256 of a plan with every zone in full, in canonical JSON; `zones` is the last key."""

    def __init__(self, head: object) -> None:
        self._hash = hashlib.sha256(_canonical(head).removesuffix("}").encode())
        self._hash.update(b',"zones":[')
        self._mark = b""
        self._texts: dict[Where, str] = {}

    def add(self, where: Where, zone: object) -> None:
        """Add a zone."""
        text = self._texts[where] = _canonical(zone)
        self.add_text(text)

    def add_like(self, name: str, first: Where) -> None:
        """Add a zone that is like one that was added."""
        self.add_text(_renamed(self._texts[first], first[0], name))

    def add_text(self, text: str) -> None:
        """Add a zone as canonical JSON."""
        self._hash.update(self._mark + text.encode())
        self._mark = b","

    def text(self) -> str:
        """Return the fingerprint."""
        ended = self._hash.copy()
        ended.update(b"]}")
        return ended.hexdigest()


def read(path: Path) -> Plan:
    """Return the plan in a file.

    Raises:
        PlanRefused: the file is not a plan, or is not whole.
        MailAuthError: the file cannot be read.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise PlanRefused(f"{path} is too big for a plan")
        with path.open(encoding="utf-8") as file:
            return _read(path, file if file.seekable() else StringIO(file.read()))
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise _of_no_version(path, error.error_count()) from None
    except (ValueError, RecursionError):
        raise PlanRefused(
            f"{path} is not a plan file: not JSON; write one with `plan --out`"
        ) from None


def _of_no_version(path: Path, problems: int) -> PlanRefused:
    return PlanRefused(
        f"{path} is not a plan file of this version ({problems} problems); plan again"
    )


def _read(path: Path, file: TextIO) -> Plan:
    """Read everything but the zones first: the fingerprint begins with it."""
    head = _read_head(path, file)
    written = head.pop("fingerprint")
    found = _Fingerprint(head)
    zones = _read_zones(path, file, found)
    if written != found.text():
        raise PlanRefused(
            f"{path} is not what plan wrote: its fingerprint is {str(written)[:12]}, "
            f"its content has {found.text()[:12]}; plan again"
        )
    del head["format"]
    head.pop("totals", None)  # for other programs; ours count what there is
    text = json.dumps({"plan": {**head, "zones": []}})
    return replace(_ReadPlan.model_validate_json(text).plan, zones=zones)


def _read_head(path: Path, file: TextIO) -> dict[str, Any]:
    stream, head = JsonStream(file), dict[str, Any]()
    if not stream.is_object():
        raise _no_fingerprint(path)
    there = False
    for key in stream.members():
        if key == "zones":
            there = True
            for _ in stream.elements():
                pass
        else:
            head[key] = stream.value()
    stream.end()
    if "fingerprint" not in head:
        raise _no_fingerprint(path)
    if head.get("format") != FORMAT:
        raise PlanRefused(
            f"{path} was made by another version (its format is {head.get('format')!r}, "
            f"this one reads {FORMAT}); plan again"
        )
    if not there:
        raise _of_no_version(path, 1)
    return head


def _no_fingerprint(path: Path) -> PlanRefused:
    return PlanRefused(
        f"{path} is not a plan file: it has no fingerprint; write one with `plan --out`"
    )


def _read_zones(path: Path, file: TextIO, found: _Fingerprint) -> Alike[ZoneEntry]:
    file.seek(0)
    stream, zones = JsonStream(file), zones_alike(())
    firsts: dict[Where, First[ZoneEntry]] = {}
    for key in stream.members():
        if key != "zones":
            stream.value()
            continue
        for data in stream.elements():
            zone = _ReadZone.model_validate_json(json.dumps({"zone": data})).zone
            if isinstance(zone, ZoneEntry):
                found.add(zone.where, data)
                firsts[zone.where] = zones.first_like(zone)
                zones.append_like(zone.zone, firsts[zone.where])
                continue
            where = (zone.like, zone.provider)
            if where not in firsts or "." not in zone.like:
                raise _of_no_version(path, 1)
            found.add_like(zone.zone, where)
            zones.append_like(zone.zone, firsts[where])
    return zones


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file."""
    definitions = _ReadPlan.model_json_schema()["$defs"]
    definitions |= _ReadZone.model_json_schema()["$defs"]
    schema = definitions.pop("Plan")
    zone = {"anyOf": [{"$ref": f"#/$defs/{each}"} for each in ("ZoneEntry", "LikeEntry")]}
    properties = {
        "format": {"const": FORMAT, "default": FORMAT, "title": "Format", "type": "integer"},
        "totals": _adapter(Totals).json_schema(),
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
