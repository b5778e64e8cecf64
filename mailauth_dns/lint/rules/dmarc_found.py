"""Rules about what receivers find who ask DNS for a domain's DMARC policy and its report addresses (RFC 9989 §4.10, RFC 9990)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.dmarc import Discovery, discover
from mailauth_dns.evaluate.dmarc_walk import passed_over, walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.report_destination import destination, destination_host
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.lint.rule import Asked, Needs, Problem, Severity, Undecided, asked, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dmarc
from mailauth_dns.records.dmarc_received import receive
from mailauth_dns.records.name import MAX_NAME, DomainName


@rule("DMARC001", "dmarc-missing", Severity.ERROR, "RFC 9989 §4.10", needs=Needs.DNS)
def dmarc_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """Without a record at the domain or above it anybody may send as it, and large receivers refuse its bulk mail.

    Bad:
        spf: {terms: [mx], all: fail}  # and no DMARC record anywhere
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    if subject.resolver is None or subject.parked:
        return
    found = discover(subject.domain, subject.resolver)
    own = found.walk.steps[0] if found.walk.steps else None
    if own is not None and (
        own.records > 1 or (own.received is not None and own.received.dropped - {"rua", "ruf"})
    ):
        return  # DMARC002 and DMARC007 tell of it
    if isinstance(found.policy_domain, Unknown):
        yield Undecided(("dmarc",), found.policy_domain.reason)
    elif found.applicable is None and subject.dmarc_record is None:  # else DMARC009 tells of it
        yield Problem(("dmarc",), _unprotected(found), 'add dmarc: {p: none, rua: ["mailto:..."]}')


def _unprotected(found: Discovery) -> str:
    if found.policy_domain is not None:
        return f"the DMARC record of {found.policy_domain} has no valid p and asks for no reports, so receivers apply none of it"
    for step in found.walk.steps:
        if step.records > 1:
            return f"{step.owner_name} has {step.records} DMARC records, so that none counts, and there is no other"
    return f"no DMARC record at {found.author_domain} or above it"


def _wrong_names(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for name in (
        subject.domain,
        DomainName(f"{dmarc.owner_name(subject.domain)}.{subject.domain}"),
    ):
        if len(name) <= MAX_NAME:
            yield ("dmarc",), name


@asked("DMARC004", "dmarc-wrong-name", Severity.ERROR, "RFC 9989 §4.5", things=_wrong_names)
def dmarc_wrong_name(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Receivers look at `_dmarc` under the domain and nowhere else: a record at another name does nothing.

    Bad:
        example.com. TXT "v=DMARC1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    if any(map(receive, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"there is a DMARC record at {found.thing}, where nobody looks"
        yield Problem(found.route, message, _moved(found.subject.domain, found.resolver))


def _moved(domain: DomainName, resolver: Resolver) -> str:
    right = dmarc.owner_name(domain)
    if any(map(receive, resolver.lookup(right, "TXT") or ())):
        return f"take it away: {right} has one, and two count as none"
    return f"publish it at {right} instead, with p=none at first: no policy is in force now"


def _addresses(subject: Subject) -> Iterator[tuple[Route, dmarc.Uri]]:
    for tag, index, uri in subject.report_addresses:
        yield ("dmarc", tag, index), uri


@asked("DMARC019", "dmarc-rua-no-mx", Severity.ERROR, "RFC 5321 §5.1", things=_addresses)
def dmarc_rua_no_mx(found: Asked[dmarc.Uri]) -> Iterator[Problem | Undecided]:
    """A report address whose domain takes no mail gets no reports.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@gone.example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    host = destination_host(found.thing)
    if host is not None:
        exchangers = found.resolver.lookup(host, "MX")
        if exchangers == ("0 .",) or not (
            exchangers or any(found.resolver.lookup(host, kind) for kind in ("A", "AAAA"))
        ):
            yield Problem(
                found.route, f"{host} takes no mail, so no reports", "name an address that does"
            )


@asked("DMARC020", "dmarc-external-auth", Severity.ERROR, "RFC 9990", things=_addresses)
def dmarc_external_auth(found: Asked[dmarc.Uri]) -> Iterator[Problem | Undecided]:
    """Reports go to another organization only where it says that it takes them: without its record nobody sends any.

    Bad:
        dmarc: {p: none, rua: ["mailto:d@example.net"]}  # and no example.com._report._dmarc.example.net
    Good:
        example.com._report._dmarc.example.net. TXT "v=DMARC1"
    """
    reports = destination(found.subject.domain, found.thing, found.resolver)
    if isinstance(reports.accepted, Unknown):
        yield Undecided(found.route, reports.accepted.reason)
    elif not reports.accepted:
        yield Problem(
            found.route,
            f"{reports.reason}: no reports go there",
            "ask its owner to publish v=DMARC1 there",
        )


@rule("DMARC027", "dmarc-treewalk-surprise", Severity.WARNING, "RFC 9989 §4.10.2", needs=Needs.DNS)
def dmarc_treewalk_surprise(subject: Subject) -> Iterator[Problem | Undecided]:
    """A record above the domain makes that name its organization: whatever passes for any name below it is aligned with the domain.

    Bad:
        dmarc: {p: reject}  # for shop.host.example, and host.example, not yours, has a DMARC record
    Good:
        dmarc: {p: reject, psd: n}
    """
    if subject.resolver is None or subject.dmarc_record is None:
        return
    walked = walk(subject.domain, subject.resolver)
    above = walked.organizational_domain
    if isinstance(above, Unknown):
        yield Undecided(("dmarc",), above.reason)
    elif (
        above != subject.domain
        and above not in subject.neighbours.dmarc.texts
        and not above.endswith(f".{subject.domain}")
    ):
        message = f"the organizational domain is {above}, which this repo does not hold: its mail is aligned with {subject.domain}"
        yield Problem(("dmarc",), message, f"add psd: n if {above} is not yours")


def _passed_over(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for domain in passed_over(subject.domain):
        yield ("domain",), dmarc.owner_name(domain)


@asked("DMARC028", "dmarc-depth", Severity.WARNING, "RFC 9989 §4.10", things=_passed_over)
def dmarc_depth(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """The walk asks for the name itself and then for seven labels and fewer: a record between is not found.

    Bad:
        a record at _dmarc.b.c.d.e.f.g.example.com for mail from a.z.b.c.d.e.f.g.example.com
    Good:
        a record at the name in From, or at seven labels or fewer
    """
    if any(map(receive, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"the record at {found.thing} is not found from {found.subject.domain}"
        yield Problem(
            found.route,
            message,
            "publish the same at the domain itself, or at seven labels or fewer",
        )


@rule("DMARC040", "dmarc-wildcard", Severity.WARNING, "RFC 4592 §2.2", needs=Needs.DNS)
def dmarc_wildcard(subject: Subject) -> Iterator[Problem | Undecided]:
    """A wildcard TXT answers at `_dmarc` of names that do not exist: receivers find something that is no policy, or a policy nobody meant.

    Bad:
        "*.example.com. TXT hello"
    Good:
        no wildcard TXT above names that send mail
    """
    if subject.resolver is not None and subject.resolver.lookup(
        DomainName(f"*.{subject.domain}"), "TXT"
    ):
        message = f"*.{subject.domain} has a TXT record, which answers for _dmarc of its subdomains"
        yield Problem(
            ("domain",), message, "give each name that needs it a TXT of its own, then take it away"
        )
