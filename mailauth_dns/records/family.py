"""The families of mail-authentication records, one row each, and which one a value belongs to.

Ownership is by value. At a name and type that a policy declares, every value of the declared
family is ours, and every other value is foreign. The test goes by what an owner meant (`V=DMARC1`,
`v = DMARC1`), so it is looser than a receiver's: a value that was meant as our record must not stay
beside the one that replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.records import bimi, dkim, dmarc, dmarc_consent, mta_sts, spf, tls_rpt
from mailauth_dns.records.name import DomainName

Parsed = spf.Record | dkim.Record | dmarc.Record | mta_sts.Record | tls_rpt.Record | bimi.Record

NULL_MX = "0 ."  # RFC 7505 §3


@dataclass(frozen=True, slots=True)
class Row:
    """What is particular to one family.

    `label` stands before the domain in the owner name; it is empty where there is none. With
    `selected`, a name stands before the label: a selector, or the domain that reports are about.
    `opens` matches the beginning of a value of the family. `parse` reads a value; it is None where
    a value holds nothing to read. `section` is where a policy declares the record. `beside` tells a
    person who enters the record by hand what must not stand beside it.
    """

    opens: re.Pattern[str]
    section: tuple[str, ...]
    label: str = ""
    selected: bool = False
    types: tuple[str, ...] = ("TXT",)
    parse: Callable[[str], Parsed] | None = None
    beside: str | None = None


def _opening(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _version(name: str) -> re.Pattern[str]:
    return _opening(rf"\s*v\s*=\s*{name}(?:[\s;]|\Z)")


_DMARC = _opening(r"\s*v\s*=\s*dmarc1\s*(?:;|\Z)")


def _one_only(what: str, twice: str = "count as none") -> str:
    return f"where {what} already, change it: two of them {twice}"


class Family(StrEnum):
    """The families that a policy can declare.

    A new one takes a record module, a section with its key in policy/model.py, and a row here:
    tests/records/test_adding_a_family.py shows all.
    """

    row: Row

    def __new__(cls, key: str, row: Row | None = None) -> Family:
        """Return the member `key` with its row. `Family(key)` looks one up, as in every enum."""
        assert row is not None
        member = str.__new__(cls, key)
        member._value_ = key
        member.row = row
        return member

    def owner_name(self, domain: DomainName, selector: str = "") -> DomainName:
        """Return where the family's record for a domain stands."""
        return DomainName(".".join(filter(None, (selector, self.row.label, domain))))

    SPF = (
        "spf",
        Row(
            # RFC 7208 §4.5: a space or the end follows the version; "v=spf10" is something else.
            opens=_opening(r"v=spf1(?: |\Z)"),
            section=("spf",),
            parse=spf.parse,
            beside=_one_only("a record with v=spf1 is there", "fail all mail"),
        ),
    )
    DKIM = (
        "dkim",
        Row(
            # A selector's name has no other use, so every value there is DKIM (RFC 6376
            # §3.6.2.1).
            opens=_opening(""),
            section=("dkim", "selectors"),
            label=dkim.LABEL,
            selected=True,
            types=("TXT", "CNAME"),
            parse=dkim.parse,
            beside=_one_only("this host has a record", "fail signatures"),
        ),
    )
    DMARC = (
        "dmarc",
        Row(
            opens=_DMARC,
            section=("dmarc",),
            label=dmarc.LABEL,
            parse=dmarc.parse,
            beside=_one_only("a record with v=DMARC1 is there"),
        ),
    )
    DMARC_REPORT = (
        "dmarc_report",
        Row(
            opens=_DMARC,
            section=("dmarc",),
            label=dmarc_consent.REPORT_LABEL,
            selected=True,
        ),
    )
    MTA_STS = (
        "mta_sts",
        Row(
            opens=_version("stsv1"),
            section=("mta_sts",),
            label=mta_sts.LABEL,
            parse=mta_sts.parse,
            beside=_one_only("a record with v=STSv1 is there"),
        ),
    )
    TLS_RPT = (
        "tls_rpt",
        Row(
            opens=_version("tlsrptv1"),
            section=("tls_rpt",),
            label=tls_rpt.LABEL,
            parse=tls_rpt.parse,
            beside=_one_only("a record with v=TLSRPTv1 is there"),
        ),
    )
    BIMI = (
        "bimi",
        Row(
            opens=_version("bimi1"),
            section=("bimi",),
            label=bimi.LABEL,
            selected=True,
            parse=bimi.parse,
            beside=_one_only("a record with v=BIMI1 is there"),
        ),
    )
    # Whose a value is depends on the sender here, so whoever asks gives the sender's zones.
    RETURN_PATH = (
        "return_path",
        Row(
            opens=_opening(r"(?!)"),
            section=("senders",),
            types=("CNAME", "MX"),
            beside=(
                "this host is for the sender alone: where it has an alias or an MX already that "
                "leads to others, give the sender another return path in the policy"
            ),
        ),
    )
    NULL_MX = (
        "null_mx",
        Row(
            opens=_opening(r"\s*0\s+\.\s*\Z"),
            section=("parked",),
            types=("MX",),
            beside=(
                "delete every other MX record of this host: "
                "the dot says that the domain takes no mail"
            ),
        ),
    )


# The keys of a policy that declare records, in the order in which people write them.
SECTIONS = tuple(
    dict.fromkeys(found.row.section[0] for found in Family if found is not Family.NULL_MX)
)

_AT_LABELS = tuple(
    (
        re.compile((r".+\." if found.row.selected else "") + re.escape(found.row.label) + r"\."),
        found,
    )
    for found in Family
    if found.row.label
)
_AT_ANY_NAME = tuple(found for found in Family if not found.row.label)


def family(name: DomainName, type: str, value: str) -> Family | None:
    """Return the family to which a published value belongs; None where there is none."""
    if "_" in name:  # a quick test first: this runs for every value of a zone
        for owner, found in _AT_LABELS:
            if type in found.row.types and owner.match(name) and found.row.opens.match(value):
                return found
    for found in _AT_ANY_NAME:
        if type in found.row.types and found.row.opens.match(value):
            return found
    return None
