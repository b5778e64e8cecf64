"""Rules about the names of DKIM keys: aliases, wildcards, names entered wrongly."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Asked, Served, asked, served, unasked
from mailauth_dns.lint.rule import At, Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.records.zone import RRKey
from mailauth_dns.senders.matching import leads_astray
from mailauth_dns.senders.recognition import Trace

_SHIELD = 'declare selectors: {"*": {state: revoked}}, which answers instead'


_PROBE = "mailauth-dns-no-such-selector"  # a selector that nobody has


def _doubled(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for selector in subject.signing:
        name = DomainName(f"{dkim.owner_name(selector, subject.domain)}.{subject.domain}")
        if len(name) <= MAX_NAME:
            yield ("dkim", "selectors", selector), name


@asked("DKIM022", "dkim-name-doubled", Severity.ERROR, "RFC 6376 §3.6.2.1", things=_doubled)
def dkim_name_doubled(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Receivers find no key at the selector: a form that adds the domain doubled it in the name.

    Bad:
        s1._domainkey.example.com.example.com. TXT "v=DKIM1; p=MIIB..."
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."
    """
    if any(map(dkim_received.keys, found.resolver.lookup(found.thing, "TXT") or ())):
        message = (
            f"there is a key at {found.thing}: the domain is in the name twice, and receivers "
            "find no key"
        )
        yield Problem(
            found.route,
            message,
            f"publish it at {found.thing.removesuffix(f'.{found.subject.domain}')}, then delete "
            "this one",
        )


@rule("DKIM023", "dkim-wildcard-shadow", Severity.WARNING, "RFC 6376 §3.6.2", needs=Needs.DNS)
def dkim_wildcard_shadow(subject: Subject) -> Iterator[Problem | Undecided]:
    """A wildcard answers for every missing selector: receivers see a key that was deleted.

    Bad:
        "*.example.com. TXT hello" in the zone of a domain that signs
    Good:
        no wildcard TXT or CNAME above _domainkey
    """
    if subject.resolver is None or not subject.selectors or "*" in subject.selectors:
        return
    name = dkim.owner_name(_PROBE, subject.domain)
    if subject.resolver.lookup(name, "CNAME") or subject.resolver.lookup(name, "TXT"):
        yield Problem(
            ("dkim",),
            f"a wildcard answers for selectors of {subject.domain} that do not exist",
            _SHIELD,
        )


def _targets(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for selector, entry in subject.signing.items():
        if entry.cname is not None:
            yield ("dkim", "selectors", selector, "cname"), DomainName(entry.cname)


@asked("DKIM024", "dkim-cname-dangling", Severity.ERROR, "RFC 6376 §3.6.2.1", things=_targets)
def dkim_cname_dangling(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Every signature fails with a delegated selector whose target has no key.

    Whoever gets the target's zone can sign as the domain.

    Bad:
        dkim: {selectors: {s1: {cname: s1.gone.example.net}}}
    Good:
        dkim: {selectors: {s1: {cname: s1.domainkey.example.net}}}
    """
    values = found.resolver.lookup(found.thing, "TXT")
    if not any(dkim_received.keys(value) - {""} for value in values or ()):
        what = (
            "does not exist (NXDOMAIN)"
            if values is None
            else "holds no key"
            if values
            else "has no TXT record"
        )
        message = f"its target {found.thing} {what}: signatures with it fail"
        yield Problem(
            found.route,
            message,
            "correct the target, or write state: absent once nothing signs with it",
        )


def _aliases(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.signing.items():
        if entry.cname is not None:
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "CNAME"),
            )


@served("DKIM025", "dkim-cname-proxied", Severity.ERROR, "RFC 6376 §3.6.2.1", keys=_aliases)
def dkim_cname_proxied(found: Served) -> Iterator[Problem]:
    """The sender cannot change its key: the delegated selector is served without its CNAME.

    It was flattened, proxied, or never published.

    Bad:
        s1._domainkey.example.com. is not an alias, and the policy delegates it
    Good:
        s1._domainkey.example.com. CNAME s1.domainkey.example.net.
    """
    if not found.values:
        yield Problem(
            found.route,
            f"{found.key[0]} is no alias in DNS: the sender cannot change its key",
            "publish the CNAME, with proxy and flattening off",
        )


def _both(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector in subject.signing:
        for kind in ("TXT", "CNAME"):
            yield ("dkim", "selectors", selector), (dkim.owner_name(selector, subject.domain), kind)


@rule(
    "DKIM026",
    "dkim-cname-with-other-data",
    Severity.ERROR,
    "RFC 1034 §3.6.2",
    needs=Needs.SERVERS,
    keys=_both,
)
def dkim_cname_with_other_data(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers may get the alias or the record where a server holds both at one name.

    A name with an alias can hold nothing else.

    Bad:
        s1._domainkey.example.com. with a CNAME and a TXT record
    Good:
        the key, or the delegation
    """
    if (nobody := unasked(subject, ("dkim",))) is not None:
        yield nobody
        return
    for route, key in _both(subject):
        if key[1] == "CNAME":
            continue
        for view in subject.servers:
            there = [
                view.sets.get((key[0], kind), Unknown("was not asked")) for kind in ("TXT", "CNAME")
            ]
            if dark := next((answer for answer in there if isinstance(answer, Unknown)), None):
                yield Undecided(route, dark.reason, At(key, view.server))
            elif all(there):
                yield Problem(
                    route,
                    "has an alias (CNAME) beside its own record: receivers get either",
                    remedies.PUBLISH,
                    At(key, view.server),
                )
                break


@rule("DKIM027", "dkim-cname-target-pattern", Severity.WARNING, "practice")
def dkim_cname_target_pattern(subject: Subject) -> Iterator[Problem]:
    """Signatures fail if a delegation leads to another name than the sender's delegations do.

    There is no key, or another account's.

    Bad:
        dkim: {selectors: {zendesk1: {cname: zendesk2._domainkey.zendesk.com}}}
    Good:
        dkim: {selectors: {zendesk1: {cname: zendesk1._domainkey.zendesk.com}}}
    """
    for selector, entry in subject.selectors.items():
        if entry.cname is None or entry.state is KeyState.ABSENT:
            continue
        senders = subject.recognition.entries(Trace.DKIM, entry.cname)
        if senders and leads_astray(senders, selector, subject.domain, entry.cname):
            sender = senders[0]
            message = (
                f"delegations of {selector} to {sender.name} do not lead to this name: signatures "
                "may fail"
            )
            yield Problem(
                ("dkim", "selectors", selector, "cname"),
                message,
                "compare it with what the sender's console shows",
            )
