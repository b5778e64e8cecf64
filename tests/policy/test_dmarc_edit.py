"""Tags of `dmarc` are spliced into a policy: every other character stays as it is."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.section_edit import Tags, with_tags

QUARANTINE: Tags = {"p": "quarantine"}
TRY: Tags = {"p": "reject", "t": "y"}
END: Tags = {"t": None}
EDITS: list[tuple[str, Tags, str]] = [
    ("dmarc: {p: none}  # why\n", QUARANTINE, "dmarc: {p: quarantine}  # why\n"),
    ("dmarc: {'p': 'none', sp: none}\n", QUARANTINE, "dmarc: {'p': quarantine, sp: none}\n"),
    (
        "dmarc:\n  p: none   # later\n\nttl: 60",
        QUARANTINE,
        "dmarc:\n  p: quarantine   # later\n\nttl: 60",
    ),
    ("dmarc:\r\n  p: none\r\n", TRY, "dmarc:\r\n  p: reject\r\n  t: y\r\n"),
    (
        "dmarc: {p: none,\n  rua: [a,\n    b]}\n",
        TRY,
        "dmarc: {p: reject,\n  rua: [a,\n    b], t: y}\n",
    ),
    ("dmarc:\n  # a trial\n  t: y\n  p: reject\n", END, "dmarc:\n  # a trial\n  p: reject\n"),
    ("dmarc: {p: reject, t: y}\n", END, "dmarc: {p: reject}\n"),
    ("dmarc: {t: y, p: reject}\n", END, "dmarc: {p: reject}\n"),
    ("dmarc: {p: reject}\n", END, "dmarc: {p: reject}\n"),
    ("dmarc: {}\n", QUARANTINE, "dmarc: {p: quarantine}\n"),
    ("dmarc: {p: none, gate: null}\n", QUARANTINE, "dmarc: {p: quarantine, gate: null}\n"),
    ("ttl: 60\n", QUARANTINE, "ttl: 60\ndmarc: {p: quarantine}\n"),
    ("ttl: 60", TRY, "ttl: 60\ndmarc: {p: reject, t: y}"),
    ("\ufeffdmarc: {p: none}\n", QUARANTINE, "\ufeffdmarc: {p: quarantine}\n"),
]


@pytest.mark.parametrize(("before", "tags", "after"), EDITS)
def test_only_the_tags_change(before: str, tags: Tags, after: str) -> None:
    assert with_tags("p.yaml", before, "dmarc", tags) == after


@pytest.mark.parametrize("text", ["dmarc: absent\n", "dmarc: [p]\n", "dmarc:\n", "dmarc: null\n"])
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(MailAuthError, match="write the change by hand: below dmarc, `p: quarant"):
        with_tags("p.yaml", text, "dmarc", QUARANTINE)
