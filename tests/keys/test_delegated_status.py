"""`dkim status` and `next` look behind a delegation: the sender's key may not be there."""

from __future__ import annotations

import json

import pytest

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.keys import delegation
from tests.keys.keyhost import Host

KEY = "sender._domainkey.example.com"


def delegate(host: Host, target: str) -> None:
    """Delegate a selector to a name in the zone that `serve` answers for, and publish that."""
    entry = f"    sender: {{cname: {target}}}\n"
    host.path.write_text(host.policy + entry + "dmarc: {p: reject}\n")
    host.publish()


def test_a_sender_without_a_key_is_told(host: Host) -> None:
    delegate(host, "gone.dkim.example.com")
    ran = host.run("dkim", "status", "--format", "json")
    assert ran.code == 2, ran.said
    [key] = [each for each in json.loads(ran.out)["keys"] if each["name"] == KEY]
    assert key["dns"]["state"] == "served"
    assert "gone.dkim.example.com has no key" in key["wrong"]
    assert "ask the sender" in key["wrong"]
    assert "ask the sender" in host.run("dkim", "status").out


def test_next_says_it_and_ends_with_2(host: Host) -> None:
    delegate(host, "gone.dkim.example.com")
    host.run("dkim", "status")
    host.run("compile")
    ran = host.run("next", "example.com")
    assert ran.code == 2, ran.said
    assert f"Ask the sender behind {KEY} for its key" in ran.out
    assert "the sender publishes no key there" in " ".join(ran.out.split())


def test_a_sender_whose_servers_do_not_answer_is_unknown(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown is never done: nobody can say whether mail of that sender passes."""
    monkeypatch.setattr(
        delegation, "resolved", lambda _, names: dict.fromkeys(names, Unknown("no answer in 2 s"))
    )
    delegate(host, "s1.dkim.example.net")
    ran = host.run("dkim", "status", "--format", "json")
    assert ran.code == 1, ran.said
    [key] = [each for each in json.loads(ran.out)["keys"] if each["name"] == KEY]
    assert (key["dns"]["state"], key["wrong"]) == ("served", None)
    assert key["unknown"] == (
        "what the sender publishes is unknown: s1.dkim.example.net: no answer in 2 s"
    )
    said = host.run("dkim", "status")
    assert "unknown: what the sender publishes is unknown" in " ".join(said.out.split())
    assert "once DNS answers" in said.err
    host.run("compile")
    ran = host.run("next", "example.com")
    assert ran.code == 1, ran.said
    assert f"Ask again for the sender's key behind {KEY}" in ran.out
    assert "its sender's key is unknown" in " ".join(ran.out.split())


@pytest.mark.parametrize("command", [("dkim", "status"), ("next", "example.com")])
def test_a_sender_with_a_key_is_right(host: Host, command: tuple[str, ...]) -> None:
    delegate(host, "old._domainkey.example.com")
    host.run("dkim", "status")
    host.run("compile")
    ran = host.run(*command)
    assert ran.code == 0, ran.said
    assert "ask the sender" not in ran.said.lower()
