"""Rules about the hosts that send: their reverse names (RFC 1912 §2.1), which large receivers ask for, HELO names and IPv6.

The hosts are those that the SPF record lists one by one, and those of the policy's tests that SPF is to pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailauth_dns.evaluate.hosts import addresses
from mailauth_dns.evaluate.macros import queryable
from mailauth_dns.evaluate.spf import Result, check_host
from mailauth_dns.lint.mx import mail_hosts
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.load import Route
from mailauth_dns.policy.mailtest import MailTest
from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName

_Address = IPv4Address | IPv6Address


def _own_tests(subject: Subject) -> Iterator[tuple[Route, MailTest]]:
    """Yield the tests of hosts that send for the domain."""
    for index, test in enumerate(subject.policy.body.tests):
        if test.expect.spf == "pass":
            yield ("tests", index), test


def _hosts(subject: Subject) -> dict[_Address, Route]:
    """Return the addresses that send, each with its first place."""
    found: dict[_Address, Route] = {}
    for route, term in subject.spf_terms:
        if not isinstance(term, spf.Ip4 | spf.Ip6) or term.qualifier is not spf.Qualifier.PASS:
            continue
        if term.network.network.prefixlen == term.network.max_prefixlen:
            found.setdefault(term.network.ip, route)
    for route, test in _own_tests(subject):
        found.setdefault(ip_address(test.ip), (*route, "ip"))
    return found


def _names(subject: Subject, address: _Address) -> tuple[str, ...]:
    """Return an address's reverse names, without their last dot.

    Raises:
        ObservationError: DNS could not tell.
    """
    values = subject.resolver.lookup(DomainName(address.reverse_pointer), "PTR") if subject.resolver is not None else None
    return tuple(value.removesuffix(".").lower() for value in values or ())


@rule("HOST001", "host-ptr-missing", Severity.ERROR, "RFC 1912 §2.1", needs=Needs.DNS)
def host_ptr_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """Large receivers refuse mail from an address without a reverse name.

    Bad:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}  # and no PTR for 192.0.2.10
    Good:
        10.2.0.192.in-addr.arpa. PTR mx.example.com.
    """
    for address, route in _hosts(subject).items():
        if not _names(subject, address):
            yield Problem(route, f"{address} has no reverse name (PTR)", "have whoever holds the address publish one")


@rule("HOST002", "host-fcrdns", Severity.ERROR, "RFC 1912 §2.1", needs=Needs.DNS)
def host_fcrdns(subject: Subject) -> Iterator[Problem | Undecided]:
    """A reverse name that does not lead back to the address proves nothing: large receivers refuse mail from there.

    Bad:
        10.2.0.192.in-addr.arpa. PTR mx.example.com., whose address is another
    Good:
        mx.example.com. A 192.0.2.10
    """
    for address, route in _hosts(subject).items():
        names = _names(subject, address)
        if names and not any(_leads_to(subject, host, address) for host in map(queryable, names) if host is not None):
            yield Problem(route, f"{address} is named {', '.join(names)}, which does not lead back to it", "give the name this address")


def _leads_to(subject: Subject, host: DomainName, address: _Address) -> bool:
    return subject.resolver is not None and address in addresses(host, address.version, subject.resolver)


@rule("HOST003", "host-helo-mismatch", Severity.WARNING, "practice", needs=Needs.DNS)
def host_helo_mismatch(subject: Subject) -> Iterator[Problem | Undecided]:
    """A host that gives another name in HELO than its address has is taken for a hacked one by many receivers' filters.

    The names are those that the policy's tests give.

    Bad:
        tests: [{name: ours, from: a@example.com, helo: mail.example.com, ip: 192.0.2.10, expect: {spf: pass}}]
    Good:
        10.2.0.192.in-addr.arpa. PTR mail.example.com., beside it
    """
    for route, test in _own_tests(subject):
        names = _names(subject, ip_address(test.ip)) if test.helo is not None else ()
        if names and test.helo not in names:
            message = f"{test.ip} is named {', '.join(names)}, and says {test.helo} in HELO"
            yield Problem((*route, "helo"), message, "let both be the same name: the reverse name (PTR), or what the server says")


@rule("HOST004", "host-v6-partial", Severity.WARNING, "practice", needs=Needs.DNS)
def host_v6_partial(subject: Subject) -> Iterator[Problem | Undecided]:
    """A host that sends by IPv4 and has an IPv6 address sends by that one too, wherever the receiver has one: SPF fails there.

    The hosts are those that the policy's tests name in `helo`, and exchangers whose IPv4 address the record lists.

    Bad:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}  # and mx.example.com, at 192.0.2.10, also has 2001:db8::10
    Good:
        spf: {terms: ["ip4:192.0.2.10", "ip6:2001:db8::10"], all: fail}
    """
    if subject.resolver is None:
        return
    for host, (route, sender) in _sending_hosts(subject).items():
        for address in addresses(host, 6, subject.resolver):
            found = check_host(str(address), sender.rpartition("@")[2], sender, host, subject.resolver)
            if found.result is Result.TEMPERROR:
                yield Undecided(route, found.reason)
            elif found.result is not Result.PASS:
                message = f"{host} also has the address {address}, for which SPF says {found.result}"
                yield Problem(route, message, f"add ip6:{address}, or have the host send by IPv4 only")


def _sending_hosts(subject: Subject) -> dict[DomainName, tuple[Route, str]]:
    """Return hosts that send, each with its place and an address that it sends as.

    Raises:
        ObservationError: DNS could not tell.
    """
    found: dict[DomainName, tuple[Route, str]] = {}
    for route, test in _own_tests(subject):
        if test.helo is not None and not test.helo.startswith("["):
            found.setdefault(DomainName(test.helo), ((*route, "helo"), test.sender or f"postmaster@{test.helo}"))
    listed = [(route, term.network.network) for route, term in subject.spf_terms if isinstance(term, spf.Ip4)]
    for host in mail_hosts(subject) if listed else ():
        four = addresses(host, 4, subject.resolver) if subject.resolver is not None and queryable(host) else ()
        place = next((route for route, network in listed if any(address in network for address in four)), None)
        if place is not None:
            found.setdefault(host, (place, f"postmaster@{subject.domain}"))
    return found
