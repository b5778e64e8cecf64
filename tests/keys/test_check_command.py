"""`dkim check`: what is wrong with private keys on the host, and with keys in DNS."""

from __future__ import annotations

import json
import os
import pwd
import subprocess

import pytest

from tests.keys.keyhost import POLICY, ZONE, Host


def test_check_finds_a_host_in_order(host: Host) -> None:
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert (checked.code, checked.out) == (0, "Check: 1 key, 0 wrong, 0 unknown\n")


def another_key(host: Host) -> None:
    host.keygen("--selector", "other")
    host.path.write_text(POLICY)
    (host.private_dir / "example.com/old.private").write_bytes(
        (host.private_dir / "example.com/other.private").read_bytes()
    )


def no_key(host: Host) -> None:
    (host.private_dir / "example.com/old.private").unlink()


def readable(host: Host) -> None:
    (host.private_dir / "example.com/old.private").chmod(0o640)


def writable_folder(host: Host) -> None:
    (host.private_dir / "example.com").chmod(0o777)


def group_folder(host: Host) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(host.private_dir / "example.com", -1, nobody.pw_gid)
    (host.private_dir / "example.com").chmod(0o770)


def others_folder(host: Host) -> None:
    os.chown(host.private_dir / "example.com", pwd.getpwnam("nobody").pw_uid, -1)


def in_git(host: Host) -> None:
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(host.private_dir), *command], check=True)


def other_dns(host: Host) -> None:
    host.keygen("--selector", "other")
    host.path.write_text(POLICY.replace("old.pem", "other.pem"))
    private = host.private_dir / "example.com/old.private"
    private.write_bytes((host.private_dir / "example.com/other.private").read_bytes())


def not_published(host: Host) -> None:
    host.repo.write("served/example.com.zone", ZONE.format(ttl=60))


BROKEN = {
    "another key": (another_key, "DKIM032: {private} is not the private half of the policy's key"),
    "no key": (no_key, "DKIM032: {private} is not there"),
    "readable by a group": (readable, "DKIM037: {private}: its mode is 0640"),
    "a folder that everybody may write in": (
        writable_folder,
        "DKIM037: {private.parent}: everybody may write there",
    ),
    "a folder that a group may write in": (
        group_folder,
        "DKIM037: {private.parent}: a group may write there, and ",
    ),
    "a folder of somebody else": (
        others_folder,
        "DKIM037: {private.parent}: belongs to nobody and the key to root",
    ),
    "kept in git": (in_git, "DKIM037: {private} is kept in git"),
    "another key in DNS": (other_dns, "DKIM032: DNS has another key than the policy"),
    "nothing in DNS": (not_published, "DKIM001: no authoritative server has the key"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_check_finds_what_is_wrong(host: Host, case: str) -> None:
    breaking, message = BROKEN[case]
    if breaking in (group_folder, others_folder) and os.geteuid() != 0:
        pytest.skip("only root may give files away")
    breaking(host)
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 2, checked.said
    assert message.format(private=host.private_dir / "example.com/old.private") in checked.out
    data = json.loads(
        host.run("dkim", "check", "--private-dir", str(host.private_dir), "--format", "json").out
    )
    assert {row["rule"] for row in data["problems"]} <= {"DKIM001", "DKIM032", "DKIM037"}


def test_check_tells_everything_about_a_key(host: Host) -> None:
    """A key is broken, readable by all, in a folder open to all, and not published: all is told."""
    private = host.private_dir / "example.com/old.private"
    private.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    private.chmod(0o644)
    writable_folder(host)
    in_git(host)
    not_published(host)
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 2
    assert [
        line.removeprefix("old._domainkey.example.com  wrong  ")
        for line in checked.out.splitlines()
    ] == [
        f"DKIM032: {private}: is not a private key, or is broken",
        f"DKIM037: {private} is kept in git, so others may have it; make a new key with "
        "`dkim keygen`, and take this one out of git's history",
        f"DKIM037: {private}: its mode is 0644: others than its owner may use it; chmod 600 {private}",
        f"DKIM037: {private.parent}: everybody may write there, so OpenDKIM refuses keys below it",
        "DKIM001: no authoritative server has the key: signatures with it fail",
        "Check: 1 key, 5 wrong, 0 unknown",
    ]


def test_what_cannot_be_looked_at_is_unknown_beside_what_is_wrong(host: Host) -> None:
    private = host.private_dir / "example.com/old.private"
    private.unlink()
    private.mkdir(mode=0o755)  # even root cannot read it
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert f"unknown  DKIM032: {private}: Is a directory" in checked.out
    assert f"wrong  DKIM037: {private}: its mode is 0755" in checked.out
    private.rmdir()
    host.repo.write(".git", "gitdir: /nowhere\n")
    (host.private_dir / ".git").write_text("gitdir: /nowhere\n")
    private.write_text("x")
    private.chmod(0o600)
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert (
        f"unknown  DKIM037: {host.private_dir} is in a git work tree, and git does not say which files it keeps"
        in checked.out
    )


def test_a_pipe_is_not_waited_for(host: Host) -> None:
    private = host.private_dir / "example.com/old.private"
    private.unlink()
    os.mkfifo(private, 0o600)
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert f"unknown  DKIM032: {private}: is not a regular file" in checked.out


def test_a_seed_that_is_missing_is_a_note(host: Host) -> None:
    """OpenDKIM does without. The command that the note gives makes it."""
    host.keygen("--selector", "e", "--type", "ed25519")
    seed = host.private_dir / "example.com/e.seed"
    before = seed.read_bytes()
    seed.unlink()
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 0
    [line] = [line for line in checked.out.splitlines() if "e._domainkey" in line]
    assert (
        f"note  DKIM032: {seed} is not there: OpenDKIM does not need it, Rspamd cannot sign without"
        in line
    )
    rows = json.loads(
        host.run("dkim", "check", "--private-dir", str(host.private_dir), "--format", "json").out
    )["problems"]
    assert [(row["note"], row["unknown"]) for row in rows] == [(True, False)]
    subprocess.run(["sh", "-ec", f"umask 077; {line.partition('with umask 077: ')[2]}"], check=True)
    assert seed.read_bytes() == before
    assert (
        host.run("dkim", "check", "--private-dir", str(host.private_dir)).out
        == "Check: 2 keys, 0 wrong, 0 unknown\n"
    )


ZONE_KEY = (
    'old._domainkey IN TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="\n'
)
GIVEN = "p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, k: ed25519"
OTHER = "p: O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=, k: ed25519"
EMPTY, WILDCARD = 'old._domainkey IN TXT "v=DKIM1; p="\n', '*._domainkey IN TXT "v=DKIM1; p="\n'
NOT_REVOKED = (
    "DKIM029: the policy has revoked this key and DNS has not: "
    "whoever has it can still sign; plan and apply"
)
NOT_ABSENT = "DKIM029: the policy has this selector absent and DNS still has it; plan and apply"
# What the policy says of a selector that has no private half here, what is served, and what is
# found.
PUBLISHED: dict[str, tuple[str, str, str | None]] = {
    "given, and served": (GIVEN, ZONE_KEY, None),
    "given, another is served": (OTHER, ZONE_KEY, "DKIM032: DNS has another key than the policy"),
    "given, nothing is served": (GIVEN, "", "DKIM001: no authoritative server has the key"),
    "given, revoked in DNS": (
        GIVEN,
        EMPTY,
        "DKIM032: DNS has an empty key and the policy does not",
    ),
    "given and pending, not there yet": (f"{GIVEN}, state: pending", "", None),
    "given and retiring, gone already": (
        f"{GIVEN}, state: retiring",
        "",
        "DKIM001: no authoritative server has the key",
    ),
    "revoked": ("state: revoked", EMPTY, None),
    "revoked, and not there": ("state: revoked", "", None),
    "revoked, and served": ("state: revoked", ZONE_KEY, NOT_REVOKED),
    "revoked with its key known, and served": (f"{GIVEN}, state: revoked", ZONE_KEY, NOT_REVOKED),
    "revoked, and an alias": (
        "state: revoked",
        "old._domainkey IN CNAME s1.example.net.\n",
        NOT_REVOKED,
    ),
    "absent": ("state: absent", "", None),
    "absent, and served": ("state: absent", ZONE_KEY, NOT_ABSENT),
    "absent, and served empty": ("state: absent", EMPTY, NOT_ABSENT),
    "absent, and the alias is there": (
        "cname: s1.example.net, state: absent",
        "old._domainkey IN CNAME s1.example.net.\n",
        NOT_ABSENT,
    ),
    "absent, and a wildcard answers": ("state: absent", WILDCARD, None),
    "absent, and there beside a wildcard": ("state: absent", WILDCARD + ZONE_KEY, NOT_ABSENT),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_check_compares_every_state_with_dns(host: Host, case: str) -> None:
    section, served, expected = PUBLISHED[case]
    host.repo.write("served/example.com.zone", ZONE.format(ttl=60) + served)
    host.path.write_text(f"domain: example.com\ndkim: {{selectors: {{old: {{{section}}}}}}}\n")
    (host.private_dir / "example.com/old.private").unlink()
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == (2 if expected else 0), checked.said
    assert (expected or "") in checked.out
    assert checked.out.endswith(f"Check: 1 key, {1 if expected else 0} wrong, 0 unknown\n")


@pytest.mark.parametrize(
    "section",
    [GIVEN, f"{GIVEN}, state: pending", "state: revoked", "state: absent", "cname: s1.example.net"],
)
def test_what_dns_does_not_tell_is_unknown_in_every_state(host: Host, section: str) -> None:
    host.repo.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    host.path.write_text(f"domain: example.com\ndkim: {{selectors: {{other: {{{section}}}}}}}\n")
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert "other._domainkey.example.com  unknown  DKIM001: 127.0.0.1:1: " in checked.out
