"""Keys of example.com as a policy declares them, for the tests of their life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.sections.dkim import RotationSection, SelectorSection
from mailauth_dns.records.name import DomainName

DOMAIN = DomainName("example.com")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SETTINGS = RotationSection()
RSA, ED25519 = (
    PublicKey("rsa", "MFwwDQYJKoZIhvcNAQEBBQADSwAw"),
    PublicKey("ed25519", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
)
OTHER = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAx"


def key(
    selector: str = "s1", public: PublicKey | None = RSA, ttl: int | None = None, **section: Any
) -> Key:
    given = (
        {"key": "s1.pem", **section} if "p" not in section and "cname" not in section else section
    )
    if ttl is not None:
        given = {**given, "ttl": ttl}
    return Key(DOMAIN, DOMAIN, selector, SelectorSection.model_validate(given), public, ttl)


HOUR = timedelta(hours=1)
EVERYWHERE = KeyInDns("served", wait=HOUR, bound="the zone's negative TTL")
FORGOTTEN = (
    "every cache must have forgotten that the key was not there: 1 hour, the zone's negative TTL"
)
AT = "2026-06-01T12:00:00Z"
LATER, EARLIER = NOW + HOUR, NOW - HOUR
