"""The plan as a file: what was reviewed, read back, if its fingerprint proves that it is whole.

The fingerprint does not say who wrote the file, so nothing obeys the file: apply plans again and
carries out its own plan, which the file can only narrow.
"""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError

from mailauth_dns.errors import MailAuthError, PlanRefused
from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.json_stream import JsonStream
from mailauth_dns.plan.plan import Plan, Where, ZoneEntry
from mailauth_dns.plan.plan_fingerprint import Fingerprint
from mailauth_dns.plan.plan_shape import FORMAT, ReadPlan, ReadZone
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.records.renamed import First

MAX_FILE = 500_000_000  # octets


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
    found = Fingerprint(head)
    zones = _read_zones(path, file, found)
    if written != found.text():
        raise PlanRefused(
            f"{path} is not what plan wrote: its fingerprint is {str(written)[:12]}, "
            f"its content has {found.text()[:12]}; plan again"
        )
    del head["format"]
    head.pop("totals", None)  # for other programs; ours count what there is
    text = json.dumps({"plan": {**head, "zones": []}})
    return replace(ReadPlan.model_validate_json(text).plan, zones=zones)


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


def _read_zones(path: Path, file: TextIO, found: Fingerprint) -> Alike[ZoneEntry]:
    file.seek(0)
    stream, zones = JsonStream(file), zones_alike(())
    firsts: dict[Where, First[ZoneEntry]] = {}
    for key in stream.members():
        if key != "zones":
            stream.value()
            continue
        for data in stream.elements():
            zone = ReadZone.model_validate_json(json.dumps({"zone": data})).zone
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
