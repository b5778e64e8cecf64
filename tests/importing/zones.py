"""A zone with every kind of mail record in odd spellings, and some that no policy can say."""

from __future__ import annotations

HEAD = (
    "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300\n@ "
    "IN NS ns1.example.net.\n"
)
P = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDbLH2y2W0Ps0Tt3cpNpeKFk2WksP6UDMmCnS8dK3zSBd1VPCCkU+gHpczhCxMKhAxaGKPouYrwXKZWzpnLEneNR87C"
    "PKbeWGFo4PG1HLYTpc5K4XPH/LAPTsaHSzAgBpQ4ZS9IQfsgqKNVbYxu3HTCZ602rgbzjFlYfaVPJmRZewIDAQAB"
)
ODD = (
    HEAD
    + f"""@ IN MX 10 mx
@ IN TXT "V=spf1  +a  mx/24 include:_spf.example.net ptr op=x  ~ALL"
@ IN TXT "MS=ms123"
@ IN TXT "v=spf1;-all"
_dmarc IN TXT "v=DMARC1;p=None ;  rua=mailto:a@example.com!10m, mailto:b@example.net;future=1;"
s1._domainkey IN TXT "g=*; k=rsa; p={P[:100]}" " {P[100:]}"
s2._domainkey IN CNAME s2.Sender.example.
010._domainkey IN TXT "v=DKIM1; p=; n=say \\"hi\\""
bad._domainkey IN TXT "v=DKIM1; k=rsa"
two._domainkey IN TXT "p=AAAA"
two._domainkey IN TXT "p=BBBB"
_domainkey IN TXT "o=~"
_mta-sts IN TXT "v=STSv1; id=2026;"
_smtp._tls IN TXT "v=TLSRPTv1;rua=mailto:t@example.com"
default._bimi IN TXT "v=BIMI1; l=; a=;"
quote._bimi IN TXT "v=BIMI1; l=; x=\\"y\\""
sub IN TXT "v=spf1 -all"
*.wild IN TXT "v=spf1 -all"
_dmarc.sub IN CNAME dmarc.vendor.example.
a.example._report._dmarc IN TXT "v=DMARC1"
"""
)
