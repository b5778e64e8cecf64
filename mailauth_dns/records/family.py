"""Which kind of mail-authentication record a published value is, or none: the ownership question.

Ownership is by value. At a name and type that a policy declares, every value of the declared family is ours and every
other one is foreign. The test is as loose as an owner's intent (`V=DMARC1`, `v = DMARC1`), and looser than a receiver's: what
was meant to be our record must not stay beside the one that replaces it.
"""

from __future__ import annotations

import re
from enum import StrEnum

from mailauth_dns.records.name import DomainName


class Family(StrEnum):
    """The families that a policy can declare."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    DMARC_REPORT = "dmarc_report"
    MTA_STS = "mta_sts"
    TLS_RPT = "tls_rpt"
    BIMI = "bimi"
    NULL_MX = "null_mx"


NULL_MX = "0 ."  # RFC 7505 §3

# RFC 7208 §4.5: the version section is followed by a space or the end; "v=spf10" is something else.
_SPF = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_DMARC = re.compile(r"\s*v\s*=\s*dmarc1\s*(?:;|\Z)", re.IGNORECASE)
_MTA_STS = re.compile(r"\s*v\s*=\s*stsv1(?:[\s;]|\Z)", re.IGNORECASE)
_TLS_RPT = re.compile(r"\s*v\s*=\s*tlsrptv1(?:[\s;]|\Z)", re.IGNORECASE)
_BIMI = re.compile(r"\s*v\s*=\s*bimi1(?:[\s;]|\Z)", re.IGNORECASE)

_AT = (  # what the owner name has in front, or in it, and how a value of the family opens
    (re.compile(r"_dmarc\."), _DMARC, Family.DMARC),
    (re.compile(r".+\._report\._dmarc\."), _DMARC, Family.DMARC_REPORT),
    (re.compile(r"_mta-sts\."), _MTA_STS, Family.MTA_STS),
    (re.compile(r"_smtp\._tls\."), _TLS_RPT, Family.TLS_RPT),
    (re.compile(r".+\._bimi\."), _BIMI, Family.BIMI),
)


def family(name: DomainName, type: str, value: str) -> Family | None:
    """Return the family of one published value.

    All of a selector's TXT and CNAME values are DKIM, whatever they hold: the name has no other use (RFC 6376 §3.6.2.1).
    """
    if type in ("TXT", "CNAME") and "._domainkey." in name:
        return Family.DKIM
    if type == "TXT":
        if "_" in name:  # most names have none, and a zone's every value comes by here
            for owner, opens, found in _AT:
                if owner.match(name) and opens.match(value):
                    return found
        if _SPF.match(value):
            return Family.SPF
    if type == "MX" and value.split() == NULL_MX.split():
        return Family.NULL_MX
    return None
