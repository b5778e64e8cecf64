"""A drafted policy as the YAML that people go on with: what it says, and as comments what it does not say and what lint would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from mailauth_dns.errors import octets
from mailauth_dns.lint.finding import Finding
from mailauth_dns.policy import document

HEAD = "# yaml-language-server: $schema=../policy.schema.json\n"
_MAIL = (
    "ttl",
    "spf",
    "dkim",
    "dmarc",
    "mta_sts",
    "tls_rpt",
    "bimi",
    "parked",
)  # what a draft shall say alone, inherited or not
_LONGEST = 10_000  # characters of a line; keys stay on one


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent lists below their key."""
        super().increase_indent(flow, False)


def document_of(body: Mapping[str, Any]) -> str:
    """Return a policy's YAML text."""
    return HEAD + yaml.dump(dict(body), Dumper=_Dumper, sort_keys=False, width=_LONGEST)


def inherited(defaults: document.Mapping | None, key: str) -> tuple[str, ...]:
    """Return the list that every policy inherits under `key`."""
    node = defaults.items.get(key) if defaults is not None else None
    items = node.items if isinstance(node, document.Sequence) else ()
    return tuple(item.text for item in items if isinstance(item, document.Scalar) and item.text)


def alone(body: Mapping[str, Any], defaults: document.Mapping | None) -> dict[str, Any]:
    """Return a policy so that it inherits nothing about mail: what the defaults say and it does not is taken out by null.

    A parked policy inherits no mail section but the report addresses of `dmarc`, and may name no other.
    """
    found = dict(body)
    for key, node in (defaults.items if defaults is not None else {}).items():
        if key not in _MAIL:
            continue
        if not found.get("parked"):
            found[key] = _cancelled(found[key], node) if key in found else None
        elif key == "ttl":
            found[key] = None
        elif key == "dmarc" and isinstance(node, document.Mapping):
            reports = {tag: None for tag in ("rua", "ruf") if tag in node.items}
            if reports:
                found[key] = {**reports, **found.get(key, {})}
    return found


def _cancelled(said: Any, default: document.Node) -> Any:  # noqa: ANN401 - a part of a policy
    if not isinstance(said, dict) or not isinstance(default, document.Mapping):
        return said
    found = {
        key: _cancelled(part, default.items[key]) if key in default.items else part
        for key, part in said.items()
    }
    return found | {key: None for key in default.items if key not in said}


def annotated(text: str, head: Iterable[str], findings: Iterable[Finding]) -> str:
    """Return a policy's text with comments: `head` above it, and each finding in front of the line that it is about."""
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
