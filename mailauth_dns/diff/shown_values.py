"""Published values as they may be shown: a private key is published by mistake, and not shown."""

from __future__ import annotations

from mailauth_dns.records import dkim

NOT_SHOWN = "(a private key, which is not shown)"


def public(value: str) -> str:
    """Return a value, or what stands in its place where it holds a private key."""
    return NOT_SHOWN if dkim.holds_private_key(value) else value
