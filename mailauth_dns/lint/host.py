"""Rules about the hosts that send: their reverse names (RFC 1912 §2.1), which large receivers ask for."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.macros import queryable
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.load import Route
from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName


def _names(subject: Subject) -> Iterator[tuple[Route, spf.Ip4 | spf.Ip6, tuple[str, ...]]]:
    """Yield the hosts that the SPF record lists one by one, with their reverse names.

    Raises:
        ObservationError: DNS could not tell.
    """
    for route, term in subject.spf_terms:
        if subject.resolver is None or not isinstance(term, spf.Ip4 | spf.Ip6) or term.qualifier is not spf.Qualifier.PASS:
            continue
        if term.network.network.prefixlen == term.network.max_prefixlen:
            names = subject.resolver.lookup(DomainName(term.network.ip.reverse_pointer), "PTR")
            yield route, term, names or ()


@rule("HOST001", "host-ptr-missing", Severity.ERROR, "RFC 1912 §2.1", needs=Needs.DNS)
def host_ptr_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """Large receivers refuse mail from an address without a reverse name.

    Bad:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}  # and no PTR for 192.0.2.10
    Good:
        10.2.0.192.in-addr.arpa. PTR mx.example.com.
    """
    for route, term, names in _names(subject):
        if not names:
            yield Problem(route, f"{term.network.ip} has no reverse name (PTR)", "have whoever holds the address publish one")


@rule("HOST002", "host-fcrdns", Severity.ERROR, "RFC 1912 §2.1", needs=Needs.DNS)
def host_fcrdns(subject: Subject) -> Iterator[Problem | Undecided]:
    """A reverse name that does not lead back to the address proves nothing: large receivers refuse mail from there.

    Bad:
        10.2.0.192.in-addr.arpa. PTR mx.example.com., whose address is another
    Good:
        mx.example.com. A 192.0.2.10
    """
    for route, term, names in _names(subject):
        kind = "A" if isinstance(term, spf.Ip4) else "AAAA"
        hosts = [host for host in (queryable(name.removesuffix(".")) for name in names) if host is not None]
        if names and not any(_leads_to(subject, host, kind, str(term.network.ip)) for host in hosts):
            yield Problem(
                route, f"{term.network.ip} is named {', '.join(names)}, which does not lead back to it", "give the name this address"
            )


def _leads_to(subject: Subject, host: DomainName, kind: str, address: str) -> bool:
    return subject.resolver is not None and address in (subject.resolver.lookup(host, kind) or ())
