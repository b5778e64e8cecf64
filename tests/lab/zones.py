"""The zone that the lab's servers start from, with all that must come through unharmed."""

from __future__ import annotations

LONG_TOKEN = "long-token=" + "0123456789abcdef" * 20  # over 255 octets

HEAD = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
"""

FULL = (
    HEAD
    + f"""
@ 300 IN TXT "v=spf1 a mx ~all"
@ 300 IN TXT "google-site-verification=rXOxyZounnZasA8Z7oaD3c14JdjS9aKSWvsR1EbUSIQ"
@ 300 IN TXT "MS=ms123"
@ 300 IN TXT "say \\"hello\\" to \\"them\\""
@ 300 IN TXT "\\"wholly quoted\\""
@ 300 IN TXT "{LONG_TOKEN[:255]}" "{LONG_TOKEN[255:]}"
@ IN A 192.0.2.1
@ IN AAAA 2001:db8::1
@ IN MX 10 mx
@ IN MX 20 mx.example.net.
@ IN CAA 0 issue "ca.example.net"
mx IN A 192.0.2.2
*.wild IN A 192.0.2.3
www IN CNAME @
_sip._tcp IN SRV 10 5 5060 sip.example.net.
_acme-challenge 60 IN TXT "gfj9Xq...Rg85nM"
undeclared._domainkey IN TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ"
"""
)

# What octoDNS's encoders change, cannot hold or never end on, as a master file has it.
HARD = {
    "a backslash": '"back\\\\slash"',
    "a backslash at the end": '"ends in a backslash\\\\"',
    "backslashes": '"' + "\\\\" * 255 + '" "' + "\\\\" * 30 + '"',
    "quotes": '"\\"wholly quoted\\""',
    "a backslash before a semicolon": '"a\\\\\\;b"',
    "no UTF-8": '"not utf-8 \\255\\254"',
    "UTF-8": '"caf\\195\\169 \\226\\130\\172"',
    "a new line": '"new\\010line"',
    "a null octet": '"\\000"',
    "nothing": '""',
    "the same text split in two ways": '"one" "two"\n@ 300 IN TXT "onetwo"',
}

POLICY = """\
domain: example.com
spf: {terms: ["ip4:192.0.2.10", mx], all: fail}
dkim:
  selectors:
    s1: {p: MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2=}
dmarc: {p: quarantine, rua: ["mailto:dmarc@example.com"]}
allow: [{rule: DMARC032, reason: nobody reports in the lab, until: 2999-01-01}]
"""
SPF = "v=spf1 ip4:192.0.2.10 mx -all"
DKIM = "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2="
DMARC = "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com"
