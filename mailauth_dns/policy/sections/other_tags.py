"""The names in an `other` mapping: tags and fields that have no key of their own."""

from __future__ import annotations

from pydantic import AfterValidator

from mailauth_dns.typed_yaml.scalars import fail


def unlike(*known: str) -> AfterValidator:
    """Return a validator of the names in `other`: what has a key of its own stands there."""

    def check(text: str) -> str:
        if text.lower() in known:
            fail(
                f"{text} is known; give it as the key {text.lower()}"
                if text.lower() != "v"
                else "v is written by itself; leave it out"
            )
        return text

    return AfterValidator(check)
