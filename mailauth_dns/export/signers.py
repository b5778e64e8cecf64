"""Which keys sign: the active ones whose private half is ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys.lifecycle import Key, keys_of
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records import dkim
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName


@dataclass(frozen=True, slots=True)
class Signer:
    """One key that signs; `path` is where the signing host has its private half."""

    domain: DomainName
    selector: str
    type: KeyType
    path: PurePosixPath

    @property
    def name(self) -> str:
        """The record's owner name, by which OpenDKIM's tables know the key."""
        return dkim.owner_name(self.selector, self.domain)


def signing(key: Key) -> bool:
    """Tell whether a key signs: it is active, and the policy has it as a file. Keys given as `p` or `cname` are their sender's."""
    return key.ours and key.section.state == "active"


def signers(policies: Iterable[Policy], key_dir: PurePosixPath) -> tuple[Signer, ...]:
    """Return the keys that sign for these policies, with their private halves below `key_dir` as `dkim keygen` lays them out."""
    return tuple(
        Signer(
            key.domain,
            key.selector,
            KeyType(key.public.k),
            key_dir / key.domain / f"{key.selector}.private",
        )
        for policy in policies
        for key in keys_of(policy)
        if signing(key) and key.public is not None
    )


def host_folder(text: str, option: str) -> PurePosixPath:
    """Return a folder on the signing host, as its programs' files can name it.

    Raises:
        MailAuthError: it is not absolute, or holds a character that means something else in those files.
    """
    if not re.fullmatch(r"/[A-Za-z0-9/._+@-]*", text):
        raise MailAuthError(f"{option} {text}: an absolute path of letters, digits and / . _ + @ -")
    return PurePosixPath(text)
