"""Rules about which DMARC record receivers find for a domain (RFC 9989 §4.10)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.dmarc import Discovery, discover
from mailauth_dns.evaluate.dmarc_walk import passed_over, walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.lint.live_rules import Asked, asked
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dmarc
from mailauth_dns.records.dmarc_received import receive
from mailauth_dns.records.name import MAX_NAME, DomainName


@rule("DMARC001", "dmarc-missing", Severity.ERROR, "RFC 9989 §4.10", needs=Needs.DNS)
def dmarc_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """Without a DMARC record anybody may send as the domain; large receivers refuse its bulk mail.

    The record may stand at the domain or above it.

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
        return  # DMARC002 and DMARC007 report it
    if isinstance(found.policy_domain, Unknown):
        yield Undecided(("dmarc",), found.policy_domain.reason)
    elif found.applicable is None and subject.dmarc_record is None:  # else DMARC009 reports it
        yield Problem(("dmarc",), _unprotected(found), 'add dmarc: {p: none, rua: ["mailto:..."]}')


def _unprotected(found: Discovery) -> str:
    if found.policy_domain is not None:
        return (
            f"the DMARC record of {found.policy_domain} has no valid p and asks for no reports, "
            "so receivers apply none of it"
        )
    for step in found.walk.steps:
        if step.records > 1:
            return (
                f"{step.owner_name} has {step.records} DMARC records, so that none counts, and "
                "there is no other"
            )
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
    """Receivers look at `_dmarc` under the domain and nowhere else: other records do nothing.

    Bad:
        example.com. TXT "v=DMARC1; p=reject"
    Good:
        _dmarc.example.com. TXT "v=DMARC1; p=reject"
    """
    if any(map(receive, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"there is a DMARC record at {found.thing}, where nobody looks for it"
        yield Problem(found.route, message, _moved(found.subject.domain, found.resolver))


def _moved(domain: DomainName, resolver: Resolver) -> str:
    right = dmarc.owner_name(domain)
    if any(map(receive, resolver.lookup(right, "TXT") or ())):
        return f"delete it: {right} has one, and two count as none"
    return f"publish it at {right} instead, with p=none at first: no policy is in force now"


@rule("DMARC027", "dmarc-treewalk-surprise", Severity.WARNING, "RFC 9989 §4.10.2", needs=Needs.DNS)
def dmarc_treewalk_surprise(subject: Subject) -> Iterator[Problem | Undecided]:
    """A record above the domain makes that name its organization: mail of all below it aligns.

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
        message = (
            f"the organizational domain is {above}, which this repo does not hold: its mail "
            f"aligns with {subject.domain}"
        )
        yield Problem(("dmarc",), message, f"add psd: n if {above} is not yours")


def _passed_over(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for domain in passed_over(subject.domain):
        yield ("domain",), dmarc.owner_name(domain)


@asked("DMARC028", "dmarc-depth", Severity.WARNING, "RFC 9989 §4.10", things=_passed_over)
def dmarc_depth(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Receivers ask the name itself, then seven labels and fewer: they miss records between.

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
    """Receivers find a wildcard TXT at `_dmarc` of missing names: no policy, or a wrong one.

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
            ("domain",),
            message,
            "give each name that needs it a TXT of its own, then delete the wildcard",
        )
