"""Records in many spellings: each is said by a policy of the same meaning, or told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.diff.equivalence import disputed, parsed, same
from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.importing.draft import drafts
from mailauth_dns.importing.surroundings import Surroundings
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import mta_sts, spf
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone
from mailauth_dns.typed_yaml.scalars import UNSAFE

DOMAIN = DomainName("example.com")
SERVED = mta_sts.Policy(mta_sts.Mode.TESTING, (DomainName("mx.example.com"),), 86400)
OWNERS = {
    Family.SPF: "example.com",
    Family.DKIM: "s1._domainkey.example.com",
    Family.DMARC: "_dmarc.example.com",
    Family.MTA_STS: "_mta-sts.example.com",
    Family.TLS_RPT: "_smtp._tls.example.com",
}
OURS = {
    Family.SPF: (
        "v=spf1",
        "V=SPF1  A/24//64  MX  -aLL ",
        "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.net "
        "?exists:%{ir}.%{v}.example.net redirect=_spf.example.net",
        "v=spf1 a:mail exp=why.%{d} future=1 ~all",
        "v=spf1 ip4:192.0.2.0/33 -all",
        "v=spf1 a:caf\xe9.example.com -all",
    ),
    Family.DKIM: (
        "p=",
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "v=DKIM1;n=a=20note;t=y:s ;h=sha256;g=*;p=AA AA",
        "k=rsa",
    ),
    Family.DMARC: (
        "v=DMARC1; p=none",
        "v = DMARC1 ;P = REJECT;;sp=none; np=quarantine;adkim=S; pct=5;future=x ;",
        "v=DMARC1;p=none;rua=mailto:a@example.com!5m , "
        "https://example.com/d;ruf=mailto:b@example.com;fo=1:d",
        "v=DMARC1; p=rejct; rua=mailto:a@example.com",
        "v=dmarc1; p=none",
    ),
    Family.MTA_STS: (
        "v=STSv1; id=20260131T120000;",
        "v=STSv1 ;id=a;more=b",
        "v=STSv1; id=",
        "v=STSv1",
    ),
    Family.TLS_RPT: (
        "v=TLSRPTv1;rua=mailto:t@example.com,https://example.com/t",
        "v=TLSRPTv1 ; rua=mailto:t@example.com;x=1;",
        "v=TLSRPTv1",
    ),
}


def may_be_refused(text: str, owned: Family) -> bool:
    """Tell whether a record is broken, or holds what no policy publishes.

    That is an octet that providers garble, or a name without a label.
    """
    record = parsed(owned, "TXT", text)
    if isinstance(record, spf.Record):
        for word in text.split(" ")[1:]:
            try:
                spf.parse_term(word)
            except RecordSyntaxError:
                if word:
                    return True
    return record is None or disputed(owned, text) or UNSAFE.search(text) is not None


def said_or_told(owned: Family, text: str) -> None:
    owner = DomainName(OWNERS[owned])
    zone = Zone(DOMAIN, frozenset({RRset(owner, "TXT", 300, frozenset({text}))}))
    [made] = drafts([(zone, (DOMAIN,))], Surroundings(), {DOMAIN: SERVED})
    published = [
        entry
        for part in compile_repo(Repo(Path(), (made.policy,), {}, Lock()))
        for entry in part.declared
        if entry.values
    ]
    if published:
        [entry] = published
        assert entry.key == (owner, "TXT")
        assert same(owned, "TXT", frozenset({text}), entry.values), text
    else:
        assert may_be_refused(text, owned), text
        assert family(owner, "TXT", text) is not owned or [left.value for left in made.left] == [
            text
        ]


@pytest.mark.parametrize(
    ("owned", "text"), [(owned, text) for owned, texts in OURS.items() for text in texts]
)
def test_a_record_is_said_or_told(owned: Family, text: str) -> None:
    said_or_told(owned, text)
