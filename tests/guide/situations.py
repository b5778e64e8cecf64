"""Situations of example.com for the tests of the decision: all is done, but for what a test says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mailauth_dns.guide.situation import Here, Record, Situation
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.next_step import KeyStep
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.records.name import DomainName
from tests.keys.declared_keys import EVERYWHERE, NOW, key

HERE = Here("loaded", NOW, uncommitted=(), policies=2)
MISSING = KeyInDns("missing", wait=timedelta(hours=1))


def status(
    state: str = "active",
    in_dns: KeyInDns = EVERYWHERE,
    to: KeyState | None = None,
    at: datetime | None = None,
    unsigned: str | None = None,
    unseen: str | None = None,
    **section: Any,
) -> KeyStatus:
    step = KeyStep(to, at, "the reason") if to is not None else None
    return KeyStatus(key("s1", state=state, **section), in_dns, step, unsigned, unseen)


DONE = Situation(
    DomainName("example.com"),
    "zones/policy/example.com.yaml",
    provided=True,
    dmarc=Policy.REJECT,
    records=(
        Record("spf", "example.com", "TXT", "as policy"),
        Record("dkim", "s1._domainkey.example.com", "TXT", "as policy"),
        Record("dmarc", "_dmarc.example.com", "TXT", "as policy"),
    ),
    keys=(status(),),
)


def but(**differs: Any) -> Situation:
    """Return the situation in which all is done but this."""
    return replace(DONE, **differs)


def here(**differs: Any) -> Here:
    return replace(HERE, **differs)


def in_dns(state: Any, reason: str = "") -> tuple[Record, ...]:
    """Return the records with the SPF record in this state."""
    return (replace(DONE.records[0], state=state, reason=reason), *DONE.records[1:])
