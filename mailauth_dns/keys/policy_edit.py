"""Policy files edited in place: read, edited and replaced in one go, in which runs of ours take turns.

To make a key and to ask DNS take seconds, in which people edit: what was read before that is never written back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns import atomic_files
from mailauth_dns.errors import MailAuthError, PolicyError
from mailauth_dns.keys.lifecycle import Keys
from mailauth_dns.policy import document
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.selector_edit import with_keys


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into a policy for one selector."""

    path: str
    selector: str
    keys: Keys

    def __str__(self) -> str:
        """Return it as a line for people."""
        said = ", ".join(
            f"{key}: {value}" if value is not None else f"{key} taken out"
            for key, value in self.keys.items()
        )
        return f"{self.path}: {self.selector}: {said}"


@contextmanager
def alone(root: Path, path: str) -> Iterator[None]:
    """Let no other run of ours edit a policy; it is not to be held while something is waited for.

    Raises:
        MailAuthError: its folder cannot be read.
    """
    try:
        with atomic_files.alone(atomic_files.followed(root / path).parent):
            yield
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None


def read(root: Path, path: str) -> str:
    """Return a policy's text.

    Raises:
        MailAuthError: it cannot be read.
    """
    try:
        # Line ends and a byte order mark are the file's own and stay.
        return (root / path).read_bytes().decode("utf-8")
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MailAuthError(
            f"{path}: is not UTF-8 any more; mend it, and run the command again"
        ) from None


def write(root: Path, policy: Policy, changes: Mapping[str, Keys]) -> tuple[Written, ...]:
    """Change selectors in a policy's file.

    Raises:
        MailAuthError: it cannot be written, or is no longer as it was when DNS was asked, by which the changes were chosen.
    """

    def edited(text: str) -> str:
        check_unchanged(policy, text)
        for selector, keys in changes.items():
            text = with_keys(policy.path, text, selector, keys)
        return text

    if not changes:
        return ()
    with alone(root, policy.path):
        edit(root, policy.path, edited)
    return tuple(Written(policy.path, selector, keys) for selector, keys in changes.items())


def check_unchanged(policy: Policy, text: str) -> None:
    """Refuse a policy's text that is no longer as it was when DNS was asked.

    Raises:
        DocumentError: it is no policy document any more.
        MailAuthError: it has changed.
    """
    if (
        document.read(policy.path, text.encode()).place.source.lines
        != policy.root.place.source.lines
    ):
        raise MailAuthError(
            f"{policy.path}: was changed while DNS was asked, and is left as it is; run the command again"
        )


def edit(root: Path, path: str, edited: Callable[[str], str]) -> None:
    """Put in a policy's place what `edited` makes of it as it is now; the caller holds `alone`.

    Raises:
        MailAuthError: it cannot be edited or written, or has changed in between.
    """
    before = read(root, path)
    _replace(root, path, before, tried(edited, before))


def tried(edited: Callable[[str], str], text: str) -> str:
    """Return what `edited` makes of a policy's text.

    Raises:
        MailAuthError: it cannot be edited.
    """
    try:
        return edited(text)
    except document.DocumentError as error:  # it was one when the run began
        raise PolicyError(error.problems) from None


def _replace(root: Path, path: str, before: str, after: str) -> None:
    try:
        atomic_files.replace_file(
            atomic_files.followed(root / path),
            after.encode(),
            durable=True,
            instead_of=before.encode(),
        )
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
