"""Values are shown whole: none is cut, and no two look the same."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.records.zone import quoted
from mailauth_dns.render.terminal_text import COLUMNS, shown, told, wrapped
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.lab.zones import HEAD

octets = st.text(st.characters(max_codepoint=255), max_size=400)


@given(octets, st.integers(8, 120))
def test_no_value_is_ever_cut(value: str, width: int) -> None:
    """Lines put together again are the value, and no two values look the same."""
    lines = wrapped(value, width)
    assert all(len(line) <= width and line.isprintable() for line in lines)
    COLUMNS.set(width)
    assert all(line.startswith("+ ") for line in told("+", value))
    whole = (
        "".join(line[:-1] if _is_broken(line) else f"{line} " for line in lines[:-1]) + lines[-1]
    )
    assert whole == shown(value)


def _is_broken(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


@given(octets, octets)
def test_two_values_never_look_the_same(one: str, other: str) -> None:
    assert (shown(one) == shown(other)) is (one == other)


LIKE = [
    ("v=spf1 -all", "v=spf1  -all"),
    ("v=spf1 -all", "v=spf1 -all "),
    ("a\\027", "a\x1b"),
    ("a", "a\x00"),
]


@pytest.mark.parametrize(("one", "other"), LIKE)
def test_values_that_look_alike_are_shown_apart(one: str, other: str) -> None:
    assert shown(one) != shown(other)


def test_an_address_that_was_slipped_into_a_long_record_is_seen_wherever_it_is_shown(
    repo: RepoFolder,
) -> None:
    before = " ".join(["v=spf1", *(f"ip4:198.51.100.{n}" for n in range(0, 40, 2)), "-all"])
    after = before.replace("ip4:198.51.100.20", "ip4:198.51.100.20 a:evil.example")
    repo.local("example.com", HEAD + f"@ IN TXT {quoted(before)}\n")
    with LoopbackServer(repo.root / "served") as server:
        terms = json.dumps(after.split()[1:-1])
        repo.policy(
            "domain: example.com\nproviders: [local]\nnameservers: "
            f"['127.0.0.1:{server.port}']\nspf: {{terms: {terms}, all: fail}}\n"
        )
        for command in (["plan"], ["diff"], ["verify"], ["apply", "--wait", "0s"]):
            said = repo.run(*command).out
            assert "terms added: a:evil.example" in said, command
            joined = re.sub(r"\n *[-+|] +|\n *(policy|live|provider) +", " ", said)
            assert after in joined, command
            assert " ... " not in said
        assert repo.run("plan", "--out", "plan.json").code == 0
        moved = f"@ IN TXT {quoted(before.replace('198.51.100.38', '198.51.100.39'))}\n"
        repo.write("served/example.com.zone", HEAD + moved)
        refused = repo.run("apply", "plan.json")
        assert refused.code == 1
        assert 'before: - "ip4:198.51.100.38"\n    before: + "ip4:198.51.100.39"' in refused.err
