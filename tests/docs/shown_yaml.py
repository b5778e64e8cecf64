"""YAML that a page shows: a policy, a part of one, or a provider stanza, each as a repo loads it."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import yaml

from mailauth_dns.errors import PolicyError
from mailauth_dns.policy import provider_stanza
from mailauth_dns.policy.load import load_repo
from mailauth_dns.typed_yaml import yaml_reader
from tests.docs.page import ROOT, Block, PageError

_SAMPLE_KEY = ROOT / "zones/keys/example.com/mx2026.pem"
_STANZA = "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"


def problems(block: Block, folder: Path) -> list[str]:
    """Return what is wrong with a block of YAML; `folder` is empty and may be filled."""
    marks = dict(block.marks)
    title = block.title or ""
    if title.startswith("providers/") or "stanza" in marks:
        return _stanza_problems(block.text)
    if title.startswith("zones/policy/"):
        text = block.text
        return _policy_problems(_whole(text) if title.endswith("_defaults.yaml") else text, folder)
    if title or block.text.lstrip().startswith("name:"):
        return _yaml_problems(block.text)
    if "fragment" in marks:
        return _policy_problems(_whole(_nested(block.text, marks["fragment"])), folder)
    if "stanza" not in marks and not re.search(r"^domain", block.text, re.MULTILINE):
        raise PageError(
            "this YAML is no whole policy: write `<!-- test: fragment -->` or "
            "`<!-- test: stanza -->` before it, or give it a title"
        )
    return _policy_problems(block.text, folder)


def _whole(text: str) -> str:
    return text if re.search(r"^domain", text, re.MULTILINE) else f"domain: example.com\n{text}"


def _nested(text: str, route: str) -> str:
    for key in reversed(route.split(".")) if route else ():
        text = f"{key}:\n{textwrap.indent(text, '  ')}"
    return text


def _stanza_problems(text: str) -> list[str]:
    try:
        provider_stanza.read("page", "page", text.encode())
    except yaml_reader.DocumentError as error:
        return [str(problem) for problem in error.problems]
    return []


def _yaml_problems(text: str) -> list[str]:
    try:
        yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [str(error)]
    return []


def _policy_problems(text: str, folder: Path) -> list[str]:
    """Load the policy in a repo that has the files it names."""
    (folder / "zones/policy").mkdir(parents=True)
    (folder / "zones/policy/page.yaml").write_text(text)
    (folder / "zones/policy/parked.txt").write_text("parked.example\n")
    (folder / "providers").mkdir()
    said = yaml.safe_load(text)
    for provider in said.get("providers") or ():
        (folder / f"providers/{provider}.yaml").write_text(_STANZA)
    for selector in ((said.get("dkim") or {}).get("selectors") or {}).values():
        if isinstance(selector, dict) and "key" in selector:
            key = folder / f"zones/keys/{said['domain']}" / str(selector["key"])
            key.parent.mkdir(parents=True, exist_ok=True)
            key.write_bytes(_SAMPLE_KEY.read_bytes())
    try:
        load_repo(folder)
    except PolicyError as error:
        return [str(problem) for problem in error.problems]
    return []
