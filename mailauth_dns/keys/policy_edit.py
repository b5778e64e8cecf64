"""Policy files edited in place: read, edited and replaced in one go; runs of ours take turns.

To make a key and to ask DNS takes seconds, in which people edit the file: what was read before is
never written back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns import atomic_files
from mailauth_dns.errors import MailAuthError, PolicyError
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.selector_edit import with_keys
from mailauth_dns.policy.signature_edit import with_signer
from mailauth_dns.records.name import domain_name
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

SelectorEdit = Mapping[str, str | None]  # YAML keys of a selector; None takes one out


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into a policy for one selector.

    `tests` are the policy's tests that name it now, in place of a key that retires. `inherited` is
    the file whose tests name that key still, since all policies share it.
    """

    path: str
    selector: str
    keys: SelectorEdit
    tests: tuple[str, ...] = ()
    inherited: str = ""

    def __str__(self) -> str:
        """Return it as a line for people."""
        said = ", ".join(
            f"{key}: {value}" if value is not None else f"{key} taken out"
            for key, value in self.keys.items()
        )
        line = f"{self.path}: {self.selector}: {said}"
        if self.inherited:
            line += (
                f"; the tests in {self.inherited} name the old key still, and all policies share "
                f"them: write {self.selector} there, or give this policy tests of its own"
            )
        if not self.tests:
            return line
        names = ", ".join(f'"{name}"' for name in self.tests)
        return f"{line}; tests name it in place of the old key: {names}"


def check_editable(repo: Repo, policy: Policy) -> None:
    """Refuse a policy that cannot get a key of its own.

    Raises:
        MailAuthError: several domains share it, or it is parked.
    """
    sharing = [other.domain for other in repo.policies if other.path == policy.path]
    if len(sharing) > 1:
        raise MailAuthError(
            f"{policy.path} is the policy of {len(sharing)} domains, and each would need the key; "
            f"give {policy.domain} a policy of its own"
        )
    if policy.body.parked:
        raise MailAuthError(
            f"{policy.path}: {policy.domain} is parked and sends no mail; take `parked` out first"
        )


def spelling(policy: Policy, selector: str) -> str | None:
    """Return the selector as the policy's own file spells it; None where it is inherited."""
    selectors = yaml_tree.follow(policy.root, ("dkim", "selectors"))[0]
    assert isinstance(selectors, yaml_tree.Mapping)
    found = next(
        (name, place) for name, place in selectors.keys.items() if domain_name(name) == selector
    )
    return found[0] if found[1].source.path == policy.path else None


@contextmanager
def alone(root: Path, path: str) -> Iterator[None]:
    """Keep other runs of ours from editing a policy; hold it while nothing else is waited for.

    Raises:
        MailAuthError: its folder cannot be read.
    """
    try:
        with atomic_files.alone(atomic_files.followed(root / path).parent):
            yield
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None


def read(root: Path, path: str) -> str:
    """Return a policy's text as it is now.

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
            f"{path}: is no longer UTF-8; save it as UTF-8, and run the command again"
        ) from None


def write(
    root: Path,
    policy: Policy,
    changes: Mapping[str, SelectorEdit],
    successors: Mapping[str, str] | None = None,
) -> tuple[Written, ...]:
    """Change selectors in a policy's file; `changes` were chosen by what DNS said.

    `successors` are by the selector of a key that retires. The policy's tests name the successor
    from then on: once the old key is revoked, they would fail, and so refuse that plan.

    Raises:
        MailAuthError: it cannot be written, or has changed since DNS was asked.
    """
    tests: dict[str, tuple[str, ...]] = {}

    def edited(text: str) -> str:
        check_unchanged(policy, text)
        for selector, keys in changes.items():
            text = with_keys(policy.path, text, selector, keys)
        for old, new in (successors or {}).items():
            text, names = with_signer(policy.path, text, policy.domain, old, new)
            tests[new] = (*tests.get(new, ()), *names)
        return text

    if not changes:
        return ()
    with alone(root, policy.path):
        edit(root, policy.path, edited)
    inherited = {new: _inherited(policy, old) for old, new in (successors or {}).items()}
    return tuple(
        Written(policy.path, selector, keys, tests.get(selector, ()), inherited.get(selector, ""))
        for selector, keys in changes.items()
    )


def _inherited(policy: Policy, selector: str) -> str:
    """Return the file from which the policy inherits a test that names a selector of its own."""
    path = policy.place(("tests",)).source.path
    named = any(
        signature.s == selector and (signature.d or policy.domain) == policy.domain
        for test in policy.body.tests
        for signature in test.dkim
    )
    return path if named and path != policy.path else ""


def check_unchanged(policy: Policy, text: str) -> None:
    """Refuse a policy's text that has changed since it was read.

    Raises:
        DocumentError: it is no policy document any more.
        MailAuthError: it has changed.
    """
    now = yaml_reader.read(policy.path, text.encode()).place.source
    if now.lines != policy.root.place.source.lines:
        raise MailAuthError(
            f"{policy.path}: was changed while this ran, and is left as it is; "
            "run the command again"
        )


def edit(root: Path, path: str, edited: Callable[[str], str]) -> None:
    """Replace a policy by what `edited` makes of it as it is now; the caller holds `alone`.

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
    except yaml_reader.DocumentError as error:  # it was one when the run began
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
