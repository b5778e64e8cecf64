"""What people lost because a tool made the wrong record, and cannot lose here.

Each test is named after what must not happen; docs/explanation/cannot-happen.md names the reports.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_check import SpfResult
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import ROOT, DomainName
from mailauth_dns.serve.server import LoopbackServer
from mailauth_dns.spf_relock.relock import relock, write
from tests.conftest import RepoFolder
from tests.evaluate.spf_world import Sets
from tests.evaluate.zones import zone

DOMAIN = DomainName("example.com")
ADDRESSES = 10_000

# What a flattener has to follow: the sender's records, by the name that is included.
SENDERS: dict[str, Sets] = {
    "without all": {"s.sender.example TXT": "v=spf1 ip4:192.0.2.0/29 ip6:2001:db8::/125"},
    "with a redirect": {
        "s.sender.example TXT": "v=spf1 ip4:192.0.2.64/28 redirect=r.sender.example",
        "r.sender.example TXT": "v=spf1 ip4:192.0.2.128/27 ip6:2001:db8::80/121 -all",
    },
    "with terms after its include": {
        "s.sender.example TXT": "v=spf1 include:r.sender.example ip4:192.0.2.200 ip6:2001:db8::c8 ~all",
        "r.sender.example TXT": "v=spf1 ip4:192.0.2.16/28 -ip4:192.0.2.200 ?all",
    },
    "that lets some fail before it lets all pass": {
        "s.sender.example TXT": "v=spf1 -ip4:192.0.2.32/28 ip4:192.0.2.0/24 ip6:2001:db8::/120 -all",
    },
}


def addresses() -> Iterator[str]:
    """Yield addresses, the same in each run: half of them IPv4, most of them near the senders'."""
    choose = random.Random(4630)
    for _ in range(ADDRESSES // 2):
        yield str(IPv4Address("192.0.2.0") + choose.randrange(300))
        yield str(IPv6Address("2001:db8::") + choose.randrange(300))


@pytest.mark.parametrize("case", SENDERS)
def test_a_flattened_record_loses_no_term(repo: RepoFolder, case: str) -> None:
    """The flattened record and the one with the include say the same of 10 000 addresses."""
    senders = SENDERS[case]
    terms = '["include:s.sender.example", "ip4:192.0.2.250", "ip6:2001:db8::fa"]'
    repo.policy(
        f"domain: example.com\nspf: {{terms: {terms}, all: fail, flatten: [s.sender.example]}}\n"
    )
    written = "v=spf1 include:s.sender.example ip4:192.0.2.250 ip6:2001:db8::fa -all"
    before = ZoneResolver([zone(ROOT, senders | {"example.com TXT": written})])
    unflattened = load_repo(repo.root)
    now = datetime(2026, 6, 1, tzinfo=UTC)
    write(unflattened, relock(unflattened, before, lambda _: {}, (), now))
    [publication] = compile_repo(load_repo(repo.root))
    published: Sets = {
        f"{rrset.name} {rrset.type}": sorted(rrset.values) for rrset in publication.zone.rrsets
    }
    assert "include:s.sender.example" not in published["example.com TXT"][0]
    after = ZoneResolver([zone(ROOT, published)])
    results: dict[str, SpfResult] = {}
    for ip in addresses():
        if ip not in results:
            results[ip] = check_host(ip, DOMAIN, "u@example.com", "h.example", before).result
            found = check_host(ip, DOMAIN, "u@example.com", "h.example", after).result
            assert found is results[ip], ip
    assert {SpfResult.PASS, SpfResult.FAIL} <= set(results.values())


ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN MX 10 new.example.com.
new IN A 192.0.2.9
_mta-sts IN TXT "v=STSv1; id=20260101"
"""
STS = "domain: example.com\nmta_sts: {mode: enforce, mx: [old.example.com], max_age: 604800}\n"


def test_an_exchanger_does_not_move_out_of_the_enforced_policy_unseen(repo: RepoFolder) -> None:
    """Senders would queue mail to it for as long as they hold the policy."""
    repo.local("example.com", ZONE)
    repo.policy(STS)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        found = repo.run("lint", "--live")
    assert "STS012" in found.out
    assert "the exchanger new.example.com is not in the policy's mx" in found.out
    assert "and serve the policy before you apply" in found.out


NO_KEY: dict[str, tuple[str, str | None]] = {
    "an empty file": ("{key: s1.pem}", ""),
    "a file without a key": (
        "{key: s1.pem}",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    ),
    "no file": ("{key: s1.pem}", None),
    "an empty p": ('{p: ""}', None),
}


@pytest.mark.parametrize("case", NO_KEY)
def test_no_key_is_not_published_as_the_digest_of_nothing(repo: RepoFolder, case: str) -> None:
    selector, text = NO_KEY[case]
    if text is not None:
        repo.write("zones/keys/example.com/s1.pem", text)
    path = repo.policy(f"domain: example.com\ndkim: {{selectors: {{s1: {selector}}}}}\n")
    compiled = repo.run("compile")
    assert compiled.code == 1
    assert f"zones/policy/{path.name}:2:" in compiled.err
    assert not (repo.root / "zones/compiled/example.com.yaml").exists()
    assert hashlib.sha256(b"").hexdigest() not in compiled.said


@pytest.mark.parametrize("strength", ["reject", "none"])
def test_no_report_weakens_or_tightens_no_policy(repo: RepoFolder, strength: str) -> None:
    """No command takes the lack of reports for a reason: the policy stays as people wrote it."""
    text = f"domain: example.com\nspf: {{all: fail}}\ndmarc: {{p: {strength}}}\n"
    path = repo.policy(text)
    for command in ("lint", "compile", "diff", "plan", "next", "test"):
        assert "dmarc" not in repo.run(command).next.lower()
    assert path.read_text() == text


def test_two_policies_do_not_make_two_spf_records(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {terms: [mx], all: fail}\n", "one")
    repo.policy("domains: [example.net, example.com]\nspf: {terms: [a], all: fail}\n", "two")
    refused = repo.run("compile")
    assert refused.code == 1
    assert "example.com is declared twice" in refused.err
    assert "one.yaml:1" in refused.err
    assert "two.yaml:1" in refused.err
    assert not (repo.root / "zones/compiled/example.com.yaml").exists()
