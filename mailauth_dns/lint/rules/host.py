"""Rules about the hosts that send: reverse names (RFC 1912 §2.1), HELO names and IPv6.

The hosts are those that the SPF record lists one by one, and those of the policy's tests that
expect SPF to pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from mailauth_dns.evaluate.macro_expansion import queryable
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_check import SpfResult
from mailauth_dns.evaluate.spf_hosts import addresses
from mailauth_dns.lint.live_rules import Asked, asked
from mailauth_dns.lint.rule import Problem, Severity, Undecided
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.mail_tests import MailTest
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf_term
from mailauth_dns.records.name import DomainName

_Address = IPv4Address | IPv6Address
_RECORD: Route = ("spf",)


def _own_tests(subject: Subject) -> Iterator[tuple[Route, MailTest]]:
    """Yield the tests of hosts that send for the domain."""
    for index, test in enumerate(subject.policy.body.tests):
        if test.expect.spf == "pass":
            yield ("tests", index), test


def _hosts(subject: Subject) -> Iterator[tuple[Route, _Address]]:
    """Yield the addresses that send, each with its first place."""
    found: dict[_Address, Route] = {}
    for route, term in subject.spf_terms:
        if (
            not isinstance(term, spf_term.Ip4 | spf_term.Ip6)
            or term.qualifier is not spf_term.Qualifier.PASS
        ):
            continue
        if term.network.network.prefixlen == term.network.max_prefixlen:
            found.setdefault(term.network.ip, route)
    for route, test in _own_tests(subject):
        found.setdefault(ip_address(test.ip), (*route, "ip"))
    for address, route in found.items():
        yield route, address


def _names(address: _Address, resolver: Resolver) -> tuple[str, ...]:
    """Return an address's reverse names, without their last dot.

    Raises:
        ObservationError: DNS could not tell.
    """
    values = resolver.lookup(DomainName(address.reverse_pointer), "PTR")
    return tuple(value.removesuffix(".").lower() for value in values or ())


@asked("HOST001", "host-ptr-missing", Severity.ERROR, "RFC 1912 §2.1", things=_hosts)
def host_ptr_missing(found: Asked[_Address]) -> Iterator[Problem | Undecided]:
    """Large receivers refuse mail from an address without a reverse name.

    Bad:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}  # and no PTR for 192.0.2.10
    Good:
        10.2.0.192.in-addr.arpa. PTR mx.example.com.
    """
    if not _names(found.thing, found.resolver):
        yield Problem(
            found.route,
            f"{found.thing} has no reverse name (PTR): large receivers refuse its mail",
            "ask whoever holds the address to publish one",
        )


@asked("HOST002", "host-fcrdns", Severity.ERROR, "RFC 1912 §2.1", things=_hosts)
def host_fcrdns(found: Asked[_Address]) -> Iterator[Problem | Undecided]:
    """Large receivers refuse mail from an address whose reverse name does not lead back to it.

    Bad:
        10.2.0.192.in-addr.arpa. PTR mx.example.com., whose address is another
    Good:
        mx.example.com. A 192.0.2.10
    """
    address = found.thing
    names = _names(address, found.resolver)
    hosts = [host for host in map(queryable, names) if host is not None]
    if names and not any(
        address in addresses(host, address.version, found.resolver) for host in hosts
    ):
        yield Problem(
            found.route,
            f"{address} is named {', '.join(names)}, which does not lead back to it: large "
            "receivers refuse its mail",
            "publish this address at that name (A or AAAA)",
        )


@asked("HOST003", "host-helo-mismatch", Severity.WARNING, "practice", things=_own_tests)
def host_helo_mismatch(found: Asked[MailTest]) -> Iterator[Problem | Undecided]:
    """Many filters take a host for a hacked one if HELO and reverse name differ.

    The names are those in the policy's tests.

    Bad:
        tests: [{name: ours, helo: mail.example.com, ip: 192.0.2.10, ...}]
    Good:
        10.2.0.192.in-addr.arpa. PTR mail.example.com., beside it
    """
    test = found.thing
    names = _names(ip_address(test.ip), found.resolver) if test.helo is not None else ()
    if names and test.helo not in names:
        message = (
            f"{test.ip} is named {', '.join(names)}, and says {test.helo} in HELO: filters may "
            "stop its mail"
        )
        yield Problem(
            (*found.route, "helo"),
            message,
            "make both the same: change the reverse name (PTR), or the name in HELO",
        )


_Sending = tuple[DomainName, str]  # a host, and an address that it sends as


def _sending(subject: Subject) -> Iterator[tuple[Route, _Sending]]:
    """Yield hosts that send: those of the tests, and exchangers if the record lists IPv4 addresses.

    Raises:
        ObservationError: DNS could not tell the exchangers.
    """
    told: set[str] = set()
    for route, test in _own_tests(subject):
        if test.helo is not None and not test.helo.startswith("[") and test.helo not in told:
            told.add(test.helo)
            yield (
                (*route, "helo"),
                (DomainName(test.helo), test.sender or f"postmaster@{test.helo}"),
            )
    for host in subject.mail_hosts() if any(_listed(subject)) else ():
        if host not in told and queryable(host):
            yield _RECORD, (host, f"postmaster@{subject.domain}")


def _listed(subject: Subject) -> Iterator[tuple[Route, IPv4Network]]:
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Ip4):
            yield route, term.network.network


@asked("HOST004", "host-v6-partial", Severity.WARNING, "practice", things=_sending)
def host_v6_partial(found: Asked[_Sending]) -> Iterator[Problem | Undecided]:
    """Mail that a host sends from an IPv6 address fails SPF if the record lists only IPv4.

    A host with both sends by IPv6 wherever the receiver has it. The hosts are those that the
    policy's tests name in `helo`, and exchangers whose IPv4 address the record lists.

    Bad:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}  # and that host also has 2001:db8::10
    Good:
        spf: {terms: ["ip4:192.0.2.10", "ip6:2001:db8::10"], all: fail}
    """
    host, sender = found.thing
    places = [found.route]
    if found.route == _RECORD:
        four = addresses(host, 4, found.resolver)
        places = [
            route
            for route, network in _listed(found.subject)
            if any(address in network for address in four)
        ]
    for address in addresses(host, 6, found.resolver) if places else ():
        checked = check_host(str(address), sender.rpartition("@")[2], sender, host, found.resolver)
        if checked.result is SpfResult.TEMPERROR:
            yield Undecided(places[0], checked.reason)
        elif checked.result is not SpfResult.PASS:
            message = f"{host} also has the address {address}, for which SPF says {checked.result}"
            yield Problem(
                places[0], message, f"add ip6:{address}, or have the host send by IPv4 only"
            )
