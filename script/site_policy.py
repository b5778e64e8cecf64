"""The page of the site with every field of a policy, made of the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from site_rules import linked_rfc, prose

from mailauth_dns.policy.model import json_schema

PATH = "reference/policy-fields.md"

# Sections in the order of a policy file, with the key under which each stands.
_PLACES = {
    "SenderSection": "senders.NAME",
    "SpfSection": "spf",
    "DkimSection": "dkim",
    "SelectorSection": "dkim.selectors.NAME",
    "RotationSection": "dkim.rotation",
    "DmarcSection": "dmarc",
    "DmarcGate": "dmarc.gate",
    "MtaStsSection": "mta_sts",
    "MtaStsGate": "mta_sts.gate",
    "TlsRptSection": "tls_rpt",
    "BimiSection": "bimi.NAME",
    "MailTest": "tests",
    "ExpectSection": "tests.expect",
    "WaiverSection": "waivers",
    "PermissionSection": "allow",
}


def pages() -> dict[str, str]:
    """Return the page by its path below docs/."""
    schema = json_schema()
    lines = [
        "# Every field of a policy",
        "",
        "`mailauth-dns schema` prints the same as a JSON Schema, and editors show it while you "
        "type. [A policy file](policy.md) has examples. A key that is not here is an error.",
        "",
        "## The file",
        "",
        *_table(schema, schema.get("required", [])),
    ]
    unplaced = set(schema["$defs"]) - set(_PLACES)
    if unplaced:
        raise ValueError(f"script/site_policy.py has no place for {', '.join(sorted(unplaced))}")
    for name, place in _PLACES.items():
        section = schema["$defs"][name]
        lines += ["", f"## {place}", "", linked_rfc(prose(section["description"]))]
        lines += ["", *_table(section, section.get("required", []))]
    return {PATH: "\n".join(lines) + "\n"}


def _table(section: dict[str, Any], required: list[str]) -> Iterator[str]:
    yield "| key | takes | says |"
    yield "|---|---|---|"
    for key, field in section["properties"].items():
        must = " **(must be there)**" if key in required else ""
        says = linked_rfc(prose(field["description"])).replace("|", "\\|")
        yield f"| `{key}`{must} | {_taken(field)} | {says} |"


def _taken(field: dict[str, Any]) -> str:
    """Return in words what may stand at a key."""
    if "$ref" in field:
        return _linked(field["$ref"])
    if "anyOf" in field:
        arms = [each for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(map(_taken, arms)))
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = field.get("type")
    if kind == "array":
        return f"a list of {_taken(field['items'])}"
    if kind == "object":
        return f"a mapping of names to {_taken(field.get('additionalProperties') or {})}"
    if kind == "integer":
        return f"{field['minimum']} to {field['maximum']}"
    if kind == "boolean":
        return "`true`, `false`"
    return "a time such as `7d`" if "smhd" in field.get("pattern", "") else "text"


def _linked(reference: str) -> str:
    place = _PLACES[reference.rpartition("/")[2]]
    return f"[`{place}`](#{place.replace('.', '').lower()})"
