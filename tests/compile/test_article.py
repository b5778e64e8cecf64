"""A policy makes the records that one Postfix and OpenDKIM server publishes by hand.

They mean the same, and the key is the same byte for byte.
"""

from __future__ import annotations

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import dmarc, spf
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder

# A real 2048-bit key, as its registrar publishes it.
P = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy9qfhh+9ngAdCpTVmxy9KHNkgZwSjZsp4NfMV+0zZ0+K8vVWDpo8/MhfVoemYjpLCASwX7yyufXWMbdRNs3rhiulNpEFhopT2AJyhe9B"
    "dcyvR/MEQoa+HMeEE+SCqQ0Z8cgkXdEQdGhrw807KjAjTlxoQ+gCsvRn1okXJ6OproJrzvfD/ol/RuIcyaGiQl/OG5ZSKpM4SBPyFCDH73T9l9apZ45Vlo6uyoj9tOOAwx9VFn5U98rqMPWoVKPu"
    "V+EgrR0DhmVmDKVHMlM/Sc/vHY8JzM5CJLHCsYPm3Rb4AWR4bMcDGNrKnc2IUcf+0NWPCQkax9S2iNkmCo0AM43PAwIDAQAB"
)
SPF = "v=spf1 +ip4:192.0.2.10 -all"
DKIM = f"v=DKIM1; k=rsa; p={P}"
DMARC = (
    "v=DMARC1; p=quarantine; rua=mailto:dmarc-rua-report@example.com; "
    "ruf=mailto:dmarc-ruf-report@example.com; ri=86400; adkim=s; aspf=s;"
)
PEM = (
    "-----BEGIN PUBLIC KEY-----\n"
    + "\n".join(P[at : at + 64] for at in range(0, len(P), 64))
    + "\n-----END PUBLIC KEY-----\n"
)
POLICY = """\
domain: example.com
spf: {terms: ["+ip4:192.0.2.10"], all: fail}
dkim: {selectors: {default: {key: default.pem}}}
dmarc:
  p: quarantine
  rua: ["mailto:dmarc-rua-report@example.com"]
  ruf: ["mailto:dmarc-ruf-report@example.com"]
  ri: 86400
  adkim: s
  aspf: s
  ttl: 360
"""


def test_the_published_records_come_out_of_a_policy(repo: RepoFolder) -> None:
    repo.policy(POLICY)
    repo.write("zones/keys/example.com/default.pem", PEM)
    [publication] = compile_repo(load_repo(repo.root))
    sets = {rrset.key: rrset for rrset in publication.zone.rrsets}
    [spf_text] = sets[DomainName("example.com"), "TXT"].values
    [dkim_text] = sets[DomainName("default._domainkey.example.com"), "TXT"].values
    policy = sets[DomainName("_dmarc.example.com"), "TXT"]
    [dmarc_text] = policy.values
    assert spf.parse(spf_text).meaning == spf.parse(SPF).meaning
    assert dkim_text == DKIM
    assert dmarc.parse(dmarc_text).meaning == dmarc.parse(DMARC).meaning
    assert policy.ttl == 360
    assert repo.run("lint").code == 0  # ri is historic: a warning, not an error


def test_what_is_published_by_hand_needs_no_change(repo: RepoFolder) -> None:
    head = (
        "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300\n@ IN "
        "NS ns1.example.net.\n"
    )
    chunks = f'"v=DKIM1; k=rsa; " "p={P[:200]}" "{P[200:]}"'  # as opendkim-genkey splits it
    zone = (
        f'{head}@ IN TXT "{SPF}"\ndefault._domainkey IN TXT ( {chunks} )\n_dmarc 360 IN TXT '
        f'"{DMARC}"\n'
    )
    repo.local("example.com", zone)
    repo.policy(
        POLICY.replace("domain: example.com\n", "domain: example.com\nproviders: [local]\n")
    )
    repo.write("zones/keys/example.com/default.pem", PEM)
    ran = repo.run("plan", "--no-live", "--detailed-exitcode")
    assert (ran.code, ran.out) == (
        0,
        "1 zone as the policy says, at the provider; live DNS was not asked\nPlan: 0 changes\n",
    )
