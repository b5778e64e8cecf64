"""Rules about selectors that are delegated by an alias, as servers hold them (RFC 6376 §3.6.2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint import remedies
from mailauth_dns.lint.rule import (
    Asked,
    At,
    Needs,
    Problem,
    Served,
    Severity,
    Undecided,
    asked,
    rule,
    served,
)
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey


def _aliases(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.signing.items():
        if entry.cname is not None:
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "CNAME"),
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
    """A name with an alias can hold nothing else: what receivers get from a server that holds both depends on the resolver between.

    Bad:
        s1._domainkey.example.com. with a CNAME and a TXT record
    Good:
        the key, or the delegation
    """
    observation = subject.observation
    if observation is None or not observation.servers:
        yield Undecided(
            ("dkim",),
            (observation.problem if observation is not None else None) or "no server was asked",
        )
        return
    for route, key in _both(subject):
        if key[1] == "CNAME":
            continue
        for view in observation.servers:
            there = [
                view.sets.get((key[0], kind), Unknown("was not asked")) for kind in ("TXT", "CNAME")
            ]
            if dark := next((answer for answer in there if isinstance(answer, Unknown)), None):
                yield Undecided(route, dark.reason, At(key, view.server))
            elif all(there):
                yield Problem(
                    route,
                    "has an alias (CNAME) beside its own record",
                    remedies.PUBLISH,
                    At(key, view.server),
                )
                break


def _targets(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for selector, entry in subject.signing.items():
        if entry.cname is not None:
            yield ("dkim", "selectors", selector, "cname"), DomainName(entry.cname)


@asked("DKIM024", "dkim-cname-dangling", Severity.ERROR, "RFC 6376 §3.6.2.1", things=_targets)
def dkim_cname_dangling(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """A delegated selector whose target has no key fails every signature; whoever gets the target's zone can sign as the domain.

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


@served("DKIM025", "dkim-cname-proxied", Severity.ERROR, "RFC 6376 §3.6.2.1", keys=_aliases)
def dkim_cname_flattened(found: Served) -> Iterator[Problem]:
    """A delegated selector that is served without its CNAME was flattened, proxied, or never published: the sender cannot change its key.

    Bad:
        s1._domainkey.example.com. is not an alias, and the policy delegates it
    Good:
        s1._domainkey.example.com. CNAME s1.domainkey.example.net.
    """
    if not found.values:
        yield Problem(
            found.route,
            f"{found.key[0]} is no alias in DNS",
            "publish the CNAME, with proxy and flattening off",
        )
