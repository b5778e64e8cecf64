"""plan, apply, lint --live, simulate and test agree on what receivers apply of DMARC records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailauth_dns.plan.evidence_entry import WITHOUT_EVIDENCE
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder

TABLE = yaml.safe_load((Path(__file__).parents[1] / "records/dmarc_received.yaml").read_text())
TEXTS = [row["text"] for row in TABLE]
APPLIED = [row["applied"] for row in TABLE]
TO_REJECT = {"reject": None, "quarantine": None, "none": "DMARC033", "no record": "DMARC033"}
TO_NONE = {"reject": "DMARC034", "quarantine": "DMARC034", "none": None, "no record": None}
HEAD = (
    "$TTL 3600\n"
    "@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)


def domain(number: int) -> str:
    return f"r{number}.example"


@contextmanager
def published(repo: RepoFolder, texts: list[str], p: str) -> Iterator[None]:
    """Publish these records, each at a domain that receives mail; every policy says `p`.

    The zone is the top-level domain, so that it holds whatever a walk can find.
    """
    zone = "".join(
        f'r{at} IN MX 10 mx\n_dmarc.r{at} IN TXT "{text}"\n' for at, text in enumerate(texts)
    )
    repo.local("example", HEAD + zone)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        base = f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n'
        repo.write(
            "zones/policy/_defaults.yaml",
            base + f'dmarc: {{p: {p}, rua: ["mailto:d@example.com"]}}\n',
        )
        for at in range(len(texts)):
            spoof = f"{{name: a spoof, from: a@{domain(at)}, ip: 203.0.113.66, expect: {{dmarc: fail, disposition: {p}}}}}"
            repo.policy(f"domain: {domain(at)}\nzone: example\ntests: [{spoof}]\n", f"r{at}")
        yield


def by_verdict(verdict: dict[str, Any]) -> str:
    """Return the policy that a verdict on a message that fails says is applied."""
    return "no record" if verdict["dmarc"] == "none" else str(verdict["disposition"])


def applied_by_test(repo: RepoFolder) -> list[str]:
    data = json.loads(repo.run("test", "--format", "json").out)["tests"]
    found = {test["domain"]: by_verdict(test["before"]) for test in data}
    return [found[domain(at)] for at in range(len(found))]


def planned(repo: RepoFolder) -> list[dict[str, Any]]:
    ran = repo.run("plan", "--out", "plan.json")
    assert ran.code == 0, ran.said
    [zone] = json.loads((repo.root / "plan.json").read_text())["zones"]
    changes = {
        change["domain"]: change for change in zone["changes"] if change["family"] == "dmarc"
    }
    return [
        changes.get(domain(at), {"risk": "safe", "rules": []})
        for at in range(len(list(repo.root.glob("zones/policy/r*.yaml"))))
    ]


@pytest.mark.parametrize(("p", "rules"), [("reject", TO_REJECT), ("none", TO_NONE)])
def test_plan_and_apply_judge_by_what_is_applied(
    repo: RepoFolder, no_resolvers: None, p: str, rules: dict[str, str | None]
) -> None:
    with published(repo, TEXTS, p):
        expected = [rules[applied] for applied in APPLIED]
        changes = planned(repo)
        assert [
            next((rule for rule in change["rules"] if rule in ("DMARC033", "DMARC034")), None)
            for change in changes
        ] == expected
        risks = {"DMARC033": {"breaking"}, "DMARC034": {"caution"}, None: {"safe", "caution"}}
        # Names below the domain get more where its record asks for less of them.
        stricter = [
            p == "reject" and (applied != "reject" or "sp=none" in text.lower())
            for applied, text in zip(APPLIED, TEXTS, strict=True)
        ]
        assert [WITHOUT_EVIDENCE in change["rules"] for change in changes] == stricter
        assert all(
            change["risk"] in ({"breaking"} if tightens else risks[rule])
            for change, rule, tightens in zip(changes, expected, stricter, strict=True)
        )
        refused = [domain(at) for at, rule in enumerate(expected) if rule == "DMARC033"]
        for name in refused:  # each by itself, so that none hides behind another
            ran = repo.run("plan", name, "--out", "one.json")
            assert ran.code == 0, ran.said
            ran = repo.run("apply", "one.json")
            assert (ran.code, f"--allow DMARC033:{name}" in ran.out) == (1, True), ran.said
        rules_of_steps = ("DMARC033", WITHOUT_EVIDENCE) if refused else ()
        allowed = [word for rule in rules_of_steps for word in ("--allow", rule)]
        ran = repo.run("apply", "plan.json", *allowed)
        assert ran.code == 0, ran.said
        assert applied_by_test(repo) == [p] * len(TEXTS)


def test_simulate_and_test_judge_by_what_is_applied(repo: RepoFolder, no_resolvers: None) -> None:
    with published(repo, TEXTS, "quarantine"):
        assert applied_by_test(repo) == APPLIED
        for at, applied in enumerate(APPLIED):
            ran = repo.run(
                "simulate", "--from", f"a@{domain(at)}", "--ip", "203.0.113.66", "--format", "json"
            )
            assert by_verdict(json.loads(ran.out)["before"]) == applied, ran.said


def test_lint_says_what_is_applied(repo: RepoFolder, no_resolvers: None) -> None:
    with published(repo, TEXTS, "quarantine"):
        ran = repo.run(
            "lint",
            "--live",
            "--select",
            "DMARC001,DMARC002,DMARC003,DMARC006,DMARC007,DMARC016",
            "--format",
            "json",
        )
        said: dict[str, list[str]] = {}
        for finding in json.loads(ran.out)["findings"]:
            said.setdefault(finding["domain"], []).append(finding["message"])
    for at, row in enumerate(TABLE):
        messages = said.get(domain(at), [])
        assert bool(messages) is ("lint" in row), (row, messages)
        assert row.get("lint", "") in " ".join(messages), (row, messages)
