"""Tests that declared senders bring with them: does their mail pass, by SPF and by DKIM alone?

A message goes through the sender's return path from an address that its SPF lets pass, and another
has only the sender's signature. Each has to align (RFC 9989 §5.3), so that one does not hide that
the other is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network

from mailauth_dns.errors import DependsOnMessage, NotFlattened, ObservationError
from mailauth_dns.evaluate.dkim_key import claimed
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf_addresses import passing
from mailauth_dns.evaluate.verdict import Mechanism, Verdict
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.use import Use

NO_HOST = "192.0.2.1"  # a client that no SPF record names (RFC 5737)
_WITH_ADDRESSES = ("ip4:", "ip6:", "a:", "include:")


@dataclass(frozen=True, slots=True)
class SenderTest:
    """One sender, and the way by which its mail must pass."""

    use: Use
    by: Mechanism
    selectors: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"sender {self.use.key} by {self.by}"


def sender_tests(policy: Policy) -> Iterator[SenderTest]:
    """Yield the tests of a policy's senders. One whose records are gone has none."""
    for use in policy.senders:
        if use.life.gone:
            continue
        if use.relaxed == "yes" and _spf_name(use) is not None:
            yield SenderTest(use, Mechanism.SPF)
        if selectors := signing_selectors(policy, use):
            yield SenderTest(use, Mechanism.DKIM, selectors)


def signing_selectors(policy: Policy, use: Use) -> tuple[str, ...]:
    """Return the selectors that a sender may sign with, of those whose keys are published."""
    section = policy.body.dkim
    declared = section.selectors if section is not None else {}
    named = tuple(each.selector for each in use.selectors) or use.signs_with
    if not named and use.entry is None:
        others = {each.selector for other in policy.senders for each in other.selectors}
        named = tuple(
            name for name, key in declared.items() if name not in others and not key.cname
        )
    usable = (KeyState.ACTIVE, KeyState.RETIRING)
    return tuple(name for name in named if name in declared and declared[name].state in usable)


def _spf_name(use: Use) -> str | None:
    """Return the name, or the term, whose addresses the sender sends from."""
    if use.path is not None and use.path.is_published:
        return use.path.name
    return next((term for term in use.terms if term.startswith(_WITH_ADDRESSES)), None)


def found(domain: DomainName, test: SenderTest, resolver: Resolver) -> Verdict | None:
    """Return a receiver's verdict on a message of the sender.

    It is None where the sender's SPF record depends on the message, so that nobody can name an
    address that passes.
    """
    author = f"postmaster@{domain}"
    if test.by is Mechanism.DKIM:
        signatures = tuple(claimed(domain, each, resolver) for each in test.selectors)
        verdict = judge(Message((author,), "", "", NO_HOST, signatures), resolver)
        return replace(verdict, why=_reasons(each.reason for each in signatures))
    try:
        client = _client(test.use, resolver)
    except DependsOnMessage:
        return None
    sender = f"bounce@{test.use.mail_from}"
    verdict = judge(Message((author,), sender, str(test.use.mail_from), client), resolver)
    return replace(verdict, why=_reasons([verdict.spf.reason]))


def _reasons(said: Iterable[str | None]) -> tuple[str, ...]:
    """Return what the way under test says for itself; of the other one nothing was expected."""
    return tuple(reason for reason in said if reason is not None)


def _client(use: Use, resolver: Resolver) -> str:
    """Return an address that the sender sends from; one that nobody sends from if DNS has none.

    Raises:
        DependsOnMessage: the sender's SPF record has no addresses of its own.
    """
    name = _spf_name(use)
    assert name is not None
    kind, _, value = name.partition(":")
    if kind in ("ip4", "ip6"):
        return str(ip_network(value).network_address)
    if kind == "a":
        return _host(DomainName(value), resolver)
    try:
        return _first(passing(DomainName(value or name), resolver).addresses)
    except DependsOnMessage:
        raise
    except (NotFlattened, ObservationError):
        return NO_HOST


def _host(name: DomainName, resolver: Resolver) -> str:
    try:
        return next(iter(resolver.lookup(name, "A") or ()), NO_HOST)
    except ObservationError:
        return NO_HOST


def _first(addresses: Addresses) -> str:
    return str(addresses.networks[0].network_address)


def problems(test: SenderTest, verdict: Verdict) -> tuple[list[str], list[str]]:
    """Return what is not as it must be, and what is unknown."""
    result = str(verdict.spf.result if test.by is Mechanism.SPF else verdict.dkim)
    for what, said, good in (
        (test.by.lower(), result, ("pass",)),
        # Without a DMARC policy (none) nothing is asked of anybody.
        ("dmarc", str(verdict.dmarc), ("pass", "none")),
    ):
        if said == "temperror":
            return [], [f"{what} is unknown, expected pass"]
        if said not in good:
            return [f"{what} is {said}, expected pass"], []
    return [], []
