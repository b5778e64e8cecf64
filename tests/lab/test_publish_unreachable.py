"""A server without the zone, one that is down, and wrong keys: told clearly, without secrets."""

from __future__ import annotations

import pytest

from tests.conftest import RepoFolder
from tests.lab.publishing import Serving
from tests.lab.zones import HEAD, POLICY


def test_a_zone_the_server_does_not_have_is_not_made(repo: RepoFolder, serving: Serving) -> None:
    serving(example_com=HEAD)
    repo.policy("domain: example.org\nspf: {all: fail}\n")
    planned = repo.run("plan")
    assert planned.code == 1
    assert "example.org" in planned.out
    assert "does not have the zone" in planned.out or "has no zone example.org" in planned.out


def test_a_server_that_is_down_is_told_clearly(repo: RepoFolder, serving: Serving) -> None:
    server = serving(example_com=HEAD)
    repo.policy(POLICY)
    assert repo.run("plan", "--out", str(repo.root / "plan.json")).code == 0
    server.stop()
    planned = repo.run("plan")
    assert planned.code == 1
    assert "could not be planned" in planned.out
    applied = repo.run("apply", str(repo.root / "plan.json"))
    assert applied.code == 1
    for secret in server.environment.values():
        assert secret not in planned.said + applied.said


def test_a_wrong_secret_is_told_without_the_secret(
    repo: RepoFolder, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving(example_com=HEAD)
    [name] = server.environment
    monkeypatch.setenv(name, "d3JvbmctYnV0LWJhc2U2NC13cm9uZy1idXQtYmFzZTY0IQ==")
    repo.policy(POLICY)
    planned = repo.run("plan")
    assert planned.code == 1
    assert "d3Jvbmct" not in planned.said


WRONG_KEYS: dict[str, tuple[dict[str, object], str, str]] = {
    "another secret": (
        {},
        "d3JvbmctYnV0LWJhc2U2NC13cm9uZy1idXQtYmFzZTY0IQ==",
        "the server has another secret for the key: compare key_secret",
    ),
    "a secret that is cut": (
        {},
        "d3JvbmctYnV0LWJhc2U2NC13",
        "the server has another secret for the key: compare key_secret",
    ),
    "no Base64": ({}, "d3Jvbmctb", "key_secret is not Base64: copy it whole"),
    "another name": (
        {"key_name": "other-key"},
        "",
        "the server does not know the key: compare key_name",
    ),
    "another algorithm": (
        {"key_algorithm": "hmac-sha512"},
        "",
        "key_algorithm, with the server's key statement",
    ),
}


@pytest.mark.parametrize("case", WRONG_KEYS)
def test_what_is_wrong_with_a_key_is_told_by_its_name_in_the_stanza(
    repo: RepoFolder, serving_bind: Serving, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    server = serving_bind(example_com=HEAD)
    stanza, secret, said = WRONG_KEYS[case]
    repo.provider("bind", {**server.stanza(), **stanza})
    if secret:
        monkeypatch.setenv("LAB_BIND_SECRET", secret)
    repo.policy(POLICY)
    planned = repo.run("plan")
    assert planned.code == 1
    assert said in planned.out
    assert not secret or secret not in planned.said
