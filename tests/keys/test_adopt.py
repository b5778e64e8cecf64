"""A key of one's own that a policy has as published becomes ours, and what keeps it from that."""

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
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mailauth_dns.keys import adoption, keypair
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.policy import public_key_files
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.dkim import KeyType
from tests.conftest import Ran, RepoFolder
from tests.keys.keyhost import ZONE, Host
from tests.keys.test_meanwhile import during
from tests.keys.test_privacy import assert_secret, secrets_of, texts_of
from tests.keys.test_private_files import KILLED, mode

RSA, ED25519 = KeyType.RSA, KeyType.ED25519


def pkcs1(pair: KeyPair) -> bytes:
    private = load_pem_private_key(pair.private_pem, None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def encrypted(pair: KeyPair) -> bytes:
    private = load_pem_private_key(pair.private_pem, None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))


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


class Own:
    """A policy that has a key as published, and its private half somewhere else on the host."""

    def __init__(self, host: Host, type: KeyType = RSA, served: bool = True) -> None:
        self.host, self.root = host, host.repo.root
        self.pair = keypair.generate(type)
        self.folder = host.private_dir / "signer"
        self.folder.mkdir(mode=0o700)
        self.file = self.folder / "mail.private"
        self.write(self.pair.private_pem)
        self.text = (
            f"domain: example.com # ours\nspf: {{all: fail}}\ndkim:\n  selectors:\n"
            f"    mail: {{p: {self.pair.public.p}, k: {type}, t: s, n: first}} # of the old server\n"
        )
        host.path.write_text(self.text)
        if served:
            host.publish()

    def write(self, octets: bytes, bits: int = 0o600) -> None:
        self.file.write_bytes(octets)
        self.file.chmod(bits)

    def adopt(self, *arguments: str, folder: bool = True) -> Ran:
        where = ["--private-dir", str(self.host.private_dir)] if folder else []
        return self.host.run(
            "dkim",
            "adopt",
            "example.com",
            "mail",
            "--private-key",
            str(self.file),
            *where,
            *arguments,
        )

    @property
    def private(self) -> Path:
        return self.host.private_dir / "example.com/mail.private"

    @property
    def public(self) -> Path:
        return self.root / "zones/keys/example.com/mail.pem"

    def assert_ours(self) -> None:
        assert public_key_files.read(self.public.read_bytes()) == self.pair.public
        assert re.search(
            rf"    mail: \{{k: {self.pair.public.k}, t: s, n: first, key: mail\.pem(, seen: 20\S+Z)?\}} # of the old server\n",
            self.host.policy,
        ), self.host.policy

    def assert_untouched(self) -> None:
        assert self.host.policy == self.text
        assert not self.public.exists()
        assert not self.private.exists()


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


def other_key(own: Own) -> None:
    own.write(keypair.generate(RSA).private_pem)


def other_key_in_dns(own: Own) -> None:
    other = keypair.generate(RSA)
    own.text = own.text.replace(own.pair.public.p, other.public.p)
    own.host.path.write_text(own.text)
    own.write(other.private_pem)


def revoked_in_dns(own: Own) -> None:
    own.root.joinpath("served/example.com.zone").write_text(
        ZONE.format(ttl=60) + 'mail._domainkey TXT "v=DKIM1; p="\n'
    )


def in_the_repo(own: Own) -> None:
    (own.root / "mail.private").write_bytes(own.file.read_bytes())
    own.file = own.root / "mail.private"


def linked_into_the_repo(own: Own) -> None:
    in_the_repo(own)
    link = own.folder / "link"
    link.symlink_to(own.file)
    own.file = link


def in_another_work_tree(own: Own) -> None:
    subprocess.run(["git", "-C", str(own.folder), "init", "-q"], check=True)
    subprocess.run(["git", "-C", str(own.folder), "add", own.file.name], check=True)


def policy(text: str) -> Callable[[Own], None]:
    def edit(own: Own) -> None:
        own.text = f"domain: example.com\n{text}"
        own.host.path.write_text(own.text)

    return edit


def another_public_half(own: Own) -> None:
    own.root.joinpath("zones/keys/example.com").mkdir(exist_ok=True)
    own.root.joinpath("zones/keys/example.com/mail.pem").write_bytes(
        keypair.generate(RSA).public_pem
    )


def pipe(own: Own) -> None:
    own.file.unlink()
    os.mkfifo(own.file)


REFUSED: dict[str, tuple[Callable[[Own], object], str]] = {
    "another key": (other_key, "mail declares another key: the file is not its private half"),
    "another key in DNS": (other_key_in_dns, "mail._domainkey.example.com: DNS has another key"),
    "revoked in DNS": (revoked_in_dns, "mail._domainkey.example.com: DNS has an empty key"),
    "encrypted": (
        lambda own: own.write(encrypted(own.pair)),
        "the private key is encrypted; mail servers cannot ask for its password",
    ),
    "a public key": (
        lambda own: own.write(own.pair.public_pem),
        "is not a private key, or is broken",
    ),
    "a seed of another public key": (
        lambda own: own.write(b"\1" * 64),
        "is not a private key, or is broken",
    ),
    "an elliptic curve": (
        lambda own: own.write(
            subprocess.run(
                ["openssl", "ecparam", "-name", "prime256v1", "-genkey"],
                capture_output=True,
                check=True,
            ).stdout
        ),
        "DKIM knows RSA and Ed25519 keys only",
    ),
    "empty": (lambda own: own.write(b""), "is not a private key, or is broken"),
    "not there": (lambda own: own.file.unlink(), "mail.private: No such file or directory"),
    "a pipe": (pipe, "is not a regular file"),
    "in the repo": (in_the_repo, "keep private keys in a folder outside it"),
    "a link into the repo": (linked_into_the_repo, "keep private keys in a folder outside it"),
    "in another git work tree": (in_another_work_tree, "is kept in git, so others may have it"),
    "delegated": (
        policy("dkim: {selectors: {mail: {cname: k.example.net}}}\n"),
        "is delegated to k.example.net",
    ),
    "revoked": (
        policy("dkim: {selectors: {mail: {state: revoked}}}\n"),
        "is revoked; a key that has ended does not come back",
    ),
    "parked": (policy("parked: true\n"), "is parked and sends no mail"),
    "a bad name": (policy("dkim: null\n"), "there is no place for dkim.selectors"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_changes_nothing(host: Host, case: str) -> None:
    own = Own(host)
    act, message = REFUSED[case]
    act(own)
    refused = own.adopt()
    assert (refused.code, refused.out) == (1, ""), refused.said
    assert message in refused.err
    own.assert_untouched()


def test_keys_that_are_there_are_never_written_over(host: Host) -> None:
    own = Own(host)
    other = keypair.generate(RSA)
    own.private.parent.mkdir(exist_ok=True)
    own.private.write_bytes(other.private_pem)
    refused = own.adopt()
    assert (
        f"{own.private}: is there already, and is not this key; it is never overwritten"
        in refused.err
    )
    assert (refused.code, own.private.read_bytes(), host.policy) == (1, other.private_pem, own.text)
    own.private.unlink()
    own.public.write_bytes(other.public_pem)
    refused = own.adopt()
    assert f"{own.public}: is there already, and holds another key" in refused.err
    assert (refused.code, own.public.read_bytes(), host.policy) == (1, other.public_pem, own.text)


def test_a_link_is_read_and_not_moved(host: Host) -> None:
    own = Own(host)
    link = own.folder / "link"
    link.symlink_to(own.file)
    own.file = link
    refused = own.adopt("--move")
    assert (
        refused.code,
        "is a link; to move the key, name the file that it leads to" in refused.err,
    ) == (1, True)
    assert own.adopt().code == 0
    assert link.is_symlink()


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


def test_a_policy_that_is_edited_meanwhile_is_left(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Own(host)
    during(monkeypatch, adoption, "_ask", lambda: host.path.write_text(own.text + "# edited\n"))
    refused = own.adopt()
    assert refused.code == 1
    assert (
        "was changed while DNS was asked, and is left as it is; run the command again"
        in refused.err
    )
    assert host.policy == own.text + "# edited\n"
    assert own.adopt().code == 0
    assert host.policy.endswith("# edited\n")


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


USAGE = [
    (["--move", "--leave"], "--move and --leave: give one"),
    (["--leave"], "--leave copies nothing, so it takes no --private-dir and no --owner"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE)
def test_bad_usage_is_1(host: Host, arguments: list[str], message: str) -> None:
    own = Own(host)
    refused = own.adopt(*arguments)
    assert (refused.code, message in refused.err) == (1, True)
    own.assert_untouched()


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
