"""What a `dkim keygen` that was cut off or killed leaves behind, and how the next run goes on."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mailauth_dns.keys import keypair, policy_edit, private_files, public_files
from tests.conftest import RepoFolder

POLICY = "domain: example.com # ours\nspf: {all: fail}\n"


class Cut(Exception):
    """The moment at which the run ends."""


@pytest.mark.parametrize("step", ["the private key", "its public half", "the policy"])
def test_a_run_that_is_cut_off_leaves_a_policy_that_holds(
    repo: RepoFolder, private_dir: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The policy never names a key that is not there, and the next run makes a key."""
    repo.policy(POLICY)

    def cut(*_: object, **__: object) -> None:
        raise Cut

    with monkeypatch.context() as patched:
        if step == "the private key":
            patched.setattr(private_files, "write", cut)
        elif step == "its public half":
            patched.setattr(public_files, "replace_file", cut)
        else:
            patched.setattr(policy_edit, "_replace", cut)
        with pytest.raises(Cut):
            repo.run("dkim", "keygen", "example.com", "--private-dir", str(private_dir))
    assert (repo.root / "zones/policy/policy.yaml").read_text() == POLICY
    assert repo.run("lint").code == 0
    again = repo.run("dkim", "keygen", "example.com", "--private-dir", str(private_dir))
    assert again.code == 0, again.said
    assert repo.run("lint").code == 0


KILLED = """
import itertools, os, signal, sys
from mailauth_dns.cli import main
calls, sync = itertools.count(1), os.fsync
def fsync(handle):
    sync(handle)
    if next(calls) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
main(sys.argv[2:])
"""
SYNCS = 8  # key, seed, public half and policy: the file, and then the folder that it is put into


@pytest.mark.parametrize("step", range(1, SYNCS + 1))
def test_a_killed_run_leaves_whole_files_and_is_run_again(
    repo: RepoFolder, private_dir: Path, step: int
) -> None:
    path = repo.policy(POLICY)
    keygen = (
        "dkim",
        "keygen",
        "example.com",
        "--type",
        "ed25519",
        "--private-dir",
        str(private_dir),
    )
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(step), "-C", str(repo.root), *keygen],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (path.read_text() == POLICY) == (step < SYNCS)
    for private in (*private_dir.rglob("*.private"), *private_dir.rglob("*.seed")):
        keypair.public_half(private.read_bytes())
    assert {
        stat.S_IMODE(each.stat().st_mode) for each in private_dir.rglob("*") if each.is_file()
    } == {0o600}  # drafts too
    assert repo.run("lint").code == 0
    again = repo.run(*keygen)
    assert again.code == 0, again.said
    assert repo.run("lint").code == 0
    assert len(list(private_dir.rglob("*.seed"))) == (2 if step >= 4 else 1)


def test_the_same_selector_again_tells_of_the_key_that_a_killed_run_left(
    repo: RepoFolder, private_dir: Path
) -> None:
    """Doing what it says is enough to use the key. The draft, with the key in it, is deleted."""
    path = repo.policy(POLICY)
    keygen = (
        "dkim",
        "keygen",
        "example.com",
        "--selector",
        "mx",
        "--private-dir",
        str(private_dir),
    )
    subprocess.run(
        [sys.executable, "-c", KILLED, "2", "-C", str(repo.root), *keygen],
        capture_output=True,
        check=False,
    )
    private = private_dir / "example.com/mx.private"
    (private.parent / ".mx.private.abcd.draft").hardlink_to(private)
    checked = repo.run("dkim", "check", "--private-dir", str(private_dir)).out
    assert (
        f"mx._domainkey.example.com  note  DKIM032: {private} is of a selector that the policy does not name"
        in checked
    )
    assert (
        f"mx._domainkey.example.com  note  DKIM037: {private.parent}/.mx.private.abcd.draft was left by a run that was cut off"
        in checked
    )
    refused = repo.run(*keygen)
    assert refused.code == 1
    assert (
        f"{private} is there already; a new key needs a new selector; zones/policy/policy.yaml does not name it; to use it, "
        in refused.err
    )
    assert [each.name for each in private.parent.iterdir()] == ["mx.private"]
    [command], [entry] = (
        re.findall(r"\((openssl .*?)\)", refused.err),
        re.findall(r"`(mx: \{.*?\})`", refused.err),
    )
    subprocess.run(command.split(), check=True)
    path.write_text(f"{POLICY}dkim:\n  selectors:\n    {entry}\n")
    assert repo.run("lint").code == 0
    assert "DKIM032" not in repo.run("dkim", "check", "--private-dir", str(private_dir)).out
