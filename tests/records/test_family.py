"""To which family a value belongs: as its owner meant it, and only at names of the family."""

from __future__ import annotations

import pytest

from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName

D = "example.com"
CASES = [
    (D, "TXT", "v=spf1 -all", Family.SPF),
    (D, "TXT", "V=SPF1", Family.SPF),
    (D, "TXT", "v=spf10", None),
    (D, "MX", "0 .", Family.NULL_MX),
    (D, "MX", "10 mx.example.com.", None),
    (f"s._domainkey.{D}", "TXT", "anything", Family.DKIM),
    (f"s._domainkey.{D}", "CNAME", "x.example.", Family.DKIM),
    (f"_dmarc.{D}", "TXT", " V = dmarc1 ;p=none", Family.DMARC),
    (f"_dmarc.{D}", "TXT", "v=DMARC10", None),
    (D, "TXT", "v=DMARC1; p=none", None),
    (f"example.org._report._dmarc.{D}", "TXT", "v=DMARC1", Family.DMARC_REPORT),
    (f"*._report._dmarc.{D}", "TXT", "V=dmarc1; rua=mailto:a@example.com", Family.DMARC_REPORT),
    (f"_report._dmarc.{D}", "TXT", "v=DMARC1", None),
    (f"example.org._report._dmarc.{D}", "TXT", "a note", None),
    (f"_mta-sts.{D}", "TXT", "v=STSv1; id=1", Family.MTA_STS),
    (f"_mta-sts.{D}", "TXT", "V=stsv1 id=1", Family.MTA_STS),
    (f"_mta-sts.{D}", "TXT", "v=STSv10; id=1", None),
    (D, "TXT", "v=STSv1; id=1", None),
    (f"_smtp._tls.{D}", "TXT", "v = TLSRPTv1;rua=x", Family.TLS_RPT),
    (f"_smtp._tls.{D}", "TXT", "v=STSv1; id=1", None),
    (f"_smtp-tlsrpt.{D}", "TXT", "v=TLSRPTv1; rua=mailto:a@example.com", None),
    (f"default._bimi.{D}", "TXT", "v=BIMI1", Family.BIMI),
    (f"a.b._bimi.{D}", "TXT", "v=bimi1; l=", Family.BIMI),
    (f"_bimi.{D}", "TXT", "v=BIMI1; l=", None),
    (f"default._bimi.{D}", "TXT", "token", None),
    (f"default._bimi.{D}", "CNAME", "x.example.", None),
    (f"_mta-sts.{D}", "CNAME", "x.example.", None),
]


@pytest.mark.parametrize(("name", "type", "value", "expected"), CASES)
def test_family(name: str, type: str, value: str, expected: Family | None) -> None:
    assert family(DomainName(name), type, value) is expected
