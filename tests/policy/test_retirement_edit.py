"""`retired` is spliced into a policy: every other character stays as it is."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.retirement_edit import with_retired

DAY = "2026-12-01"
EDITS = [
    ("senders: {a: {}}\n", "senders: {a: {retired: 2026-12-01}}\n"),
    ("senders: {a: {x: y}, b: {}} # c\n", "senders: {a: {x: y, retired: 2026-12-01}, b: {}} # c\n"),
    ("senders:\n  a: {}   # news\n", "senders:\n  a: {retired: 2026-12-01}   # news\n"),
    (
        "senders:\n  a:\n    x: y  # z\n  b: {}\nttl: 60\n",
        "senders:\n  a:\n    x: y  # z\n    retired: 2026-12-01\n  b: {}\nttl: 60\n",
    ),
    (
        "senders:\r\n  a:\r\n    x: [p,\r\n      q]\r\n",
        "senders:\r\n  a:\r\n    x: [p,\r\n      q]\r\n    retired: 2026-12-01\r\n",
    ),
    ("senders: {b: {}}\n", "senders: {b: {}, a: {retired: 2026-12-01}}\n"),
    ("ttl: 60", "ttl: 60\nsenders:\n  a: {retired: 2026-12-01}"),
    ("\ufeffsenders: {a: {}}\n", "\ufeffsenders: {a: {retired: 2026-12-01}}\n"),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_only_the_day_is_added(before: str, after: str) -> None:
    assert with_retired("p.yaml", before, "a", DAY) == after


REFUSED = [
    ("senders: {a: {retired: 2026-01-01}}\n", "has `retired` already"),
    ("senders: {a: x}\n", "write the change by hand: `retired: 2026-12-01` below senders.a"),
    ("senders: none\n", "write the change by hand"),
    ("senders:\n  a:\n", "write the change by hand"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_cannot_be_edited_is_refused(text: str, said: str) -> None:
    with pytest.raises(MailAuthError, match=said):
        with_retired("p.yaml", text, "a", DAY)
