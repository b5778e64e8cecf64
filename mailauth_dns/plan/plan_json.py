"""A plan as JSON: the pieces of its file, or the data of all or a part of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from textwrap import indent
from typing import Any

from mailauth_dns.plan.plan import LiveEntry, Plan, ZoneEntry
from mailauth_dns.plan.plan_fingerprint import Fingerprint, canonical, renamed
from mailauth_dns.plan.plan_shape import FORMAT, adapter
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.plan.totals import Totals, totals
from mailauth_dns.records.renamed import First

_NO_NAME = "\0"  # canonical JSON has no such character


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON data, each zone in full, with its fingerprint."""
    data = _head(plan)
    zones = adapter(tuple[ZoneEntry, ...]).dump_python(tuple(plan.zones), mode="json")
    keys = ["format", "totals", *Plan.__dataclass_fields__]
    data["zones"] = zones
    return {
        **{key: data[key] for key in keys if key in data},
        "fingerprint": fingerprint(plan),
    }


def live_as_json(row: LiveEntry) -> dict[str, Any]:
    """Return one row of live DNS as JSON data, as a plan has it."""
    data: dict[str, Any] = adapter(LiveEntry).dump_python(row, mode="json")
    return data


def zone_as_text(zone: ZoneEntry) -> str:
    """Return a zone of a plan as JSON."""
    return canonical(_dumped_zone(zone))


def zone_from_text(text: str) -> ZoneEntry:
    """Return the zone of a plan that JSON holds.

    Raises:
        ValueError: it is none.
    """
    zone = adapter(ZoneEntry).validate_json(text)
    assert isinstance(zone, ZoneEntry)
    return zone


def fingerprint(plan: Plan) -> str:
    """Return the SHA-256 over everything in the plan."""
    found = Fingerprint(_head(plan))
    for _ in _rows(plan, found):
        pass
    return found.text()


def dumped(plan: Plan) -> Iterator[str]:
    """Yield the file's text in pieces."""
    head = _head(plan)
    found = Fingerprint(head)
    yield json.dumps(head, indent=1, ensure_ascii=True).removesuffix("\n}") + ',\n "zones": ['
    mark = "\n"
    for row in _rows(plan, found):
        yield mark + row
        mark = ",\n"
    yield f'\n ],\n "fingerprint": "{found.text()}"\n}}\n'


def _head(plan: Plan) -> dict[str, Any]:
    """Return everything but the zones."""
    data = adapter(Plan).dump_python(replace(plan, zones=()), mode="json")
    del data["zones"]
    if plan.shard is None:
        del data["shard"]  # a merged plan is the one that one run makes, to the octet
    return {"format": FORMAT, "totals": adapter(Totals).dump_python(totals(plan)), **data}


def _rows(plan: Plan, found: Fingerprint) -> Iterator[str]:
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
            texts[first] = canonical(data)
        text = renamed(texts[first], first.value.zone, name) if plain else canonical(data)
        found.add_text(text)
        said = hashlib.sha256(renamed(text, name, _NO_NAME).encode()).digest()
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
    data: dict[str, Any] = adapter(ZoneEntry).dump_python(zone, mode="json")
    return data
