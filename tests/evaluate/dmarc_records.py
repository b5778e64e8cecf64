"""DMARC records for tests, and the questions that find them."""

from __future__ import annotations

NONE = "v=DMARC1; p=none"
REJECT = "v=DMARC1; p=reject"
PSD = "v=DMARC1; p=reject; psd=y"
OWN = "v=DMARC1; p=reject; psd=n"

Sets = dict[str, str | list[str]]


def records(at: dict[str, str | list[str]]) -> Sets:
    """Return DMARC records by their domains."""
    return {f"_dmarc.{domain} TXT": texts for domain, texts in at.items()}


def queries(*domains: str) -> list[str]:
    return [f"_dmarc.{domain} TXT" for domain in domains]


ALL = "v=DMARC1; p=none; sp=quarantine; np=reject"
