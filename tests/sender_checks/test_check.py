"""`senders check`: what DNS says of the catalogue; what is unknown is never a difference."""

from __future__ import annotations

import json

import pytest

from tests.conftest import RepoFolder

WRONG = """
known_wrong:
  - {include: spf.letters.example, instead: leave it out, source: help}
  - {include: _spf.box.example, instead: leave it out, source: help}
"""
# Senders, the exit code, and what is found: name and result.
FOUND = [
    ("box", 0, {"_spf.box.example": "true"}),
    ("cloud", 0, {"_spf.cloud.example": "true"}),  # its aliases and exchanger are an account's
    (
        "letters",
        2,
        {
            "servers.letters.example": "differs",
            "dkim2.letters.example": "true",
            "dkim3.letters.example": "true",
        },
    ),
    ("handed", 2, {"ns1.handed.example": "true", "ns2.handed.example": "differs"}),
    ("bulk", 0, {}),
    ("only", 0, {}),
    ("wrong", 0, {"spf.letters.example": "true", "_spf.box.example": "note"}),
]


@pytest.mark.parametrize(("sender", "code", "expected"), FOUND)
def test_names_that_are_the_same_for_everybody_are_asked(
    served: RepoFolder, sender: str, code: int, expected: dict[str, str]
) -> None:
    entry = (served.root / "zones/senders/only.yaml").read_text()
    served.write("zones/senders/wrong.yaml", entry + WRONG)
    ran = served.run("senders", "check", sender, "--format", "json")
    [found] = json.loads(ran.out)["senders"]
    assert {each["name"]: each["result"] for each in found["findings"]} == expected
    assert ran.code == code


def test_two_records_are_a_permerror(served: RepoFolder) -> None:
    zone = served.root / "served/example.zone"
    zone.write_text(zone.read_text() + '_spf.box IN TXT "v=spf1 -all"\n')
    ran = served.run("senders", "--check", "box")
    assert ran.code == 2
    assert "include _spf.box.example: different: publishes 2 SPF records" in ran.out


def test_a_resolver_that_does_not_answer_makes_all_unknown(
    repo: RepoFolder, no_resolvers: None
) -> None:
    ran = repo.run("senders", "check", "mailchimp")
    assert (ran.code, "different:" in ran.out) == (1, False)
    assert ran.out.count("unknown: this machine has no recursive resolver") == 3
    whole = repo.run("senders", "check")
    assert whole.code == 1
    assert len(whole.out.splitlines()) == 2  # one reason, and the sum


def test_a_resolver_that_knows_its_own_names_alone_makes_all_unknown(served: RepoFolder) -> None:
    """It denies every name of the Internet, as those of closed networks do."""
    served.write(
        "served/com.zone",
        "$TTL 60\n@ IN SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 60\n",
    )
    ran = served.run("senders", "check", "ses")
    assert ran.code == 1
    assert "knows no com at all" in ran.out
