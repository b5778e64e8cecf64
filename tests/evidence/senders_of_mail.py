"""Policies with everybody who may send, and what a case of attribution is."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.senders.mailers import OWN_DOMAIN, with_mailers

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
# Everybody who may send, in one policy; `parcel` sends over the hosts of `box`.
POLICY = f"""
domain: example.com
senders:
  server: {{ip: [192.0.2.10, "2001:db8::/48"], dkim: [mx2026]}}
  zendesk: {{}}
  box: {{}}
  parcel: {{}}
  google: {{selector: google, p: {KEY}}}
  ses: {{region: eu-west-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}}
  mailchimp: {{retired: 2026-02-20}}
  sendgrid: {{return_path: em1, target: u1.wl1.sendgrid.net, retired: 2025-11-01}}
spf: {{terms: ["ip4:198.51.100.0/28", mx, "include:_spf.sender.example"], all: softfail}}
dkim:
  selectors:
    mx2026: {{p: {KEY}, k: ed25519}}
    old: {{state: revoked}}
    s1x: {{cname: s1.domainkey.u1.sender.example}}
dmarc: {{p: none}}
"""
BELOW = f"""
domain: news.example.com
zone: example.com
spf: {{terms: ["ip4:192.0.2.77"], all: fail}}
dkim: {{selectors: {{n1: {{p: {KEY}, k: ed25519}}}}}}
"""

ALIGNED, NOT_ALIGNED = SourceKind.ALIGNED, SourceKind.NOT_ALIGNED
FORWARDER, MAILING_LIST = SourceKind.FORWARDER, SourceKind.MAILING_LIST
UNKNOWN, SPOOF = SourceKind.UNKNOWN, SourceKind.SPOOF
PARCEL = OWN_DOMAIN.replace("name: Box", "name: Parcel").replace(
    "selector: box", "selector: parcel"
)
PARCEL = PARCEL.replace("optional: true", f"default: {KEY}")


def with_everybody(repo: RepoFolder) -> RepoFolder:
    """Give the repo the policies, and the senders that the catalogue does not have."""
    with_mailers(repo).write("zones/senders/parcel.yaml", PARCEL)
    repo.policy(POLICY)
    repo.policy(BELOW, "news")
    return repo


@dataclass(frozen=True)
class Case:
    """A row, what it is, and words of the reason or of what to mend."""

    title: str
    row: Row
    kind: SourceKind
    sender: str | None
    words: str
    beside: tuple[Row, ...] = ()
    hosts: dict[str, DomainName] = field(default_factory=dict)
    strict: bool = False

    def __str__(self) -> str:
        return self.title


MX = "mx2026._domainkey.example.com"
OURS = "example.com pass"
