"""Policies that somebody edits, and keys that somebody makes, while a command of ours runs.

Nothing is lost, and nothing is mixed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mailauth_dns.keys import keypair, policy_edit, private_files, status
from mailauth_dns.policy import public_key_files
from tests.conftest import RepoFolder
from tests.keys.keyhost import POLICY, ZONE, Host

KEYGEN = ("dkim", "keygen", "example.com", "--private-dir")


def during(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, act: Callable[[], object]
) -> None:
    """Do something once while `module.name` is at work."""
    call, acts = getattr(module, name), [act]

    def slow(*arguments: object) -> object:
        result = call(*arguments)
        if acts:
            acts.pop()()
        return result

    monkeypatch.setattr(module, name, slow)


def test_an_edit_while_a_key_is_made_stays(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repo.policy("domain: example.com\nspf: {all: fail}\n")
    during(
        monkeypatch,
        keypair,
        "generate",
        lambda: path.write_text("# edited\ndomain: example.com\nspf: {all: softfail}\n"),
    )
    made = repo.run(*KEYGEN, str(private_dir), "--selector", "s1")
    assert made.code == 0, made.said
    assert path.read_text().startswith(
        "# edited\ndomain: example.com\nspf: {all: softfail}\ndkim:\n  selectors:\n    s1: {key: s1.pem"
    )


def test_a_policy_that_breaks_while_a_key_is_made_is_left(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repo.policy("domain: example.com\nspf: {all: fail}\n")
    for number, broken in enumerate([b"domain: [\n", b"\xff\n", b"- 1\n"]):
        path.write_bytes(b"domain: example.com\nspf: {all: fail}\n")
        with monkeypatch.context() as patched:
            during(
                patched,
                keypair,
                "generate",
                partial(path.write_bytes, broken),
            )
            refused = repo.run(*KEYGEN, str(private_dir), "--selector", f"s{number}")
        assert (refused.code, path.read_bytes()) == (1, broken)
        assert (
            f"s{number}.private is made: zones/policy/policy.yaml does not name it; to use it, "
            in refused.err
        )


def test_an_edit_between_reading_and_replacing_is_not_replaced(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repo.policy("domain: example.com\nspf: {all: fail}\n")
    edited = "domain: example.com\nspf: {all: softfail}\n"
    with monkeypatch.context() as patched:
        during(
            patched,
            policy_edit,
            "read",
            lambda: during(patched, policy_edit, "read", lambda: path.write_text(edited)),
        )
        refused = repo.run(*KEYGEN, str(private_dir), "--selector", "s1")
    assert refused.code == 1
    assert (
        "was changed by somebody else meanwhile, and is left as it is; run the command again"
        in refused.err
    )
    assert path.read_text() == edited


def test_two_keygens_at_once_both_stay(repo: RepoFolder, private_dir: Path) -> None:
    path = repo.policy("domain: example.com\nspf: {all: fail}\n")
    command = [
        sys.executable,
        "-m",
        "mailauth_dns",
        "-C",
        str(repo.root),
        *KEYGEN,
        str(private_dir),
        "--type",
        "ed25519",
        "--selector",
    ]
    runs = [
        subprocess.Popen([*command, name], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in ("a", "b", "c", "d")
    ]
    said = [(run.communicate()[1].decode(), run.returncode) for run in runs]
    assert [code for _, code in said] == [0, 0, 0, 0], said
    assert sorted(re.findall(r"    (\w): \{key: (\w)\.pem", path.read_text())) == [
        (name, name) for name in "abcd"
    ]
    assert repo.run("lint").code == 0


@pytest.mark.parametrize("elsewhere", [True, False])
def test_two_keygens_of_one_selector_make_one_key(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    """The policy names the winner's public half, also where each run has a folder of its own."""
    path = repo.policy("domain: example.com\nspf: {all: fail}\n")
    other = private_dir / "other" if elsewhere else private_dir
    during(
        monkeypatch,
        keypair,
        "generate",
        lambda: repo.run(*KEYGEN, str(other), "--selector", "s1"),
    )
    refused = repo.run(*KEYGEN, str(private_dir), "--selector", "s1")
    assert refused.code == 1
    assert (
        f"nothing uses {private_dir}/example.com/s1.private: delete it"
        if elsewhere
        else "there is a private key already"
    ) in refused.err
    assert "to use it" not in refused.err
    assert path.read_text().count("s1.pem") == 1
    held = keypair.public_half((other / "example.com/s1.private").read_bytes())
    assert held == public_key_files.read((repo.root / "zones/keys/example.com/s1.pem").read_bytes())


@pytest.mark.parametrize("command", ["status", "rotate"])
def test_what_was_edited_while_dns_was_asked_is_not_judged_by_the_answer(
    host: Host, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    edited = POLICY + "    new: {key: old.pem}\n"
    during(monkeypatch, status, "ask", lambda: host.path.write_text(edited))
    refused = host.run(
        "dkim",
        command,
        "example.com",
        *(["--private-dir", str(host.private_dir)] if command == "rotate" else []),
    )
    assert refused.code == 1
    assert (
        "zones/policy/policy.yaml: was changed while this ran, and is left as it is; run the command again"
        in refused.err
    )
    assert ("DNS: served" in refused.out) == (command == "status")
    assert host.policy == edited
    assert host.run("dkim", "status").code == 0


def test_a_policy_that_cannot_be_written_keeps_no_other_from_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.repo.write("served/example.org.zone", ZONE.format(ttl=60))
    host.repo.write(
        "zones/keys/example.org/s1.pem",
        (host.repo.root / "zones/keys/example.com/old.pem").read_bytes(),
    )
    other = host.repo.policy(
        "domain: example.org\ndkim: {selectors: {s1: {key: s1.pem}}}\n", "other"
    )
    host.publish()
    during(monkeypatch, status, "ask", lambda: host.path.write_text(POLICY + "# edited\n"))
    ran = host.run("dkim", "status")
    assert ran.code == 1
    assert "written, to be committed: zones/policy/other.yaml: s1: seen" in ran.err
    assert "zones/policy/policy.yaml: was changed while this ran" in ran.err
    assert "seen" in other.read_text()


def test_a_rotation_that_ends_half_way_tells_what_it_made_and_is_completed(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.run("dkim", "status")
    host.keygen("--selector", "e", "--type", "ed25519")
    host.edit("e.pem, state: pending", "e.pem, state: active")
    rotate = (
        "dkim",
        "rotate",
        "example.com",
        "--type",
        "rsa",
        "--type",
        "ed25519",
        "--private-dir",
        str(host.private_dir),
    )

    with monkeypatch.context() as patched:
        during(patched, private_files, "write", lambda: host.private_dir.chmod(0o777))
        half = host.run(*rotate, "--format", "json")
    host.private_dir.chmod(0o700)
    assert half.code == 1
    said = json.loads(half.out)
    assert [made["type"] for made in said["made"]] == ["rsa"]
    assert "everybody may write there" in said["problem"]
    assert "`mailauth-dns dkim rotate example.com --type ed25519` makes what is missing" in half.err
    assert host.policy.count("state: pending") == 1
    half_way = host.policy
    # An Ed25519 key that is newer has had its turn, and waits for RSA, whatever keeps that.
    host.edit("e.pem, state: active, since: 20", "e.pem, state: active, since: 21")
    assert host.run(*rotate).code == 1
    assert host.policy.count("state: pending") == 1
    host.path.write_text(half_way)
    again = host.run(*rotate)
    assert "ed25519, pending" in again.out
    assert host.policy.count("state: pending") == 2
    host.run(*rotate)
    assert host.policy.count("state: pending") == 2
