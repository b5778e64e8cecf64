"""Which keys can be adopted: the file has a usable key, and policy and DNS have the same one."""

from __future__ import annotations

from pathlib import Path

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import exposure, keypair, private_files
from mailauth_dns.keys.declared import Key, keys_of
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.keypair import KeyPair
from mailauth_dns.policy import public_key_files
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection


def read(file: Path, root: Path, *, moved: bool) -> KeyPair:
    """Return the key pair of a file; `moved` is whether the file is deleted later.

    Raises:
        MailAuthError: it holds no usable key, is in git or in the repo at `root`, or is a link that
            is to be moved.
    """
    private_files.refuse_inside(file, root)
    if moved and file.is_symlink():
        raise MailAuthError(f"{file}: is a link; to move the key, name the file that it leads to")
    real = file.resolve()
    if real in (exposure.in_git(real.parent) or ()):
        raise MailAuthError(
            f"{file}: is kept in git, so others may have it; make a new key with `dkim keygen`"
        )
    try:
        return keypair.read(private_files.octets(file))
    except OSError as error:
        raise MailAuthError(f"{file}: {error.strerror}") from None
    except public_key_files.KeyFileError as error:
        raise MailAuthError(
            f"{file}: {error}; give the file that the signing program uses, "
            "as PEM or an Ed25519 seed"
        ) from None


def check_policy(
    policy: Policy, name: str, section: SelectorSection | None, public: PublicKey
) -> None:
    """Refuse a key that is not the one that the policy declares under this selector.

    Raises:
        MailAuthError: it is another key, a delegation, or a key that has ended.
    """
    if section is None:
        return
    where = f"{policy.path}: {name}"
    if section.cname is not None:
        raise MailAuthError(
            f"{where} is delegated to {section.cname}, whose owner has its key; "
            "there is nothing to adopt"
        )
    if section.state in (KeyState.REVOKED, KeyState.ABSENT):
        raise MailAuthError(
            f"{where} is {section.state}; a key that has ended does not come back: "
            "make a new one with `dkim keygen`"
        )
    declared = next(key.public for key in keys_of(policy) if key.selector == name)
    if declared != public:
        raise MailAuthError(
            f"{where} declares another key: the file is not its private half, "
            "so every signature with it would fail"
        )


def check_dns(key: Key, in_dns: KeyInDns) -> None:
    """Refuse a key that is not the one in DNS.

    Raises:
        MailAuthError: DNS has another key, or an empty one.
    """
    if in_dns.state in ("other", "revoked"):
        what = "another key" if in_dns.state == "other" else "an empty key"
        raise MailAuthError(
            f"{key.name}: DNS has {what}, and mail signed with this one would fail; "
            "make a new key with `dkim keygen`"
        )
