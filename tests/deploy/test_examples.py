"""The examples of this checkout: their tests pass, and a change that breaks one is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def examples(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    for folder in ("zones", "providers", "served"):
        shutil.copytree(CHECKOUT / folder, repo.root / folder, dirs_exist_ok=True)
    with LoopbackServer(repo.root / "served") as server:
        edit(repo, "_defaults", "127.0.0.1:5453", f"127.0.0.1:{server.port}")
        yield repo


def edit(repo: RepoFolder, name: str, old: str, new: str) -> None:
    path = repo.root / f"zones/policy/{name}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_every_test_passes_before_and_after_the_apply(examples: RepoFolder) -> None:
    before = examples.run("test")
    assert before.code == 0, before.out
    assert before.out.endswith("Test: 9 tests, 9 passed\n")
    assert examples.run("plan", "--out", "plan.json").code == 0
    assert examples.run("apply", "plan.json").code == 0
    after = examples.run("test")
    assert after.code == 0
    assert (
        after.out.replace("as it is        ", "as it would be  ").count(
            "SPF pass, DKIM pass, DMARC pass"
        )
        == 8
    )


BREAKING = [
    ("example.com", '["ip4:192.0.2.10", ', '["ip4:192.0.2.11", ', "our server"),
    ("example.com", "p: quarantine", "p: none", "a spoof"),
    (
        "example.com",
        "mx2026: {key: mx2026.pem}",
        "mx2026: {state: revoked}",
        "forwarded by somebody else's server",
    ),
    ("example.net", "s2.domainkey.u1", "s2.domainkey.u9", "the service's other key"),
    ("news.shop.example", "n1.domainkey.u2", "n1.domainkey.u9", "the newsletter"),
]


@pytest.mark.parametrize(("policy", "old", "new", "test"), BREAKING)
def test_a_change_that_breaks_one_is_refused_with_its_name(
    examples: RepoFolder, policy: str, old: str, new: str, test: str
) -> None:
    edit(examples, policy, old, new)
    assert examples.run("test").code == 2
    assert (
        f"test {test} of {policy}  breaking TEST001\n"
        in examples.run("plan", "--out", "plan.json").out
    )
    refused = examples.run("apply", "plan.json")
    assert refused.code == 1
    assert f"the test {test!r} of {policy} would fail" in refused.out
