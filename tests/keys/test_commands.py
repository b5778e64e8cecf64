"""The dkim commands over a served zone: states, times and refusals."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.keys.keyhost import POLICY, ZONE, Host


def ago(**time: int) -> str:
    return (datetime.now(UTC) - timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


STAMP = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_keygen_adds_a_pending_selector_and_keeps_the_file(host: Host) -> None:
    host.keygen("--selector", "new")
    assert re.fullmatch(
        re.escape(POLICY) + rf"    new: \{{key: new\.pem, state: pending, since: {STAMP}\}}\n",
        host.policy,
    )


def test_names_come_from_the_template_and_are_never_used_twice(host: Host) -> None:
    today = f"{datetime.now(UTC):%Y%m%d}"
    made = [
        json.loads(host.keygen("--type", "ed25519", "--format", "json").out)["selector"]
        for _ in range(3)
    ]
    assert made == [today, f"{today}b", f"{today}c"]
    host.edit("dkim:\n", "dkim:\n  selector_template: mx{date}-{type}\n")
    assert (
        json.loads(host.keygen("--type", "ed25519", "--format", "json").out)["selector"]
        == f"mx{today}-ed25519"
    )
    host.edit(
        f"    {today}b:", f"    {today}z:"
    )  # gone from the policy, and its files are still there
    assert json.loads(host.keygen("--selector", "x", "--format", "json").out)["selector"] == "x"
    refused = host.run(
        "dkim", "keygen", "example.com", "--selector", "old", "--private-dir", str(host.private_dir)
    )
    assert refused.code == 1
    assert "declares old already; a new key needs a new selector" in refused.err


REFUSED = {
    "a shared policy": (
        "domains: [example.com, example.org]\nspf: {all: fail}\n",
        "is the policy of 2 domains",
    ),
    "a parked domain": ("domain: example.com\nparked: true\n", "is parked and sends no mail"),
    "keys taken out": (
        "domain: example.com\nspf: {all: fail}\ndkim: null\n",
        "there is no place for dkim.selectors",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_policies_that_a_key_cannot_be_added_to(host: Host, case: str) -> None:
    text, message = REFUSED[case]
    host.path.write_text(text)
    refused = host.run(
        "dkim", "keygen", "example.com", "--selector", "new", "--private-dir", str(host.private_dir)
    )
    assert refused.code == 1
    assert message in refused.err
    assert host.policy == text
    assert not list(host.private_dir.rglob("new.*"))


BAD_USAGE = [
    (["dkim", "keygen"], "Missing argument"),
    (["dkim", "keygen", "example.com", "--type", "dsa"], "'dsa' is not one of"),
    (
        ["dkim", "keygen", "example.com", "--bits", "1024"],
        "--bits 1024: use one of 2048, 3072, 4096",
    ),
    (["dkim", "keygen", "example.org"], "there is no policy for example.org"),
    (
        ["dkim", "keygen", "example.com", "--private-dir", "/x", "--selector", "*"],
        "selector *: write one or more labels",
    ),
    (
        ["dkim", "keygen", "example.com", "--private-dir", "/x", "--selector", "a b"],
        "selector a b: ",
    ),
    (["dkim", "rotate", "example.org"], "there is no policy for example.org"),
    (["dkim", "frobnicate"], "there is no command"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_USAGE)
def test_bad_usage_is_told_and_is_1(host: Host, arguments: list[str], message: str) -> None:
    refused = host.run(*arguments)
    assert refused.code == 1
    assert message in refused.err


def test_status_writes_down_the_first_sighting_once(host: Host) -> None:
    first = host.run("dkim", "status")
    assert first.code == 0
    assert re.search(rf"    old: \{{key: old\.pem, seen: {STAMP}\}}   # from before\n", host.policy)
    assert "written, to be committed: zones/policy/policy.yaml: old: seen" in first.err
    after = host.policy
    second = host.run("dkim", "status", "example.com")
    assert (second.code, host.policy) == (0, after)
    assert "old._domainkey.example.com  rsa 2048, active\n    DNS: served, since 20" in second.out
    assert "next: may get a successor, now (dkim rotate)" in second.out


def test_a_selector_that_domains_share_is_seen_when_all_of_them_are(host: Host) -> None:
    for domain in ("example.org", "example.net"):
        host.repo.write(f"served/{domain}.zone", ZONE.format(ttl=60))
        host.repo.write(
            f"zones/keys/{domain}/s1.pem",
            (host.repo.root / "zones/keys/example.com/old.pem").read_bytes(),
        )
    shared = host.repo.policy(
        "domains: [example.net, example.org]\ndkim: {selectors: {s1: {key: s1.pem}}}\n", "shared"
    )
    host.publish()
    host.run("dkim", "status", "example.net")
    assert "seen" not in shared.read_text()
    host.run("dkim", "status")
    assert "seen" in shared.read_text()


def test_a_selector_that_is_inherited_is_shown_and_its_file_left_alone(host: Host) -> None:
    defaults = host.repo.root / "zones/policy/_defaults.yaml"
    inherited = defaults.read_text() + "dkim: {selectors: {old: {key: old.pem}}}\n"
    defaults.write_text(inherited)
    host.path.write_text("domain: example.com\n")
    status = host.run("dkim", "status")
    assert (status.code, "DNS: served" in status.out) == (0, True), status.said
    assert (defaults.read_text(), host.policy) == (inherited, "domain: example.com\n")


def test_a_selector_is_found_in_any_spelling(host: Host) -> None:
    host.edit("    old: {", '    "OLD": {')
    assert host.run("dkim", "status").code == 0
    assert re.search(
        rf'    "OLD": \{{key: old\.pem, seen: {STAMP}\}}   # from before\n', host.policy
    )


def test_status_as_data(host: Host) -> None:
    host.keygen("--selector", "new", "--type", "ed25519")
    said = json.loads(host.run("dkim", "status", "--format", "json").out)
    assert said["format"] == 1
    rows = {row["selector"]: row for row in said["keys"]}
    assert rows["old"]["dns"] == {"state": "served", "detail": None}
    assert rows["new"]["state"] == "pending"
    assert rows["new"]["type"] == "ed25519"
    assert rows["new"]["next"]["to"] == "active"
    assert rows["new"]["next"]["at"] is None
    assert [each["selector"] for each in said["written"]] == ["old"]


@pytest.mark.parametrize(("state", "code"), [("active", 2), ("retiring", 2), ("pending", 0)])
def test_another_key_in_dns_is_told_by_status(host: Host, state: str, code: int) -> None:
    host.keygen("--selector", "other")
    host.path.write_text(POLICY.replace("{key: old.pem}", f"{{key: other.pem, state: {state}}}"))
    status = host.run("dkim", "status")
    wrong = "    wrong: DNS has another key than the policy: signatures with it fail: k=rsa; p=..."
    assert (status.code, wrong in status.out) == (code, code == 2)
    [row] = json.loads(host.run("dkim", "status", "--format", "json").out)["keys"]
    assert bool(row["wrong"]) is (code == 2)


def test_unknown_dns_is_1_and_writes_nothing(host: Host) -> None:
    defaults = host.repo.root / "zones/policy/_defaults.yaml"
    defaults.write_text('providers: [local]\nnameservers: ["127.0.0.1:1"]\n')
    before = host.policy
    status = host.run("dkim", "status")
    assert status.code == 1
    assert "DNS: unknown" in status.out
    assert host.policy == before
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert "unknown  DKIM001" in checked.out


def test_a_whole_life(host: Host) -> None:
    """A step is refused until its time, which the refusal names, and then written.

    The test moves the times by hand.
    """
    new_key = host.run("dkim", "rotate", "example.com", "--private-dir", str(host.private_dir))
    assert new_key.code == 0, new_key.said
    [name] = re.findall(r"    (20\d{6}): \{", host.policy)
    early = host.run("dkim", "rotate", "example.com")
    assert early.code == 1
    assert (
        f"{name}._domainkey.example.com cannot begin to sign yet: DNS has no such record"
        in early.out
    )
    host.publish()
    seen = host.run("dkim", "rotate", "example.com")
    assert seen.code == 1
    assert re.search(rf"may begin to sign from {STAMP}", seen.out)
    host.path.write_text(
        re.sub(
            rf"(state: pending, since: {STAMP}, seen): {STAMP}", rf"\1: {ago(hours=2)}", host.policy
        )
    )
    assert f"{name}, seen" not in host.policy
    taken = host.run("dkim", "rotate", "example.com")
    assert taken.code == 0, taken.said
    assert re.search(
        rf"old: \{{key: old\.pem, seen: {STAMP}, state: retiring, since: {STAMP}, signed_until: {STAMP}\}}   # from before",
        host.policy,
    )
    assert f"{name}: {{key: {name}.pem, state: active" in host.policy
    assert host.run("lint").code == 0
    assert host.run("plan", "--detailed-exitcode").code == 0  # both are published before and after
    wait = host.run("dkim", "rotate", "example.com")
    assert wait.code == 1
    assert re.search(rf"old\._domainkey\.example\.com may be revoked from {STAMP}", wait.out)
    host.path.write_text(
        re.sub(rf"signed_until: {STAMP}", f"signed_until: {ago(days=8)}", host.policy)
    )
    assert host.run("dkim", "rotate", "example.com").code == 0
    assert "state: revoked" in host.policy
    assert "dkim status" not in host.run("dkim", "status").out
    host.publish()
    host.path.write_text(
        re.sub(
            rf"state: revoked, since: {STAMP}",
            f"state: revoked, since: {ago(days=31)}",
            host.policy,
        )
    )
    assert host.run("dkim", "rotate", "example.com").code == 0
    assert "state: absent" in host.policy
    host.publish()
    assert host.policy.startswith(POLICY.split("    old")[0])


def test_types_rotate_each_on_its_own(host: Host) -> None:
    host.keygen("--type", "ed25519", "--selector", "e1")
    # RSA has nothing under way, but to ask for the Ed25519 key must not begin a rotation.
    assert host.run("dkim", "rotate", "example.com").code == 1
    assert host.policy.count("pending") == 1
    rsa = host.run(
        "dkim", "rotate", "example.com", "--type", "rsa", "--private-dir", str(host.private_dir)
    )
    assert rsa.code == 0, rsa.said
    assert host.policy.count("pending") == 2


def test_two_pending_keys_of_a_type_are_remarked(host: Host) -> None:
    """Keygen says so, and status for whoever did not see that; one of each type is right."""
    assert "2 pending" not in host.keygen("--selector", "new").err
    assert "2 pending" not in host.keygen("--selector", "e", "--type", "ed25519").err
    assert "2 pending" not in host.run("dkim", "status").err
    remark = "example.com has 2 pending rsa keys, new and again: one is enough to take over; take the others out of the policy"
    assert remark in host.keygen("--selector", "again").err
    assert remark in host.run("dkim", "status").err


def test_a_new_key_says_when_it_may_sign_and_what_makes_that_sooner(host: Host) -> None:
    said = host.keygen("--selector", "new").err
    assert (
        "That is 1 hour after every server was first seen to have it (its TTL), or later where the zone's negative TTL is longer."
        in said
    )
    assert (
        "To wait less, lower `ttl:` in the policy and the last number of the zone's SOA before you publish"
        in said
    )
    host.publish()
    status = host.run("dkim", "status")
    assert re.search(
        r"next: begins to sign, from 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ: every cache must have forgotten that the key was not there: 1 hour, "
        "the zone's negative TTL\n",
        status.out,
    )
