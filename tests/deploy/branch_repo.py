"""A repo whose branch is planned against `main`."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.conftest import RepoFolder

POLICIES = {
    "_defaults": "providers: [local]\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n",
    "a": "domain: a.example\nproviders: [local, other]\n",
    "b": "domain: b.example\ndmarc: {p: quarantine}\n",
    "keys": "domain: keys.example\ndkim: {selectors: {s1: {key: s1.pem}}}\n",
    "parked": "domains_file: ../parked.txt\nparked: true\n",
}
ZONES = ("a.example", "b.example", "keys.example", "one.example", "two.example")
ZONE = "@ IN SOA ns1 h 1 7200 1800 1209600 300\n@ IN NS ns1\n"


def pem(number: int) -> str:
    """A public key (RFC 8410)."""
    der = bytes.fromhex("302a300506032b6570032100") + bytes([number]) * 32
    text = base64.b64encode(der).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def planned(repo: RepoFolder, *arguments: str, ref: str = "main") -> dict[str, Any]:
    ran = repo.run("plan", "--changed-since", ref, "--no-live", "--format", "json", *arguments)
    assert ran.out, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def zones(plan: dict[str, Any]) -> set[str]:
    return {zone["zone"] for zone in plan["zones"]}
