"""A key that you have already becomes ours."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailauth_dns.keys import keypair
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.dkim import KeyType
from tests.conftest import RepoFolder
from tests.keys.keyhost import Host
from tests.keys.own_key import ED25519, RSA, Own, pkcs1
from tests.keys.test_keygen_cut_off import KILLED
from tests.keys.test_privacy import assert_secret, secrets_of, texts_of
from tests.keys.test_private_files import mode


def long_seed(pair: KeyPair) -> bytes:
    """Return seed and public key, 64 octets, as NaCl has a private key."""
    assert pair.seed is not None
    return base64.b64decode(pair.seed) + base64.b64decode(pair.public.p)


FORMS: dict[str, tuple[KeyType, Callable[[KeyPair], bytes]]] = {
    "PKCS#8": (RSA, lambda pair: pair.private_pem),
    "PKCS#1": (RSA, pkcs1),
    "PKCS#1 with CRLF and text before": (
        RSA,
        lambda pair: b"Bag Attributes\r\n" + pkcs1(pair).replace(b"\n", b"\r\n"),
    ),
    "Ed25519 as PKCS#8": (ED25519, lambda pair: pair.private_pem),
    "Ed25519 seed in base64": (ED25519, lambda pair: pair.seed or b""),
    "Ed25519 seed and public key in base64": (
        ED25519,
        lambda pair: base64.encodebytes(long_seed(pair)),
    ),
    "Ed25519 seed and public key in octets": (ED25519, long_seed),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_private_key_is_adopted(host: Host, form: str) -> None:
    """DNS is as it was, the key is exported and checked, and no private octet is anywhere else."""
    type, written = FORMS[form]
    own = Own(host, type)
    own.write(written(own.pair))
    ran = own.adopt()
    assert ran.code == 0, ran.said
    own.assert_ours()
    assert "DNS: served" in ran.out
    assert f"also in  {own.file}: delete it when no program uses it" in ran.out
    assert keypair.public_half(own.private.read_bytes()) == own.pair.public
    assert own.private.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert {mode(path) for path in own.private.parent.iterdir()} == {0o600}
    assert (own.private.with_name("mail.seed").exists()) is (type is ED25519)
    assert own.host.run("plan", "--detailed-exitcode").code == 0
    assert own.host.run("dkim", "check", "--private-dir", str(host.private_dir)).code == 0
    export = own.host.run(
        "export",
        "example.com",
        "--format",
        "rspamd",
        "--allow",
        "DKIM031",
        "--private-dir",
        str(host.private_dir),
    )
    assert "mail" in export.said
    assert_secret(secrets_of(host.private_dir / "example.com"), texts_of(own.root, ran), form)


def test_the_file_is_left_or_moved_as_told(host: Host) -> None:
    own = Own(host)
    left = own.adopt("--leave", folder=False)
    assert left.code == 0, left.said
    own.assert_ours()
    assert own.file.exists()
    assert not own.private.exists()
    moved = own.adopt("--move", "--format", "json")
    assert moved.code == 0, moved.said
    assert not own.file.exists()
    assert own.private.exists()
    said = json.loads(moved.out)
    assert (said["private"], said["left"], said["public"], said["dns"]["state"]) == (
        str(own.private), None, "zones/keys/example.com/mail.pem", "served",
    )  # fmt: skip


def test_a_file_that_is_in_its_place_already_stays(host: Host) -> None:
    own = Own(host, ED25519)
    own.private.parent.mkdir(mode=0o700, exist_ok=True)
    own.file.rename(own.private)
    own.file = own.private
    before = own.private.read_bytes()
    for move in ((), ("--move",)):
        ran = own.adopt(*move)
        assert ran.code == 0, ran.said
        assert "also in" not in ran.out
        assert own.private.read_bytes() == before
        assert own.private.with_name("mail.seed").read_bytes() == own.pair.seed  # what Rspamd reads
    own.assert_ours()


def test_again_changes_nothing(host: Host) -> None:
    own = Own(host)
    first = own.adopt()
    after = host.policy
    assert (first.code, own.adopt().code, host.policy) == (0, 0, after)


def test_a_selector_that_the_policy_does_not_name_is_added_as_pending(host: Host) -> None:
    own = Own(host, served=False)
    host.path.write_text("domain: example.com\nspf: {all: fail}\n")
    ran = own.adopt()
    assert ran.code == 0, ran.said
    assert re.search(r"    mail: \{key: mail\.pem, state: pending, since: 20\S+Z\}\n", host.policy)
    assert "DNS: missing" in ran.out


def test_a_new_selector_that_dns_serves_is_active_with_the_tags_of_dns(host: Host) -> None:
    """It may sign already, and a plan changes nothing."""
    own = Own(host, ED25519)
    host.path.write_text(
        own.text.replace(
            "t: s, n: first", 't: "y:s", s: email, h: sha256, n: "of us, #1: ours", other: {x: "1"}'
        )
    )
    host.publish()
    host.path.write_text("domain: example.com\nspf: {all: fail}\n")
    ran = own.adopt()
    assert ran.code == 0, ran.said
    [policy] = load_repo(own.root).policies
    assert policy.body.dkim is not None
    section = policy.body.dkim.selectors["mail"]
    assert (section.k, section.t, section.s, section.h, section.n, section.other) == (
        "ed25519", "y:s", "email", "sha256", "of us, #1: ours", {"x": "1"},
    )  # fmt: skip
    assert (section.state, section.seen, section.key) == ("active", section.since, "mail.pem")
    assert section.seen is not None
    assert "ed25519, active" in ran.out
    assert host.run("plan", "--detailed-exitcode").code == 0
    assert host.run("dkim", "check", "--private-dir", str(host.private_dir)).code == 0


def test_a_selector_is_found_in_any_spelling_and_style(host: Host) -> None:
    own = Own(host)
    host.path.write_text(
        f'domain: example.com\ndkim:\n  selectors:\n    "MAIL":\n      p: >-\n        {own.pair.public.p}\n      state: retiring\n'
    )
    assert own.adopt().code == 0
    assert 'selectors:\n    "MAIL":\n      state: retiring\n      key: mail.pem\n' in host.policy


def test_what_dns_does_not_tell_is_unknown_and_never_absent(host: Host) -> None:
    own = Own(host)
    (own.root / "zones/policy/_defaults.yaml").write_text(
        'providers: [local]\nnameservers: ["127.0.0.1:1"]\n'
    )
    ran = own.adopt()
    assert ran.code == 0, ran.said
    assert "DNS: unknown (" in ran.out
    assert "seen" not in host.policy
    own.assert_ours()


def test_a_file_that_others_may_read_is_told(host: Host) -> None:
    own = Own(host)
    own.file.chmod(0o644)
    ran = own.adopt()
    assert ran.code == 0
    assert f"not safe: {own.file}: its mode is 0644: others than its owner may use it" in ran.out
    assert mode(own.private) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_key_that_root_adopts_belongs_to_the_folders_owner(host: Host) -> None:
    own = Own(host)
    os.chown(host.private_dir, 1234, 1234)
    assert own.adopt().code == 0
    assert own.private.stat().st_uid == 1234
    assert stat.S_IMODE(own.private.parent.stat().st_mode) == 0o700


SYNCS = 8  # key, seed, public half and policy: the file, and then the folder that it is put into


@pytest.mark.parametrize("step", range(1, SYNCS + 1))
def test_a_killed_run_leaves_a_policy_that_holds_and_is_run_again(host: Host, step: int) -> None:
    own = Own(host, ED25519)
    command = [
        "dkim",
        "adopt",
        "example.com",
        "mail",
        "--private-key",
        str(own.file),
        "--private-dir",
        str(host.private_dir),
        "--move",
    ]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(step), "-C", str(own.root), *command],
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert own.file.exists()  # it goes last
    assert host.run("lint").code == 0
    again = own.adopt("--move")
    assert again.code == 0, again.said
    own.assert_ours()
    assert not own.file.exists()
    assert keypair.public_half(own.private.with_name("mail.seed").read_bytes()) == own.pair.public
    assert host.run("dkim", "check", "--private-dir", str(host.private_dir)).code == 0


def test_an_imported_key_is_adopted(repo: RepoFolder, private_dir: Path) -> None:
    """From opendkim-genkey's file to a key of ours: nothing is written by hand."""
    pair = keypair.generate(RSA)
    file = private_dir / "default.private"
    file.write_bytes(pkcs1(pair))
    file.chmod(0o600)
    repo.write(
        "default.txt", f'default._domainkey IN TXT ( "v=DKIM1; k=rsa; "\n "p={pair.public.p}" )\n'
    )
    assert repo.run("import", "example.com", "--from-genkey", "default.txt", "--write").code == 0
    ran = repo.run(
        "dkim",
        "adopt",
        "example.com",
        "default",
        "--private-key",
        str(file),
        "--private-dir",
        str(private_dir),
    )
    assert ran.code == 0, ran.said
    [policy] = load_repo(repo.root).policies
    assert policy.keys["default"] == pair.public
