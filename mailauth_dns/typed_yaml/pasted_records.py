"""Records that people paste into a policy, as the sections to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import bimi, dkim, dmarc, spf, spf_term, tls_rpt
from mailauth_dns.records.tags import parse_tags

LONGEST = 1000  # characters of a record that is shown again
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/+-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_ENDINGS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


def rewritten(text: str) -> str | None:
    """Return a record as a section on one line, or what is wrong with it; None if it is none."""
    if len(text) > LONGEST or dkim.holds_private_key(text):
        return None
    try:
        if spf.has_version(text):
            return f"spf: {_spf(text)}"
        if re.match(r"v\s*=\s*DMARC1\b", text):
            return f"dmarc: {_dmarc(text)}"
        if text.startswith("v=TLSRPTv1"):
            return f"tls_rpt: {{rua: {listed(tls_rpt.parse(text).rua)}}}"
        if text.startswith("v=BIMI1"):
            record = bimi.parse(text)
            evidence = f", a: {quoted(record.a)}" if record.a else ""
            return f"bimi: {{default: {{l: {quoted(record.l)}{evidence}}}}}"
    except RecordSyntaxError as error:
        return f"its parts, and mend it: {error}"
    if text.startswith("v=STSv1"):
        return (
            "mta_sts: {mode: testing, mx: [mx.example.com], max_age: 86400}, as the policy that "
            "you serve; the id is made of it"
        )
    if re.match(r"v\s*=\s*DKIM1\b", text):
        return (
            "dkim: {selectors: {NAME: {p: KEY}}}, with the selector's name and what stands "
            "behind p= in the record"
        )
    return None


def _spf(text: str) -> str:
    record = spf.parse(text)
    words = [word for word in text[len(spf.VERSION) :].split(" ") if word]
    ending = record.terms[-1] if record.terms else None
    parts = []
    if isinstance(ending, spf_term.All) and ending is record.all:
        words = [word for word in words if word.lower().lstrip("+-~?") != "all"]
        parts.append(f"all: {_ENDINGS[ending.qualifier.value]}")
    if record.redirect is not None and record.all is None:
        words = [word for word in words if not word.lower().startswith("redirect=")]
        parts.append(f"redirect: {quoted(str(record.redirect))}")
    return f"{{{', '.join([f'terms: {listed(words)}', *parts] if words else parts)}}}"


def _dmarc(text: str) -> str:
    unknown = dict(dmarc.parse(text).other)
    parts = []
    for tag in parse_tags(text):
        if tag.name in ("rua", "ruf"):
            parts.append(f"{tag.name}: {listed(map(str.strip, tag.value.split(',')))}")
        elif tag.name not in ("v", *unknown):
            parts.append(f"{tag.name}: {quoted(tag.value)}")
    if unknown:
        parts.append(
            f"other: {{{', '.join(f'{name}: {quoted(value)}' for name, value in unknown.items())}}}"
        )
    return f"{{{', '.join(parts)}}}"


def listed(words: Iterable[str]) -> str:
    """Return words as a YAML list on one line."""
    return f"[{', '.join(map(quoted, words))}]"


def quoted(word: str) -> str:
    """Return a word as YAML has it, in quotes where it needs them."""
    if _PLAIN.fullmatch(word) and word.lower() not in _WORDS:
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
