"""One published record as the section of a policy that says the same.

What a section cannot hold is for the policy's own model to refuse; nothing is checked twice here.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from mailauth_dns.policy import selector_tags
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import dkim, dmarc, mta_sts, spf
from mailauth_dns.records.family import Family

Section = dict[str, Any]

_ALL = re.compile(r"([+?~-]?)all", re.IGNORECASE)
_REDIRECT = re.compile(r"redirect=(.+)", re.IGNORECASE)
_RESULT = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


def of_spf(text: str) -> Section:
    """Return the section for an SPF record: terms as written, and the ending as its own key.

    Raises:
        RecordSyntaxError: the record is broken.
    """
    record = spf.parse(text)
    words = [word for word in text[len(spf.VERSION) :].split(" ") if word]
    section: Section = {}
    ending = _ALL.fullmatch(words[-1]) if words else None
    redirects = [word for word in words if _REDIRECT.fullmatch(word)]
    if ending is not None:
        section = {"all": _RESULT[ending[1]]}
        words.pop()
    elif record.all is None and redirects:
        section = {"redirect": redirects[0][len("redirect=") :]}
        words.remove(redirects[0])
    return {"terms": words, **section}


def of_dmarc(text: str) -> Section:
    """Return the section for a DMARC record.

    Raises:
        RecordSyntaxError: the record is broken.
    """
    record = dmarc.parse(text)
    section: Section = {
        tag: str(value)
        for tag in ("p", "sp", "np", "adkim", "aspf")
        if (value := getattr(record, tag)) is not None
    }
    if record.fo is not None:
        section["fo"] = ":".join(record.fo)
    section |= {
        tag: [str(uri) for uri in uris]
        for tag in ("rua", "ruf")
        if (uris := getattr(record, tag)) is not None
    }
    section |= {
        tag: str(value)
        for tag in ("psd", "t", "pct", "rf", "ri")
        if (value := getattr(record, tag)) is not None
    }
    return _with_others(section, record.other)


def of_key(text: str) -> Section:
    """Return the section for a DKIM key record.

    Raises:
        RecordSyntaxError: the record is broken.
    """
    record = dkim.parse(text)
    section: Section = {"p": record.p} if record.p else {"state": KeyState.REVOKED.value}
    return section | selector_tags.of(record)


def of_alias(target: str) -> Section:
    """Return the section for a delegated selector; `target` is absolute."""
    return {"cname": target.removesuffix(".")}


def of_mta_sts(text: str, policy: mta_sts.Policy) -> Section:
    """Return the section for an MTA-STS record and the policy that is served with it.

    Raises:
        RecordSyntaxError: the record is broken.
    """
    record = mta_sts.parse(text)
    section: Section = {
        "mode": str(policy.mode),
        "mx": list(map(str, policy.mx)),
        "max_age": policy.max_age,
    }
    if record.id != mta_sts.derived_id(policy):
        section["id"] = record.id
    return _with_others(section, record.other)


def of_tags(family: Family, text: str) -> Section:
    """Return the section for a record that says the same in the same tags.

    Raises:
        RecordSyntaxError: the record is broken.
    """
    assert family.row.parse is not None
    record = family.row.parse(text)
    section: Section = {
        field.name: list(value) if isinstance(value, tuple) else str(value)
        for field in fields(record)
        if field.name not in ("v", "other") and (value := getattr(record, field.name)) is not None
    }
    return _with_others(section, getattr(record, "other", ()))


def _with_others(section: Section, other: tuple[tuple[str, str], ...]) -> Section:
    return {**section, "other": dict(other)} if other else section
