"""Rules about mail exchangers (RFC 5321 §5, RFC 7505)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.spf_hosts import exchangers
from mailauth_dns.lint import remedies
from mailauth_dns.lint.rule import (
    Asked,
    Needs,
    Problem,
    Served,
    Severity,
    Undecided,
    asked,
    rule,
    served,
)
from mailauth_dns.lint.sender_hints import is_many_hosts
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records.family import NULL_MX
from mailauth_dns.records.name import MAX_NAME, ROOT, DomainName, ancestors
from mailauth_dns.records.zone import RRKey


def mail_hosts(subject: Subject) -> list[DomainName]:
    """Return the domain's mail exchangers, the null MX left out; nothing where DNS was not asked.

    Raises:
        ObservationError: DNS could not tell.
    """
    values = subject.resolver.lookup(subject.domain, "MX") if subject.resolver is not None else None
    return [DomainName(host.lower()) for host in exchangers(subject.domain, values or ()) if host]


def _first(subject: Subject) -> str:
    """Return what a new exchanger waits for: who holds an enforcing policy delivers to no host that it lacks (RFC 8461 §8.1)."""
    return (
        ", in mta_sts.mx first"
        if subject.mta_sts is not None and subject.mta_sts.mode == "enforce"
        else ""
    )


def _hosts(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for host in (
        mail_hosts(subject) if not subject.parked else ()
    ):  # of a parked domain they go, and need no mending
        yield ("domain",), host


def _mx(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("domain",), (subject.domain, "MX")


@rule("MX001", "mx-missing", Severity.WARNING, "RFC 5321 §5.1", needs=Needs.DNS)
def mx_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """A domain that has an MTA-STS policy takes mail; without MX records senders try its address, which may take none.

    Bad:
        mta_sts: {mode: testing, mx: [mx.example.com], max_age: 604800}  # and no MX
    Good:
        example.com. MX 10 mx.example.com.
    """
    if (
        subject.mta_sts is not None
        and subject.mta_sts.mode != "none"
        and subject.resolver is not None
        and not mail_hosts(subject)
    ):
        yield Problem(
            ("mta_sts",),
            f"{subject.domain} has no MX record",
            "publish one; if it takes no mail, mode: none ends MTA-STS",
        )


@served("MX002", "mx-null-with-others", Severity.ERROR, "RFC 7505 §3", keys=_mx)
def mx_null_with_others(found: Served) -> Iterator[Problem]:
    """A null MX says that there is no mail here; beside another one senders disagree about which to believe.

    Bad:
        example.com. MX 0 . and MX 10 mx.example.com.
    Good:
        example.com. MX 10 mx.example.com.
    """
    if NULL_MX in found.values and len(found.values) > 1:
        fix = (
            remedies.UNPARK
            if found.subject.parked
            else "delete the null MX (0 .), unless the domain is to take no mail"
        )
        yield Problem(found.route, f"{found.subject.domain} has a null MX beside others", fix)


@served("MX003", "mx-null-missing-parked", Severity.WARNING, "RFC 7505 §3", keys=_mx)
def mx_null_missing_parked(found: Served) -> Iterator[Problem]:
    """Without a null MX senders try the address of a parked domain for days before they give up.

    Bad:
        parked: true  # and the zone has no MX
    Good:
        example.com. MX 0 .
    """
    if found.subject.parked and NULL_MX not in found.values:
        what, fix = ("an MX", remedies.UNPARK) if found.values else ("no null MX", remedies.PUBLISH)
        yield Problem(("parked",), f"{found.subject.domain} is parked and has {what}", fix)


@served("MX004", "mx-null-but-sends", Severity.WARNING, "RFC 7505 §4.2", keys=_mx)
def mx_null_but_sends(found: Served) -> Iterator[Problem]:
    """Receivers may refuse mail from a domain that takes none, because no bounce can come back.

    Bad:
        example.com. MX 0 .  # and dkim has a selector that signs
    Good:
        example.com. MX 10 mx.example.com.
    """
    if not found.subject.parked and found.subject.signing and found.values == {NULL_MX}:
        yield Problem(
            found.route,
            f"{found.subject.domain} signs mail and takes none (null MX)",
            "put an MX in its place, or park the domain once nothing sends as it",
        )


@asked("MX005", "mx-cname", Severity.ERROR, "RFC 2181 §10.3", things=_hosts)
def mx_cname(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """An exchanger that is an alias is not allowed: some senders deliver, some do not.

    Bad:
        example.com. MX 10 mail.example.com., an alias
    Good:
        example.com. MX 10 host.example.com., which has addresses
    """
    if found.resolver.lookup(found.thing, "CNAME"):
        yield Problem(
            found.route,
            f"the exchanger {found.thing} is an alias (CNAME)",
            f"name the host that it stands for{_first(found.subject)}",
        )


@rule("MX008", "mx-single", Severity.INFO, "practice", needs=Needs.DNS)
def mx_single(subject: Subject) -> Iterator[Problem | Undecided]:
    """While the only exchanger is away, mail waits at its senders: for days at most, and some give up sooner.

    Senders whose one exchanger stands for many are not told of.

    Bad:
        example.com. MX 10 mx.example.com., with one address
    Good:
        example.com. MX 10 mx.example.com. and MX 20 mx.example.net.
    """
    hosts = [host for _, host in _hosts(subject)]
    if subject.resolver is None or len(hosts) != 1 or is_many_hosts(hosts[0]):
        return
    if all(len(subject.resolver.lookup(hosts[0], kind) or ()) < 2 for kind in ("A", "AAAA")):
        yield Problem(
            ("domain",),
            f"{hosts[0]} is the only exchanger",
            f"have a second one{_first(subject)}, unless mail may wait while it is away",
        )


@asked("TLSA001", "tlsa-no-dnssec", Severity.WARNING, "RFC 7672 §2.2", things=_hosts)
def tlsa_no_dnssec(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Senders use a TLSA record only where DNSSEC proves it: in a zone that is not signed it protects nothing.

    Bad:
        _25._tcp.mx.example.com. TLSA 3 1 1 ..., and example.com has no DNSKEY
    Good:
        the same in a zone that is signed
    """
    resolver = found.resolver
    name = DomainName(f"_25._tcp.{found.thing}")
    # Behind an alias both zones count; that is left to who looks after them.
    if len(name) > MAX_NAME or resolver.lookup(name, "CNAME") or not resolver.lookup(name, "TLSA"):
        return
    zone = next((upper for upper in ancestors(name, ROOT) if resolver.lookup(upper, "NS")), None)
    if zone is not None and not resolver.lookup(zone, "DNSKEY"):
        yield Problem(
            found.route,
            f"{name} has a TLSA record, and the zone {zone} is not signed",
            f"take the record away; or see that it fits the certificate, and sign {zone}",
        )


@rule("MX006", "mx-ip", Severity.ERROR, "RFC 5321 §5.1", needs=Needs.DNS)
def mx_ip(subject: Subject) -> Iterator[Problem | Undecided]:
    """An exchanger is a host name: an address in its place is looked up as a name, and there is none.

    Bad:
        example.com. MX 10 192.0.2.25.
    Good:
        example.com. MX 10 mx.example.com.
    """
    for _, host in _hosts(subject):
        if host.rpartition(".")[2].isdigit():
            yield Problem(
                ("domain",),
                f"the exchanger {host} is an address, not a name",
                f"name the host{_first(subject)}",
            )


@asked("MX007", "mx-unresolvable", Severity.ERROR, "RFC 5321 §5.1", things=_hosts)
def mx_unresolvable(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Mail for an exchanger without an address waits and bounces.

    Bad:
        example.com. MX 10 gone.example.com.
    Good:
        example.com. MX 10 mx.example.com., which has an address
    """
    host = found.thing
    if not host.rpartition(".")[2].isdigit() and not any(
        found.resolver.lookup(host, kind) for kind in ("A", "AAAA")
    ):
        yield Problem(
            found.route,
            f"the exchanger {host} has no address",
            f"give it an address, or correct its name{_first(found.subject)}",
        )
