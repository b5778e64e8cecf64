"""Who owns the private key that `dkim keygen` makes."""

from __future__ import annotations

import grp
import os
import pwd
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.signing_host import key_owner
from tests.conftest import Ran, RepoFolder
from tests.keys.signing_user import OPENDKIM_CONF, OTHER, SIGNER, needs_root

pytestmark = needs_root
GROUP = grp.getgrgid(SIGNER.pw_gid).gr_name


def keygen(repo: RepoFolder, folder: Path, *arguments: str) -> Ran:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    return repo.run(
        "dkim",
        "keygen",
        "example.com",
        "--type",
        "ed25519",
        "--selector",
        "s1",
        "--private-dir",
        str(folder),
        *arguments,
    )


def owners(folder: Path) -> set[str]:
    return {
        f"{pwd.getpwuid(path.stat().st_uid).pw_name}:{grp.getgrgid(path.stat().st_gid).gr_name}"
        for path in folder.rglob("*")
    }


UNIT = "lib/systemd/system/opendkim.service"
SIGNERS = f"{SIGNER.pw_name}:{GROUP}"
BELONGS = "belongs to root, and {}; that user must own it to sign: chown -R USER "
# The folder's owner, the host's configuration, the arguments, whose the key is, and what is said.
HEIRS: dict[str, tuple[str | None, dict[str, str], list[str], str, str]] = {
    "nobody is named": (
        None,
        {},
        [],
        "root:root",
        BELONGS.format("a signing program runs as a user of its own, such as opendkim"),
    ),
    "--owner": (None, {}, ["--owner", SIGNER.pw_name], SIGNERS, ""),
    "--owner with a group": (
        None,
        {},
        ["--owner", f"{SIGNER.pw_name}:mail"],
        f"{SIGNER.pw_name}:mail",
        "",
    ),
    "the folder's owner": ("nobody", {}, [], f"nobody:{grp.getgrgid(OTHER.pw_gid).gr_name}", ""),
    "OpenDKIM's UserID": (
        None,
        {OPENDKIM_CONF: f"UserID {SIGNER.pw_name}:{GROUP}\n"},
        [],
        SIGNERS,
        "",
    ),
    "the folder's owner before OpenDKIM's UserID": (
        "nobody",
        {OPENDKIM_CONF: f"UserID {SIGNER.pw_name}\n"},
        [],
        f"nobody:{grp.getgrgid(OTHER.pw_gid).gr_name}",
        "",
    ),
    "--owner before OpenDKIM's UserID": (
        None,
        {OPENDKIM_CONF: "UserID nobody\n"},
        ["--owner", SIGNER.pw_name],
        SIGNERS,
        "",
    ),
    "a unit's own file": (
        None,
        {
            UNIT: "[Service]\nExecStart=/usr/sbin/opendkim -x /etc/mail/dkim.conf\n",
            "etc/mail/dkim.conf": f"UserID {SIGNER.pw_name}\n",
        },
        [],
        SIGNERS,
        "",
    ),
    "a unit's User": (
        None,
        {
            UNIT: f"[Service]\nUser={SIGNER.pw_name}\nExecStart=/usr/sbin/opendkim\n",
            OPENDKIM_CONF: "Mode s\n",
        },
        [],
        SIGNERS,
        "",
    ),
    "Red Hat's OPTIONS": (
        None,
        {
            UNIT: "[Service]\nEnvironmentFile=-/etc/sysconfig/opendkim\nExecStart=/usr/sbin/opendkim $OPTIONS\n",
            "etc/sysconfig/opendkim": f'# start-up\nOPTIONS="-x /etc/opendkim.conf -u {SIGNER.pw_name} -P /run/opendkim/opendkim.pid"\n',
            OPENDKIM_CONF: "Mode s\n",
        },
        [],
        SIGNERS,
        "",
    ),
    "Rspamd's User": (
        None,
        {
            "lib/systemd/system/rspamd.service": f"[Service]\nUser={SIGNER.pw_name}\n",
            "etc/rspamd/rspamd.conf": "",
        },
        [],
        SIGNERS,
        "",
    ),
    "two programs": (
        None,
        {
            "lib/systemd/system/rspamd.service": "[Service]\nUser=nobody\n",
            "etc/rspamd/rspamd.conf": "",
            OPENDKIM_CONF: f"UserID {SIGNER.pw_name}\n",
        },
        [],
        "root:root",
        BELONGS.format(f"this host runs OpenDKIM as {SIGNER.pw_name} and Rspamd as nobody"),
    ),
    "OpenDKIM runs as root": (
        None,
        {OPENDKIM_CONF: "UserID root\n"},
        [],
        "root:root",
        "belongs to root, and a signing program runs",
    ),
    "a user who is not there": (
        None,
        {OPENDKIM_CONF: "UserID nosuchuser\n"},
        [],
        "root:root",
        "belongs to root, and a signing program runs",
    ),
}


@pytest.mark.parametrize("case", HEIRS)
def test_root_gives_a_new_key_to_the_user_that_signs(
    repo: RepoFolder, keys: Path, etc: Callable[[str, str], None], case: str
) -> None:
    owned, configuration, arguments, whose, said = HEIRS[case]
    for name, text in configuration.items():
        etc(name, text)
    if owned is not None:
        keys.mkdir(mode=0o700)
        os.chown(keys, OTHER.pw_uid, OTHER.pw_gid)
    before = os.umask(0o077)
    try:
        made = keygen(repo, keys, *arguments)
    finally:
        os.umask(before)
    assert made.code == 0, made.said
    assert owners(keys) == {whose}
    assert ("belongs to root" in made.err) is bool(said)
    assert said in made.err
    private = keys / "example.com/s1.private"
    reads = subprocess.run(
        ["cat", str(private)],
        user=whose.partition(":")[0],
        group=0,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    assert reads.returncode == 0, reads.stderr


@pytest.mark.parametrize("mode", [0o700, 0o711, None])
def test_what_keygen_says_to_do_is_enough_for_another_user(
    repo: RepoFolder, keys: Path, mode: int | None
) -> None:
    if mode is not None:
        keys.mkdir(mode=mode)
    said = keygen(repo, keys).err
    [command] = re.findall(r"chown -R USER \S+(?=,)", said)
    subprocess.run(command.replace("USER", SIGNER.pw_name).split(), check=True)
    private = str(keys / "example.com/s1.private")
    subprocess.run(
        ["cat", private],
        user=SIGNER.pw_name,
        group=0,
        extra_groups=[],
        capture_output=True,
        check=True,
    )


def test_a_folder_that_the_owner_may_not_pass_is_refused(repo: RepoFolder, keys: Path) -> None:
    keys.mkdir(mode=0o700)
    refused = keygen(repo, keys, "--owner", SIGNER.pw_name)
    assert refused.code == 1
    assert refused.err == (
        f"{keys}: {SIGNER.pw_name} may not enter this folder, and could not read the key; "
        f"chown {SIGNER.pw_name} {keys}, or use another folder\n"
    )
    assert not list(keys.rglob("*"))
    assert "s1" not in (repo.root / "zones/policy/policy.yaml").read_text()
    subprocess.run(["chown", SIGNER.pw_name, str(keys)], check=True)  # as it says
    assert keygen(repo, keys, "--owner", SIGNER.pw_name).code == 0
    refused = keygen(repo, keys, "--selector", "s2", "--owner", "nobody")
    assert refused.code == 1
    assert f"{keys}: nobody may not enter this folder" in refused.err


def test_the_keys_of_another_user_stay_within_that_users_reach(
    repo: RepoFolder, keys: Path
) -> None:
    assert keygen(repo, keys, "--owner", SIGNER.pw_name).code == 0
    keys.chmod(0o755)
    refused = keygen(repo, keys, "--selector", "s2", "--owner", "nobody")
    assert refused.code == 1
    assert (
        f"{keys}/example.com: belongs to {SIGNER.pw_name}, who would lose the keys in it; use --owner {SIGNER.pw_name}"
        in refused.err
    )
    assert (
        keygen(repo, keys, "--selector", "s2").code == 0
    )  # nobody named: whose the other keys are
    assert owners(keys) == {SIGNERS}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "nosuchuser",
            "--owner nosuchuser: this host has no user 'nosuchuser'; name the one that your signing program runs as",
        ),
        ("daemon:nosuchgroup", "--owner daemon:nosuchgroup: this host has no group 'nosuchgroup'"),
    ],
)
def test_an_owner_who_is_not_there(repo: RepoFolder, keys: Path, text: str, message: str) -> None:
    refused = keygen(repo, keys, "--owner", text)
    assert (refused.code, refused.err) == (1, message + "\n")
    assert not keys.exists()


def test_nobody_but_root_gives_a_key_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: OTHER.pw_uid)
    with pytest.raises(
        MailAuthError,
        match="--owner daemon: only root may give a key to another user; run this as root, or as daemon",
    ):
        key_owner.heir(tmp_path, key_owner.named("daemon"))
    assert key_owner.heir(tmp_path, key_owner.named("nobody")) == (None, "")
