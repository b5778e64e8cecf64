"""What a receiver would say of a message that options describe."""

from __future__ import annotations

import json

import pytest

from tests.conftest import RepoFolder

SIMULATED = [
    (
        ("--from", '"a@b c"@example.com', "--ip", "192.0.2.10"),
        0,
        "as it would be: SPF pass, DKIM none, DMARC pass, requested disposition none\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "192.0.2.10"),
        0,
        "as it would be: SPF pass, DKIM none, DMARC pass, requested disposition none\n",
    ),
    (
        (
            "--from",
            "a@example.com",
            "--ip",
            "203.0.113.5",
            "--mail-from",
            "<>",
            "--helo",
            "host.sender.example",
            "--dkim",
            "s1",
        ),
        0,
        "as it would be: SPF none, DKIM pass, DMARC pass, requested disposition none\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "198.51.100.1", "--dkim", "sender.example:s9"),
        2,
        "as it would be: SPF fail, DKIM fail, DMARC fail, requested disposition quarantine\n",
    ),
    (
        ("--from", "a@elsewhere.example", "--ip", "198.51.100.1"),
        1,
        "as it would be: SPF temperror, DKIM none, DMARC temperror, requested "
        "disposition unknown\n",
    ),
]


@pytest.mark.parametrize(("options", "code", "said"), SIMULATED)
def test_one_message_is_simulated(
    receiver: RepoFolder, options: tuple[str, ...], code: int, said: str
) -> None:
    ran = receiver.run("simulate", *options)
    assert said in ran.out
    assert "as it is: " in ran.out
    assert ran.code == code


def test_a_simulation_by_a_plan_file_and_as_json(receiver: RepoFolder) -> None:
    receiver.run("plan", "--out", "plan.json")
    receiver.policy(
        "domain: example.com\nspf: {all: fail}\n", "example.com"
    )  # the plan counts, not the policy of now
    ran = receiver.run(
        "simulate",
        "--from",
        "a@example.com",
        "--ip",
        "192.0.2.10",
        "--plan",
        "plan.json",
        "--format",
        "json",
    )
    said = json.loads(ran.out)
    assert (said["before"]["dmarc"], said["after"]["dmarc"], said["after"]["disposition"]) == (
        "fail",
        "pass",
        "none",
    )


BAD = [
    (
        ("--from", "alice", "--ip", "192.0.2.1"),
        "--from: 'alice' is not an address; write one such as alice@example.com\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "mx"),
        "--ip: 'mx' is not an IP address; write the client's alone, such as 192.0.2.10 "
        "or 2001:db8::10\n",
    ),
    (
        ("--from", "a@b@example.com", "--ip", "::1"),
        "--from: 'a@b' cannot stand before an '@' unless it is quoted; write one such as "
        "alice@example.com\n",
    ),
    (
        ("--from", "a@example.com, b@example.org", "--ip", "::1"),
        "--from: 'a@example.com, b' cannot stand before an '@' unless it is quoted; "
        "write one such as alice@example.com\n",
    ),
    (
        ("--from", "a@example..com", "--ip", "::1"),
        "--from: 'example..com' is no domain: expected a label before the dot\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "::1", "--dkim", "example.com:"),
        "--dkim: expected a domain name\n",
    ),
]


@pytest.mark.parametrize(("options", "said"), BAD)
def test_bad_options_are_told(receiver: RepoFolder, options: tuple[str, ...], said: str) -> None:
    ran = receiver.run("simulate", *options)
    assert (ran.code, ran.err) == (1, said)
