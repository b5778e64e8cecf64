"""The blocks for `dnsconfig.js`, as JavaScript evaluates them."""

from __future__ import annotations

import json
import shutil
import subprocess

from tests.compile.test_article import DKIM
from tests.conftest import RepoFolder, need

# What DNSControl's functions take, each noted with its arguments.
FUNCTIONS = """
const said = [];
const TTL = seconds => ({ttl: seconds});
const record = type => (...given) => ({type, given});
const [TXT, CNAME, MX] = ["TXT", "CNAME", "MX"].map(record);
const D_EXTEND = (zone, ...records) => { said.push({zone, records}); };
"""


def evaluated(text: str) -> list[dict[str, object]]:
    node = shutil.which("node")
    need(None if node else "node is not installed (script/servers gets it)")
    assert node is not None
    program = f'"use strict";{FUNCTIONS}{text}\nconsole.log(JSON.stringify(said));'
    ran = subprocess.run(
        [node, "-"], input=program, capture_output=True, text=True, timeout=60, check=True
    )
    said: list[dict[str, object]] = json.loads(ran.stdout)
    return said


def test_node_makes_of_it_what_is_declared(article: RepoFolder) -> None:
    article.policy(
        "domain: example.com\n"
        'spf: {terms: ["exists:%{i}._spf.example.net"], all: fail}\n'
        "dkim:\n"
        "  selectors: {default: {key: default.pem, seen: 2026-01-01}, s1: {cname: s1.example.net}}\n"
        "dmarc: {p: none, ttl: 600}\n"
    )
    article.policy("domain: example.org\nparked: true\n", "org")
    ran = article.run("export", "example.com", "example.org", "--format", "dnscontrol")
    assert ran.code == 0

    def record(type: str, *given: object, ttl: int = 3600) -> dict[str, object]:
        return {"type": type, "given": [*given, {"ttl": ttl}]}

    assert evaluated(ran.out) == [
        {
            "zone": "example.com",
            "records": [
                record("TXT", "_dmarc", "v=DMARC1; p=none", ttl=600),
                record("TXT", "default._domainkey", DKIM),
                record("TXT", "@", "v=spf1 exists:%{i}._spf.example.net -all"),
                record("CNAME", "s1._domainkey", "s1.example.net."),
            ],
        },
        {
            "zone": "example.org",
            "records": [
                record("TXT", "*._domainkey", "v=DKIM1; p="),
                record("TXT", "_dmarc", "v=DMARC1; p=reject; sp=reject; np=reject"),
                record("MX", "@", 0, "."),
                record("TXT", "@", "v=spf1 -all"),
            ],
        },
    ]
