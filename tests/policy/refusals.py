"""What a policy is refused with, as a user sees it."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import PolicyError
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder


def told(repo: RepoFolder) -> str:
    with pytest.raises(PolicyError) as caught:
        load_repo(repo.root)
    return str(caught.value) + "\n"


def marked(number: int, line: str, value: str) -> str:
    """Return a line of a policy as a message shows it, with its mark under `value`."""
    return f"{number:>5} | {line}\n      | {' ' * line.index(value)}^{'~' * (len(value) - 1)}\n"
