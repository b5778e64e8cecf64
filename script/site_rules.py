"""Pages of the site for the rules of lint: one each, made of its docstring, and an index."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from itertools import groupby

import yaml

from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.lint.rule import Needs, Rule

FOLDER = "reference/rules"

_TOPICS = {
    "SPF": "SPF: who may send",
    "DKIM": "DKIM: keys and signatures",
    "DMARC": "DMARC: what receivers do with the rest",
    "SND": "Senders: who sends for you",
    "STS": "MTA-STS: TLS on the way to you",
    "TLSRPT": "TLS-RPT: reports about TLS",
    "BIMI": "BIMI: logos",
    "MX": "MX: where mail goes",
    "HOST": "The host that sends",
    "TLSA": "TLSA: DANE",
    "DNS": "DNS: names, sets and servers",
    "TEST": "Tests of a policy",
    "live-unknown": "Live DNS",
    "ALLOW": "Permissions",
    "WAIVER": "Waivers",
}
_JUDGED = {
    Needs.POLICY: "`mailauth-dns lint` reports it, from the policy alone.",
    Needs.DNS: "`mailauth-dns lint --live` reports it: it needs answers from DNS.",
    Needs.SERVERS: "`mailauth-dns lint --live` reports it: it asks each of the zone's servers.",
    Needs.WEB: "`mailauth-dns lint --live` reports it: it fetches pages over HTTPS.",
    Needs.PLAN: "`plan` reports it, because it is about what changes, or about the policy's own "
    "waivers and tests.",
}
_RFC = re.compile(r"RFC (\d+)(?: §([\d.]+))?")
_EXAMPLE = re.compile(r"^(Bad|Good):$")


def pages() -> dict[str, str]:
    """Return the pages by their path below docs/."""
    made = {f"{FOLDER}/{rule.id}.md": _page(rule) for rule in ALL_RULES}
    return {f"{FOLDER}/index.md": _index(), **made}


def linked_rfc(text: str) -> str:
    """Return text in which RFCs and their sections are links."""

    def link(found: re.Match[str]) -> str:
        section = f"#section-{found[2].rstrip('.')}" if found[2] else ""
        return f"[{found[0]}](https://www.rfc-editor.org/rfc/rfc{found[1]}{section})"

    return _RFC.sub(link, text)


def prose(text: str) -> str:
    """Return a docstring's prose as Markdown that shows the same characters."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([<>*_\[\]])", r"\\\1", part) for part in parts
    )


def _index() -> str:
    lines = [
        "# Rules",
        "",
        f"mailauth-dns knows {len(ALL_RULES)} rules. An id keeps its meaning for ever. "
        "An *error* is a record that receivers break or ignore, a *warning* a risk to mail, *info* "
        "is advice. A few numbers are [left out](../rules-left-out.md), with the reason.",
        "",
    ]
    ordered = sorted(ALL_RULES, key=lambda rule: (list(_TOPICS).index(_prefix(rule)), rule.id))
    for prefix, rules in groupby(ordered, key=_prefix):
        lines += [f"## {_TOPICS[prefix]}", "", "| rule | severity | says |", "|---|---|---|"]
        lines += [
            f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {_summary(rule)} |" for rule in rules
        ]
        lines.append("")
    return "\n".join(lines)


def _page(rule: Rule) -> str:
    lines = [
        f"# {rule.id} {rule.slug}",
        "",
        f"**{str(rule.severity).capitalize()}**, from {linked_rfc(rule.source)}. "
        f"{_JUDGED[rule.needs]}",
        "",
        *_body(rule.page.splitlines()),
        "",
        "[All rules](index.md)",
    ]
    return "\n".join(lines) + "\n"


def _body(lines: list[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        if heading := _EXAMPLE.match(lines[at]):
            end = at + 1
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            example = textwrap.dedent("\n".join(lines[at + 1 : end])).strip("\n")
            yield from ("", f"## {heading[1]}", "", f"```{_language(example)}", example, "```")
            at = end
        else:
            yield prose(lines[at])
            at += 1


def _language(example: str) -> str:
    try:
        return "yaml" if isinstance(yaml.safe_load(example), dict) else "text"
    except yaml.YAMLError:
        return "text"


def _summary(rule: Rule) -> str:
    first = rule.page.split("\n\n")[0].replace("\n", " ")
    return prose(first).replace("|", "\\|")


def _prefix(rule: Rule) -> str:
    return rule.id.rstrip("0123456789")
