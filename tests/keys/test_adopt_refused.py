"""What keeps a key from being adopted, and changes nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from mailauth_dns.keys import adoption, keypair
from mailauth_dns.keys.keypair import KeyPair
from tests.keys.keyhost import ZONE, Host
from tests.keys.own_key import RSA, Own
from tests.keys.test_meanwhile import during


def encrypted(pair: KeyPair) -> bytes:
    private = load_pem_private_key(pair.private_pem, None)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))


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


def test_a_policy_that_is_edited_meanwhile_is_left(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Own(host)
    during(monkeypatch, adoption, "_ask", lambda: host.path.write_text(own.text + "# edited\n"))
    refused = own.adopt()
    assert refused.code == 1
    assert "was changed while this ran, and is left as it is; run the command again" in refused.err
    assert host.policy == own.text + "# edited\n"
    assert own.adopt().code == 0
    assert host.policy.endswith("# edited\n")


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
