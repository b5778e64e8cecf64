"""Addresses: what stands before the @, and what is none."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.mailbox import domain_of

VALID = [
    ("alice@example.com", "example.com"),
    ("alice@Example.COM.", "example.com"),
    ("a.b-c+d=e/f@example.com", "example.com"),
    ("!#$%&'*+-/=?^_`{|}~@example.com", "example.com"),
    ('"a@b"@example.com', "example.com"),
    ('"a b\\"c, <d>"@example.com', "example.com"),
    ('""@example.com', "example.com"),
    ("j\u00f6rg@b\u00fccher.example", "xn--bcher-kva.example"),
    (f"{'a' * 64}@example.com", "example.com"),
    ("root@localhost", "localhost"),
]


@pytest.mark.parametrize(("text", "domain"), VALID)
def test_an_address_has_a_domain(text: str, domain: str) -> None:
    assert domain_of(text) == domain


INVALID = [  # text, what is said, the part at fault
    ("", "'' is not an address; write one such as alice@example.com", ""),
    ("alice", "'alice' is not an address; write one such as alice@example.com", "alice"),
    (
        "@example.com",
        "'@example.com' is not an address; write one such as alice@example.com",
        "@example.com",
    ),
    (
        "a\n@example.com",
        "'a\\n@example.com' is not an address; write one such as alice@example.com",
        "a\n@example.com",
    ),
    (
        "a@b@example.com",
        "'a@b' cannot stand before an '@' unless it is quoted; write one such as alice@example.com",
        "a@b",
    ),
    (
        "a b@example.com",
        "'a b' cannot stand before an '@' unless it is quoted; write one such as alice@example.com",
        "a b",
    ),
    (
        "Alice <a@example.com>",
        "'Alice <a' cannot stand before an '@' unless it is quoted; write one such as "
        "alice@example.com",
        "Alice <a",
    ),
    (
        ".a@example.com",
        "'.a' cannot stand before an '@' unless it is quoted; write one such as alice@example.com",
        ".a",
    ),
    (
        "a..b@example.com",
        "'a..b' cannot stand before an '@' unless it is quoted; write one such as "
        "alice@example.com",
        "a..b",
    ),
    (
        '"a"b"@example.com',
        "'\"a\"b\"' cannot stand before an '@' unless it is quoted; write one such as "
        "alice@example.com",
        '"a"b"',
    ),
    (f"{'a' * 65}@example.com", "at most 64 octets can stand before the '@'", "a" * 65),
    ("a@", "'' is no domain: expected a domain name", ""),
    ("a@example..com", "'example..com' is no domain: expected a label before the dot", "."),
    (
        "a@exa mple.com",
        "'exa mple.com' is no domain: a label holds letters, digits, '-' and '_'",
        "exa mple",
    ),
    (
        "a@[192.0.2.1]",
        "'[192.0.2.1]' is no domain: a label holds letters, digits, '-' and '_'",
        "[192",
    ),
    (
        "a@*.example.com",
        "'*.example.com' is no domain: no mail comes from a wildcard",
        "*.example.com",
    ),
]


@pytest.mark.parametrize(("text", "said", "part"), INVALID)
def test_what_is_none_is_told_with_the_part_at_fault(text: str, said: str, part: str) -> None:
    with pytest.raises(RecordSyntaxError) as caught:
        domain_of(text)
    assert (caught.value.expected, text[caught.value.start : caught.value.end]) == (said, part)
