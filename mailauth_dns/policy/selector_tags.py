"""The tags of a published DKIM key as a policy writes them for its selector."""

from __future__ import annotations

import re

from mailauth_dns.records import dkim

_QUOTED_NOTE = re.compile(r'"(.*)"', re.DOTALL)


def of(record: dkim.Record) -> dict[str, str | dict[str, str]]:
    """Return the tags beside `v` and `p`; unknown ones are in `other`."""
    tags: dict[str, str | dict[str, str]] = {}
    if record.k is not None:
        tags["k"] = record.k
    for tag in ("h", "s", "t"):
        if (words := getattr(record, tag)) is not None:
            tags[tag] = ":".join(words)
    if record.n is not None:
        quoted = _QUOTED_NOTE.fullmatch(record.n)  # opendkim-genkey puts every note into quotes
        tags["n"] = quoted[1] if quoted is not None else record.n
    if record.other:
        tags["other"] = dict(record.other)
    return tags
