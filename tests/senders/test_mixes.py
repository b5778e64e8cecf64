"""Mixes of eight senders of the catalogue: what a receiver says of each, in a made-up internet.

There each sender sends from an address of its own. Its includes, its aliases' targets and its own
return path publish that address, and the targets of its DKIM aliases a key. The domain itself has
what its policy compiles to, and nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.evaluate.dkim_key import claimed
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.evaluate.verdict import Mechanism, Verdict
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone
from mailauth_dns.senders import example
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import Entry, ReturnPathClass
from mailauth_dns.senders.use import Use
from tests.conftest import RepoFolder
from tests.evaluate.messages import rsa_key

DOMAIN = DomainName("example.com")
ROOT = DomainName("")
KEY = rsa_key().record
P = KEY.partition("p=")[2]
# Each mix is one that a company could have; of names that two would take, one is another.
MIXES: Mapping[str, str] = {
    "shop": "google zendesk ses sendgrid mailchimp shopify stripe klaviyo",
    "start-up": "google intercom postmark resend kit stripe hubspot atlassian",
    "enterprise": "microsoft-365 salesforce mimecast marketo sparkpost zendesk atlassian pardot",
    "association": "icloud brevo mailjet smtp2go mailchimp help-scout titan improvmx",
    "agency": "fastmail campaign-monitor mandrill mailgun activecampaign freshdesk stripe resend",
    "school": "google microsoft-365 mailerlite ses constant-contact zoho-campaigns brevo mailtrap",
    "publisher": "proton zoho emailoctopus sendgrid postmark aweber customer-io mailersend",
    "Japan": "xserver sakura google sendgrid ses zendesk hubspot mailchimp",
    "developers": "fastmail cloudflare-email-sending mailpace lettermint ses mailgun atlassian zoho",
    "hosted": "dreamhost godaddy namecheap ovh mailchimp constant-contact seguno sendlayer",
}
OTHERWISE: Mapping[str, example.Answers] = {
    "google": {"selector": "google2026"},
    "mandrill": {"return_path": "mandrill"},
    "stripe": {"return_path": "stripe-bounce", "tokens": tuple(f"stripe{n}" for n in range(6))},
    "namecheap": {"selector": "namecheap"},
}


@dataclass(frozen=True)
class Mix:
    """A policy with eight senders, as published, and the address that each sends from."""

    policy: Policy
    resolver: ZoneResolver
    addresses: Mapping[str, str]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms of the domain's own record, without `all`."""
        [text] = self.resolver.lookup(DOMAIN, "TXT") or ()
        return tuple(str(term) for term in spf.parse(text).terms[:-1])

    def by_spf(self, use: Use) -> Verdict:
        """What a receiver says of a message through the sender's return path, without a signature."""
        path = f"x@{_mail_from(use)}"
        return self._judged(use, path)

    def by_dkim(self, use: Use, selector: str) -> Verdict:
        """What a receiver says of a message that has the sender's signature alone."""
        return self._judged(use, "", selector)

    def _judged(self, use: Use, path: str, *selectors: str) -> Verdict:
        signed = tuple(claimed(DOMAIN, each, self.resolver) for each in selectors)
        ip = self.addresses[use.sender]
        return judge(Message((f"shop@{DOMAIN}",), path, "", ip, signed), self.resolver)


def _mail_from(use: Use) -> str:
    return use.mail_from or f"bounces.{use.sender}.example"


@pytest.fixture(params=MIXES)
def mix(request: pytest.FixtureRequest, repo: RepoFolder) -> Mix:
    senders = MIXES[request.param].split()
    assert len(senders) == len(set(senders)) == 8
    section = {sender: _answers(sender) for sender in senders}
    repo.policy(f"domain: {DOMAIN}\nsenders: {json.dumps(section)}\ndmarc: {{p: reject}}\n")
    loaded = load_repo(repo.root)
    [publication], [policy] = compile_repo(loaded), loaded.policies
    addresses = {sender: f"198.51.100.{number}" for number, sender in enumerate(senders, 1)}
    zones = [_with_apex_mx(publication.zone), *_internet(policy, addresses)]
    return Mix(policy, ZoneResolver(zones), addresses)


def _entry(sender: str) -> Entry:
    found = Catalogue().get(sender)
    assert found is not None
    return found


def _answers(sender: str) -> example.Answers:
    """Return answers with which everything that the sender has is published."""
    entry = _entry(sender)
    said = example.answers(entry)
    keys = {each.p for each in entry.dkim.selectors if each.p} if entry.dkim else set()
    said |= {key.strip("{}"): P for key in keys if key.startswith("{")}
    return said | OTHERWISE.get(sender, {})


def _with_apex_mx(zone: Zone) -> Zone:
    """Return a zone with an MX, for the senders that have `mx` in their record."""
    mx = RRset(DOMAIN, "MX", None, frozenset({"10 mx.example.com."}))
    return Zone(zone.origin, zone.rrsets | {mx})


def _internet(policy: Policy, addresses: Mapping[str, str]) -> list[Zone]:
    """Return what the senders themselves publish: where they send from, and their keys."""
    sends: dict[str, set[str]] = defaultdict(set)
    sets: set[RRset] = set()
    delegated: list[Zone] = []
    for use in policy.senders:
        address = addresses[use.sender]
        if use.return_path is ReturnPathClass.SUBDOMAIN_NS:
            assert use.path is not None
            own = RRset(use.path.name, "TXT", None, frozenset({f"v=spf1 ip4:{address} -all"}))
            delegated.append(Zone(use.path.name, frozenset({own})))
        elif use.return_path is ReturnPathClass.VENDOR_DOMAIN:
            sends[_mail_from(use)].add(address)
        for name in _named(use):
            kind, _, target = name.partition(":")
            if kind == "a":
                sets.add(RRset(DomainName(target), "A", None, frozenset({address})))
            else:
                sends[target.rstrip(".")].add(address)
        aliases = {each.cname for each in use.selectors if each.cname is not None}
        sets |= {RRset(DomainName(each), "TXT", None, frozenset({KEY})) for each in aliases}
    for name, found in sends.items():
        text = f"v=spf1 {' '.join(f'ip4:{each}' for each in sorted(found))} -all"
        sets.add(RRset(DomainName(name), "TXT", None, frozenset({text})))
    return [Zone(ROOT, frozenset(sets)), *delegated]


def _named(use: Use) -> set[str]:
    """Return what the sender's SPF records and aliases lead to: `include:NAME` and `a:NAME`."""
    named = {each for each in use.terms if ":" in each}
    if use.path is not None and use.path.spf is not None:
        named |= {str(each) for each in spf.parse(use.path.spf).terms[:-1]}
    if use.path is not None and use.path.cname is not None:
        named.add(f"include:{use.path.cname}")
    return named


def test_there_are_ten_mixes_of_fifty_senders() -> None:
    assert len(MIXES) == 10
    assert len({sender for mix in MIXES.values() for sender in mix.split()}) > 50


def test_the_record_has_no_more_terms_than_the_naive_list(mix: Mix) -> None:
    """The naive list: each include that one of the senders names anywhere, at the domain."""
    naive = {term for use in mix.policy.senders for term in _all_that_is_named(use)}
    assert set(mix.terms) <= naive
    assert len(mix.terms) == len(set(mix.terms)) < len(naive)


def _all_that_is_named(use: Use) -> set[str]:
    assert use.entry is not None
    useless = use.entry.spf.includes if use.entry.spf is not None else ()
    spf_of_path = use.path.spf if use.path is not None else None
    at_path = spf.parse(spf_of_path).terms[:-1] if spf_of_path is not None else ()
    return {*use.terms, *(f"include:{each}" for each in useless), *map(str, at_path)}


def test_the_record_has_no_useless_include(mix: Mix) -> None:
    """Each term lets a sender pass whose mail could align, or of which nobody knows that."""
    for term in mix.terms:
        users = [use for use in mix.policy.senders if term in use.terms]
        assert users
        for use in users:
            assert use.entry is not None
            assert use.entry.spf is not None
            assert use.entry.spf.useful != "no"
            assert use.relaxed != "no"


def test_mail_aligns_by_spf_as_the_catalogue_says(mix: Mix) -> None:
    for use in mix.policy.senders:
        verdict = mix.by_spf(use)
        if use.relaxed == "yes":
            assert str(verdict.spf.result) == "pass", (use.key, verdict.why)
            assert str(verdict.dmarc) == "pass", (use.key, verdict.why)
        elif use.relaxed == "no":
            assert str(verdict.dmarc) == "fail", (use.key, verdict.why)


def test_mail_aligns_by_dkim(mix: Mix) -> None:
    for use in mix.policy.senders:
        for selector in use.selectors:
            verdict = mix.by_dkim(use, selector.selector)
            assert str(verdict.dmarc) == "pass", (use.key, verdict.why)
            [by] = [each for each in verdict.identifiers if each.mechanism is Mechanism.DKIM]
            assert by.passes is True


def test_only_the_domain_itself_aligns_where_dmarc_is_strict(mix: Mix) -> None:
    for use in mix.policy.senders:
        if use.strict == "yes":
            assert use.mail_from == DOMAIN
        elif use.strict == "no":
            assert use.mail_from != DOMAIN


def test_nobody_else_may_send(mix: Mix) -> None:
    stranger = Message((f"shop@{DOMAIN}",), f"x@{DOMAIN}", "", "203.0.113.66")
    assert str(judge(stranger, mix.resolver).dmarc) == "fail"
