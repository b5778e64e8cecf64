"""Rules about the DNS around the records: aliases, delegations, wildcards, differing servers."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint.live_rules import Asked, Served, asked, served, unasked
from mailauth_dns.lint.rule import At, Needs, Problem, Severity, Undecided, page, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records.dmarc import Policy, Testing
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, ancestors, below, is_at_or_below
from mailauth_dns.records.zone import RRKey, RRset

_DAY = 86400  # seconds
_HERE: Route = ("domain",)
_SECTION = {
    family: family.value
    for family in (
        Family.SPF,
        Family.DKIM,
        Family.DMARC,
        Family.MTA_STS,
        Family.TLS_RPT,
        Family.BIMI,
    )
}


def _own(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    """Yield the sets that the policy declares with values, in its own zone."""
    for entry in subject.declared:
        if entry.values and entry.family is not Family.DMARC_REPORT:
            route = (
                (_SECTION[entry.family],)
                if entry.family in _SECTION and not subject.parked
                else _HERE
            )
            yield route, entry.key


def _aliases(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for route, (name, rrtype) in _own(subject):
        if rrtype != "CNAME" and "._domainkey." not in name:
            yield route, (name, "CNAME")


@served("DNS002", "cname-coexist", Severity.ERROR, "RFC 1034 §3.6.2", keys=_aliases)
def cname_coexist(found: Served) -> Iterator[Problem]:
    """Receivers never get a record at a name that is an alias: nothing else can stand there.

    Bad:
        example.com. CNAME www.example.net., and spf in the policy of example.com
    Good:
        example.com. with its own records
    """
    for target in found.values:
        yield Problem(
            found.route,
            f"{found.key[0]} is an alias of {target}, so no other record can stand there",
            _unaliased(found.key[0]),
        )


def _unaliased(name: DomainName) -> str:
    if name.startswith("_"):
        return "delete the alias, then plan, apply; or leave the record to its target"
    return "replace it with the addresses that it leads to: they can stand beside other records"


def _between(subject: Subject) -> Iterator[tuple[Route, tuple[DomainName, DomainName]]]:
    """Yield the names where a delegation could be, each with the record below it."""
    told = {subject.policy.zone}
    for route, (name, _) in _own(subject):
        for cut in (name, *ancestors(name, subject.policy.zone)):
            if cut not in told:
                told.add(cut)
                yield route, (cut, name)


@asked("DNS003", "delegation-below", Severity.ERROR, "RFC 1034 §4.2.1", things=_between)
def delegation_below(found: Asked[tuple[DomainName, DomainName]]) -> Iterator[Problem | Undecided]:
    """Receivers never get a record below a delegation: other servers answer for that name.

    Bad:
        _domainkey.example.com. NS ns.example.net., and dkim in the policy
    Good:
        no delegation between the zone and its records
    """
    cut, name = found.thing
    servers = found.resolver.lookup(cut, "NS")
    # Behind an alias stand the servers of another zone.
    if servers and not found.resolver.lookup(cut, "CNAME"):
        message = (
            f"{cut} is delegated to {', '.join(servers)}: {name} is never served from the zone "
            f"{found.subject.policy.zone}"
        )
        if is_at_or_below(found.subject.domain, cut):
            yield Problem(found.route, message, f"write zone: {cut}")
        else:
            yield Problem(
                found.route,
                message,
                f"publish it at the servers of {cut}, and take it out of the policy",
            )


@served("DNS004", "wildcard-shadowed", Severity.WARNING, "RFC 4592 §2.2", keys=_own)
def wildcard_shadowed(found: Served) -> Iterator[Problem]:
    """A wildcard stops answering for a name once it exists: receivers lose what it said there.

    Bad:
        "*.example.com. TXT hello", and a new record at _smtp._tls.example.com
    Good:
        records of their own in place of a wildcard
    """
    name = found.key[0]
    if found.subject.resolver is None or found.values:
        return
    for upper in (*ancestors(name, found.subject.policy.zone), found.subject.policy.zone):
        wildcard = below("*", upper)
        kinds = [
            kind
            for kind in ("TXT", "CNAME")
            if wildcard != name and found.subject.resolver.lookup(wildcard, kind)
        ]
        if kinds:
            yield Problem(
                found.route,
                f"{wildcard} ({', '.join(kinds)}) no longer answers for {name} once it is "
                "published",
                f"give {name} records of its own for what it still needs of the wildcard",
            )
            return


@rule("DNS006", "ttl-high-for-change", Severity.WARNING, "practice")
def ttl_high_for_change(subject: Subject) -> Iterator[Problem]:
    """Caches keep a record for its TTL: a wrong step hurts mail until they let go of it.

    A step is ahead of a DMARC policy with `p: none` or `t: y`, and of an SPF record with
    `flatten`, whose senders move.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"], ttl: 604800}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"], ttl: 3600}
    """
    dmarc, spf = subject.dmarc_section, subject.spf_section
    record = subject.dmarc_record
    rising = record is not None and (
        record.effective_p is Policy.NONE or record.effective_t is Testing.YES
    )
    sections = (
        ("dmarc", dmarc, rising, "DMARC policy"),
        ("spf", spf, bool(spf and spf.flatten), "flattened SPF record"),
    )
    told: set[Route] = set()
    for key, section, changes, what in sections:
        own = section.ttl if section is not None else None
        ttl = own or subject.policy.body.ttl or 0
        route: Route = (key, "ttl") if own else ("ttl",)
        if changes and ttl > _DAY and route not in told:
            told.add(route)
            message = (
                f"caches keep the {what} for {ttl / _DAY:.3g} days: a wrong step lasts that long"
            )
            yield Problem(route, message, f"use a ttl of {_DAY} or less until it is settled")


@rule("DNS007", "ns-disagree", Severity.WARNING, "RFC 1034 §4.3.5", needs=Needs.SERVERS, keys=_own)
def ns_disagree(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers ask one server or the other: while they differ, mail passes here and fails there.

    Bad:
        ns1 has v=spf1 mx -all, ns2 still has v=spf1 -all
    Good:
        every server of the zone with the same records
    """
    if (nobody := unasked(subject, _HERE)) is not None:
        yield nobody
        return
    for route, key in _own(subject):
        known: dict[str, frozenset[str]] = {}
        for view in subject.servers:
            answer = view.sets.get(key, Unknown("was not asked"))
            if isinstance(answer, Unknown):
                yield Undecided(route, answer.reason, At(key, view.server))
            else:
                known[view.server] = answer.values if isinstance(answer, RRset) else frozenset()
        first, *others = known or [""]
        for server in others:
            if known[server] != known[first]:
                message = f"{first} and {server} differ at {key[0]} {key[1]}: mail may pass or fail"
                yield Problem(
                    route,
                    message,
                    "wait for the zone transfer, or look at the server that is behind",
                    At(key, server),
                )


@page("DNS008", "zone-not-authoritative", Severity.ERROR, "RFC 1034 §4.2.2")
def zone_not_authoritative() -> None:
    """No receiver sees the change: the servers that answer for the zone are another provider's.

    Bad:
        providers: [old]  # and the registry's delegation is to new
    Good:
        providers: [new]
    """
