"""Which keys sign: the active ones whose private half is ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from mailauth_dns.keys.declared import Key, keys_of
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState
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
        """The record's owner name, which OpenDKIM's tables use for the key."""
        return dkim.owner_name(self.selector, self.domain)


def signing(key: Key) -> bool:
    """Tell whether a key signs: it is ours and active."""
    return key.ours and key.section.state is KeyState.ACTIVE


def signers(policies: Iterable[Policy], key_dir: PurePosixPath) -> tuple[Signer, ...]:
    """Return the keys that sign for these policies.

    Their private halves are below `key_dir`, as `dkim keygen` puts them.
    """
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
