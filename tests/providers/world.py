"""A repo with one policy, the provider that it names, and what others have at that provider."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mailauth_dns.octo.provider_zone import LastRead
from tests.conftest import Ran, RepoFolder
from tests.providers.contract import PROVIDERS, ZONE, Api, Fault, Key, with_fault

LONG_KEY = "QUJD" * 98  # as long as an RSA key of 2048 bits: two strings of a TXT value
APEX, DMARC, KEY = (ZONE, "TXT"), (f"_dmarc.{ZONE}", "TXT"), (f"s1._domainkey.{ZONE}", "TXT")
SPF = "v=spf1 ip4:192.0.2.10 mx -all"
OLD_SPF = "v=spf1 mx ~all"
POLICY = f"""\
spf: {{terms: ["ip4:192.0.2.10", mx], all: fail}}
dkim: {{selectors: {{s1: {{p: {LONG_KEY}}}}}}}
dmarc: {{p: none}}
"""
TOKENS = {
    "a token": "google-site-verification=abc",
    "quotes": 'say "hello" twice ""',
    "a backslash": "C:\\mail\\",
    "semicolons": "a=1; b=2;;",
    "octets that are not ASCII": "caf\xc3\xa9 \xff",
    "more than 255 octets": "x" * 300,
    "a key of somebody else": "k=rsa; p=" + LONG_KEY,
}
FOREIGN = [
    ("www", "A", 300, "192.0.2.1"),
    ("www", "AAAA", 300, "2001:db8::1"),
    ("", "MX", 3600, "10 mx.example.com."),
    ("", "CAA", 3600, '0 issue "ca.example.net"'),
    ("_acme-challenge", "TXT", 3600, "acme-token"),
    ("old._domainkey", "TXT", 3600, "v=DKIM1; p=AAAA"),
    ("shop", "CNAME", 3600, "shop.example.net."),
]


@dataclass
class World:
    """A repo with one policy, and the provider that it names."""

    repo: RepoFolder
    api: Api

    def policy(self, text: str) -> None:
        self.repo.policy(f"domain: {ZONE}\nproviders: [{self.api.id}]\n{text}")

    def plan(self) -> Ran:
        return self.repo.run("plan", "--no-live", "--out", "plan.json")

    def apply(self) -> Ran:
        self.repo.run("plan", "--no-live", "--out", "plan.json")
        return self.repo.run(
            "apply", "plan.json", "--no-live", *("--allow", "live-unknown"), *("--allow", "DKIM030")
        )

    def held(self, key: Key) -> tuple[int, set[str]]:
        """Return the TTL and the values of a set; nothing where there is none."""
        ttl, values = self.api.held().get(key, (0, frozenset[str]()))
        return ttl, set(values)

    def values(self, key: Key) -> set[str]:
        return self.held(key)[1]


every = pytest.mark.parametrize("world", list(PROVIDERS), indirect=True)


def broken(fault: Fault) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", with_fault(fault), indirect=True)


def out_of_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look at a zone be out of date when it is written."""
    monkeypatch.setattr(LastRead, "is_fresh", lambda _look, _origin: False)
