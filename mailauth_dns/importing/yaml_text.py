"""A drafted policy as YAML: what it says, and in comments what it does not say and lint finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from mailauth_dns.errors import octets
from mailauth_dns.lint.finding import Finding
from mailauth_dns.records.family import SECTIONS
from mailauth_dns.typed_yaml import yaml_tree

HEAD = "# yaml-language-server: $schema=../policy.schema.json\n"
_MAIL = ("ttl", *SECTIONS, "parked")  # keys that a draft does not share with the defaults
_LONGEST = 10_000  # characters of a line; keys stay on one


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent lists below their key."""
        super().increase_indent(flow, False)


def document_of(body: Mapping[str, Any]) -> str:
    """Return a policy's YAML text."""
    return HEAD + yaml.dump(dict(body), Dumper=_Dumper, sort_keys=False, width=_LONGEST)


def inherited(defaults: yaml_tree.Mapping | None, key: str) -> tuple[str, ...]:
    """Return the list that every policy inherits under `key`."""
    node = defaults.items.get(key) if defaults is not None else None
    items = node.items if isinstance(node, yaml_tree.Sequence) else ()
    return tuple(item.text for item in items if isinstance(item, yaml_tree.Scalar) and item.text)


def alone(body: Mapping[str, Any], defaults: yaml_tree.Mapping | None) -> dict[str, Any]:
    """Return a policy that inherits nothing about mail: null takes out what only the defaults say.

    A parked policy inherits only the report addresses of `dmarc`, and may name nothing else.
    """
    found = dict(body)
    for key, node in (defaults.items if defaults is not None else {}).items():
        if key not in _MAIL:
            continue
        if not found.get("parked"):
            found[key] = _cancelled(found[key], node) if key in found else None
        elif key == "ttl":
            found[key] = None
        elif key == "dmarc" and isinstance(node, yaml_tree.Mapping):
            reports = {tag: None for tag in ("rua", "ruf") if tag in node.items}
            if reports:
                found[key] = {**reports, **found.get(key, {})}
    return found


def _cancelled(said: Any, default: yaml_tree.Node) -> Any:  # noqa: ANN401 - a part of a policy
    if not isinstance(said, dict) or not isinstance(default, yaml_tree.Mapping):
        return said
    found = {
        key: _cancelled(part, default.items[key]) if key in default.items else part
        for key, part in said.items()
    }
    return found | {key: None for key in default.items if key not in said}


def annotated(text: str, head: Iterable[str], findings: Iterable[Finding]) -> str:
    """Return a policy's text with `head` on top, and each finding before the line it is about."""
    above: dict[int, list[str]] = {}
    for finding in findings:
        said = f"{finding.rule.severity} {finding.rule.id}: {finding.message}; {finding.fix}"
        above.setdefault(finding.place.line, []).append(said)
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        indent = line[: len(line) - len(line.lstrip(" "))]
        lines += [f"{indent}# lint {octets(said)}\n" for said in above.get(number, ())]
        lines.append(f"{line}\n")
    opening, *rest = lines
    return "".join([opening, *(f"# {octets(said)}\n" for said in head), *rest])
