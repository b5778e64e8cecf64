"""The names of new selectors: the one that you give, or the policy's template filled in."""

from __future__ import annotations

import os.path
from datetime import datetime
from pathlib import Path

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.keys import private_files
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import DkimSection
from mailauth_dns.records import dkim
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName, domain_name

# Behind a template's name that is taken: few domains make several keys a day.
_LETTERS = ("", *"bcdefghijklmnopqrstuvwxyz")


def checked(selector: str, domain: DomainName) -> str:
    """Return a selector in its one spelling.

    Raises:
        MailAuthError: it is no selector, or too long for the domain. The message does not show a
            text that may be a pasted key.
    """
    # A longer text may be a private key that was pasted: an Ed25519 one has 44 characters.
    shown = selector if len(selector) <= 40 else f"of {len(selector)} characters"
    try:
        name = domain_name(selector)
    except RecordSyntaxError as error:
        reason = error if shown == selector else error.expected
        raise MailAuthError(f"selector {shown}: {reason}") from None
    if "*" in name or len(dkim.owner_name(name, domain)) > 253:
        raise MailAuthError(
            f"selector {shown}: write one or more labels such as mx2026, "
            "short enough for a name of 253 octets"
        )
    return name


def unused(policy: Policy, named: str, folder: Path, public_folder: Path) -> str:
    """Return the selector that the user gave, in its one spelling.

    `folder` is where private keys are.

    Raises:
        MailAuthError: the policy declares it, or it has a key already.
    """
    name = checked(named, policy.domain)
    if name in _declared(policy).selectors:
        raise MailAuthError(
            f"{policy.path} declares {name} already; a new key needs a new selector"
        )
    if found := _files(policy, name, folder, public_folder):
        said = f"{found[0]} is there already; a new key needs a new selector"
        private = private_files.path_of(folder, policy.domain, name)
        if found[0] == private:  # an interrupted run leaves it so
            private_files.sweep_folder(private.parent)
            said = f"{said}; {way_on(policy, name, private, public_folder / f'{name}.pem')}"
        raise MailAuthError(said)
    return name


def from_template(
    policy: Policy, type: KeyType, folder: Path, public_folder: Path, now: datetime
) -> str:
    """Return the first name that the policy's template gives and nothing uses yet.

    Raises:
        MailAuthError: every name is taken.
    """
    section = _declared(policy)
    filled = section.selector_template.replace("{date}", f"{now:%Y%m%d}").replace("{type}", type)
    for letter in _LETTERS:
        name = checked(filled + letter, policy.domain)
        if name not in section.selectors and not _files(policy, name, folder, public_folder):
            return name
    raise MailAuthError(
        f"{policy.domain}: {filled} and all its letters are taken; name one with --selector"
    )


def _declared(policy: Policy) -> DkimSection:
    return policy.body.dkim or DkimSection()


def _files(policy: Policy, name: str, folder: Path, public_folder: Path) -> list[Path]:
    """Return the files that a selector's key has already."""
    private = private_files.path_of(folder, policy.domain, name)
    paths = (private, private_files.seed_of(private), public_folder / f"{name}.pem")
    return [path for path in paths if os.path.lexists(path)]


def way_on(policy: Policy, selector: str, private: Path, public: Path) -> str:
    """Say what to do with a private key that exists and that the policy does not name."""
    return (
        f"{policy.path} does not name it; to use it, write its public half "
        f"(openssl pkey -in {private} -pubout -out {public}) and "
        f"`{selector}: {{key: {selector}.pem, state: pending}}` in dkim.selectors; "
        "or delete it, with the files of its name in both folders"
    )
