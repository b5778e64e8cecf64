"""Public keys as files of the zone repo: zones/keys/<domain>/<selector>.pem."""

from __future__ import annotations

from pathlib import Path

from mailauth_dns.atomic_files import own_folder, replace_file
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import KEY_DIR


def folder_of(repo: Repo, policy: Policy) -> Path:
    """Return the folder for the public keys of a policy's domain.

    Raises:
        MailAuthError: a link leads out of the repo.
    """
    try:
        own_folder(repo.root, KEY_DIR / policy.domain)
    except OSError as error:
        raise MailAuthError(f"{error.filename}: {error.strerror}") from None
    return repo.root / KEY_DIR / policy.domain


def make_folder(folder: Path) -> None:
    """Make a folder for public keys where there is none.

    Raises:
        MailAuthError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MailAuthError(f"{error.filename}: {error.strerror}") from None


def write(path: Path, pem: bytes) -> None:
    """Write the public half of a key, and wait until the disk has it.

    Raises:
        MailAuthError: it cannot be written.
    """
    try:
        replace_file(path, pem, durable=True)
    except OSError as error:
        raise MailAuthError(f"{error.filename or path}: {error.strerror}") from None
