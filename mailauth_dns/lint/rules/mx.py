"""Rules about mail exchangers (RFC 5321 §5, RFC 7505)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Asked, Served, asked, served
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records.family import NULL_MX
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey
from mailauth_dns.senders.recognition import Trace


def _first(subject: Subject) -> str:
    """Return what comes before a new exchanger: senders that hold an enforcing policy skip it.

    RFC 8461 §8.1.
    """
    return (
        ", in mta_sts.mx first"
        if subject.mta_sts is not None and subject.mta_sts.mode == "enforce"
        else ""
    )


def exchangers(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    """Yield the exchangers in use; those of a parked domain are to go, and need no mending."""
    for host in () if subject.parked else subject.mail_hosts():
        yield ("domain",), host


def _mx(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("domain",), (subject.domain, "MX")


@rule("MX001", "mx-missing", Severity.WARNING, "RFC 5321 §5.1", needs=Needs.DNS)
def mx_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """Senders to a domain without MX records try its address, which may take no mail.

    A domain with an MTA-STS policy takes mail.

    Bad:
        mta_sts: {mode: testing, mx: [mx.example.com], max_age: 604800}  # and no MX
    Good:
        example.com. MX 10 mx.example.com.
    """
    if (
        subject.mta_sts is not None
        and subject.mta_sts.mode != "none"
        and subject.resolver is not None
        and not subject.mail_hosts()
    ):
        yield Problem(
            ("mta_sts",),
            f"{subject.domain} has no MX record: senders try its address",
            "publish one; if the domain takes no mail, end MTA-STS with mode: none",
        )


@served("MX002", "mx-null-with-others", Severity.ERROR, "RFC 7505 §3", keys=_mx)
def mx_null_with_others(found: Served) -> Iterator[Problem]:
    """A null MX says that the domain takes no mail: beside another MX, senders disagree.

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
        yield Problem(
            found.route,
            f"{found.subject.domain} has a null MX beside others: senders disagree",
            fix,
        )


@served("MX003", "mx-null-missing-parked", Severity.WARNING, "RFC 7505 §3", keys=_mx)
def mx_null_missing_parked(found: Served) -> Iterator[Problem]:
    """Without any MX, senders try the domain's own address.

    Where it does not answer, they queue the mail for days.

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
    """Receivers may refuse mail from a domain that takes none: no bounce can come back.

    Bad:
        example.com. MX 0 .  # and dkim has a selector that signs
    Good:
        example.com. MX 10 mx.example.com.
    """
    if not found.subject.parked and found.subject.signing and found.values == {NULL_MX}:
        yield Problem(
            found.route,
            f"{found.subject.domain} signs mail and takes none (null MX): receivers may refuse it",
            "replace the null MX with an MX, or park the domain once nothing sends as it",
        )


@asked("MX005", "mx-cname", Severity.ERROR, "RFC 2181 §10.3", things=exchangers)
def mx_cname(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Some senders do not deliver to an exchanger that is an alias.

    Bad:
        example.com. MX 10 mail.example.com., an alias
    Good:
        example.com. MX 10 host.example.com., which has addresses
    """
    if found.resolver.lookup(found.thing, "CNAME"):
        yield Problem(
            found.route,
            f"the exchanger {found.thing} is an alias (CNAME): some senders do not deliver",
            f"name the host that it leads to{_first(found.subject)}",
        )


@rule("MX006", "mx-ip", Severity.ERROR, "RFC 5321 §5.1", needs=Needs.DNS)
def mx_ip(subject: Subject) -> Iterator[Problem | Undecided]:
    """Senders look for a host of that name and find none: an exchanger cannot be an address.

    Bad:
        example.com. MX 10 192.0.2.25.
    Good:
        example.com. MX 10 mx.example.com.
    """
    for _, host in exchangers(subject):
        if host.rpartition(".")[2].isdigit():
            yield Problem(
                ("domain",),
                f"the exchanger {host} is an address, not a name: senders cannot deliver",
                f"name the host{_first(subject)}",
            )


@asked("MX007", "mx-unresolvable", Severity.ERROR, "RFC 5321 §5.1", things=exchangers)
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
            f"the exchanger {host} has no address: mail for it bounces",
            f"give it an address, or correct its name{_first(found.subject)}",
        )


@rule("MX008", "mx-single", Severity.INFO, "practice", needs=Needs.DNS)
def mx_single(subject: Subject) -> Iterator[Problem | Undecided]:
    """While the only exchanger is away, mail waits at its senders, for days at most.

    Some senders give up sooner. Hosts of mailbox providers are left out: one name may stand for
    many, and how many there are is theirs to say.

    Bad:
        example.com. MX 10 mx.example.com., with one address
    Good:
        example.com. MX 10 mx.example.com. and MX 20 mx.example.net.
    """
    hosts = [host for _, host in exchangers(subject)]
    if subject.resolver is None or len(hosts) != 1:
        return
    if subject.recognition.senders(Trace.EXCHANGER, hosts[0]):
        return
    if all(len(subject.resolver.lookup(hosts[0], kind) or ()) < 2 for kind in ("A", "AAAA")):
        yield Problem(
            ("domain",),
            f"{hosts[0]} is the only exchanger: mail waits while it is away",
            f"have a second one{_first(subject)}, unless mail may wait",
        )
