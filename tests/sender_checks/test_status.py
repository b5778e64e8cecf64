"""`senders status` and `senders retire`: a sender is declared, published, retired, taken away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import RepoFolder

POLICY = """domain: example.com
senders:
  box: {p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}
  news: {sender: letters}   # the newsletter
dkim: {selectors: {box: {p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, k: ed25519}}}
dmarc: {p: none, psd: n}
"""
FOREIGN = 'www 60 IN A 192.0.2.80\n@ 60 IN TXT "token=1"\nold._domainkey 60 IN TXT "v=DKIM1; p="\n'


def status(repo: RepoFolder, *more: str) -> tuple[int, dict[str, Any]]:
    ran = repo.run("senders", "status", "--format", "json", *more)
    found = json.loads(ran.out)
    return ran.code, {each["key"]: each for each in found["senders"]}


def publish(repo: RepoFolder, *more: str) -> None:
    assert repo.run("plan", "--out", "p.json").code == 0
    done = repo.run("apply", "p.json", *more)
    assert done.code == 0, done.said


def test_a_sender_is_declared_published_retired_and_taken_away(served: RepoFolder) -> None:
    served.policy(POLICY, "example.com")
    zone = served.root / "served/example.com.zone"
    zone.write_text(zone.read_text() + FOREIGN)
    code, found = status(served)
    assert code == 2
    assert {each["name"] for each in found["news"]["off"]} == {
        "k2._domainkey.example.com",
        "k3._domainkey.example.com",
    }
    assert [each["name"] for each in found["box"]["off"]] == [
        "box._domainkey.example.com",
        "example.com",
    ]
    assert "`plan example.com` (local)" in found["box"]["next"][0]

    publish(served)
    code, found = status(served)
    assert (code, found["box"]["off"], found["box"]["next"]) == (0, [], [])
    assert {test["name"]: test["result"] for test in found["box"]["tests"]} == {
        "sender box by SPF": "passed",
        "sender box by DKIM": "passed",
    }
    assert [test["result"] for test in found["news"]["tests"]] == ["passed"]

    ran = served.run("senders", "retire", "example.com", "letters", "--on", "2020-01-01")
    assert ran.code == 0
    assert "The grace is over since 2020-01-31" in ran.out
    assert (
        "news: {sender: letters, retired: 2020-01-01}   # the newsletter"
        in (served.root / "zones/policy/example.com.yaml").read_text()
    )
    code, found = status(served)
    assert (code, found["news"]["state"], found["news"]["is_over"]) == (2, "gone", False)
    assert "takes away what is left of it" in found["news"]["next"][0]

    publish(served)
    code, found = status(served)
    assert (code, found["news"]["is_over"]) == (0, True)
    assert found["news"]["next"] == [
        "nothing of it is left: take senders.news out of zones/policy/example.com.yaml"
    ]
    assert found["box"]["off"] == []
    text = zone.read_text()
    assert all(line in text for line in FOREIGN.splitlines())
    assert "letters" not in text


def test_dns_that_does_not_answer_is_unknown(served: RepoFolder) -> None:
    served.policy(POLICY + 'nameservers: ["127.0.0.1:1"]\n', "example.com")
    code, found = status(served)
    assert code == 1
    assert {each["state"] for each in found["news"]["off"]} == {"unknown"}
    assert {test["result"] for test in found["news"]["tests"]} == {"unknown"}
    assert found["news"]["next"] == []


def test_without_dns_the_files_alone_count(served: RepoFolder) -> None:
    served.policy(
        "domain: example.com\nsenders:\n  box: {}\n  letters: {retired: 2999-01-01}\n"
        "  handed: {}\n",
        "example.com",
    )
    code, found = status(served, "--no-live")
    assert code == 0
    assert (found["box"]["tests"], found["box"]["dkim"]) == (None, "no")
    assert found["box"]["missing"] == [{"key": "p", "find": "In the console."}]
    assert (found["letters"]["state"], found["letters"]["gone_from"]) == ("retired", "2999-01-31")
    assert found["handed"]["delegation"]["live"] is None


@pytest.mark.parametrize(
    ("records", "code", "live"),
    [
        ("", 2, []),
        ("send IN NS ns1.handed.example.\n", 0, ["ns1.handed.example"]),
        ("send IN NS ns1.other.example.\n", 2, ["ns1.other.example"]),
    ],
)
def test_a_delegation_is_compared_with_the_catalogue(
    served: RepoFolder, records: str, code: int, live: list[str]
) -> None:
    zone = served.root / "served/example.com.zone"
    zone.write_text(zone.read_text() + records)
    served.policy("domain: example.com\nsenders: {handed: {}}\n", "example.com")
    ended, found = status(served)
    assert (ended, found["handed"]["delegation"]["live"]) == (code, live)
    assert bool(found["handed"]["next"]) is bool(code)
    said = served.run("senders", "status").out
    assert ("right" if not code else "wrong") in said


def test_a_policy_without_senders_has_nothing_to_show(served: RepoFolder) -> None:
    served.policy("domain: example.com\nspf: {all: fail}\n", "example.com")
    ran = served.run("senders", "status")
    assert (ran.code, ran.out) == (0, "Senders: 0, 0 active, 0 retired, 0 gone\n")


REFUSED = [
    ("nobody", POLICY, "has no sender 'nobody'; its senders: box, news"),
    (
        "box",
        POLICY.replace("  box: {p", "  box: {retired: 2026-01-01, p", 1),
        "retired since 2026-01-01 already; its records go from 2026-01-31 on",
    ),
    ("box", POLICY.replace("domain: example.com", "domains: [example.com, example.net]"), "2 dom"),
    (
        "letters",
        "domain: example.com\nsenders: {a: {sender: letters}, b: {sender: letters}}\n",
        "say a or b",
    ),
]


@pytest.mark.parametrize(("name", "policy", "said"), REFUSED)
def test_retire_refuses(served: RepoFolder, name: str, policy: str, said: str) -> None:
    path = served.policy(policy, "example.com")
    ran = served.run("senders", "retire", "example.com", name)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert path.read_text() == policy


def test_retire_names_the_tests_that_fail_later(served: RepoFolder) -> None:
    served.policy(
        POLICY + "tests: [{name: news, from: a@example.com, ip: 192.0.2.1, dkim: [k2], "
        "expect: {dkim: pass}}]\n",
        "example.com",
    )
    ran = served.run("senders", "retire", "example.com", "news", "--on", "2999-01-01")
    assert 'take them out: "news"' in ran.out
    assert "stay until 2999-01-31" in ran.out


def test_an_inherited_sender_is_retired_for_one_domain(served: RepoFolder) -> None:
    defaults = served.root / "zones/policy/_defaults.yaml"
    defaults.write_text(defaults.read_text() + "senders: {letters: {}}\n")
    path = served.policy("domain: example.com\nspf: {all: fail}\n", "example.com")
    ran = served.run("senders", "retire", "example.com", "letters", "--on", "2999-01-01")
    assert ran.code == 0, ran.said
    assert path.read_text().endswith("senders:\n  letters: {retired: 2999-01-01}\n")
    _, found = status(served, "--no-live")
    assert found["letters"]["state"] == "retired"
