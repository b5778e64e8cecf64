"""Rules about what DNS has for the senders that a policy declares."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.live_rules import Served, served
from mailauth_dns.lint.rule import Problem, Severity
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records.zone import RRKey
from mailauth_dns.senders.entry import ReturnPathClass
from mailauth_dns.senders.use import ReturnPathRecords


def _delegated(subject: Subject) -> Iterator[tuple[Route, ReturnPathRecords]]:
    for use in subject.policy.senders:
        gone = use.life.retired is not None
        if use.return_path is ReturnPathClass.SUBDOMAIN_NS and use.path is not None and not gone:
            yield ("senders", use.key), use.path


def _name_servers(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for route, path in _delegated(subject):
        yield route, (path.name, "NS")


@served("SND008", "sender-delegation", Severity.ERROR, "RFC 1034 §4.2.2", keys=_name_servers)
def sender_delegation(found: Served) -> Iterator[Problem]:
    """A sub-domain that a sender runs has to be delegated to the sender's name servers.

    Otherwise the sender's keys and its SPF record are not found. A delegation is checked and never
    written: it may hold what is not about mail.

    Bad:
        send.example.com NS ns1.elsewhere.example.
    Good:
        send.example.com NS ns1.klaviyo.com.
        send.example.com NS ns2.klaviyo.com.
    """
    wanted = next(
        frozenset(path.name_servers)
        for route, path in _delegated(found.subject)
        if route == found.route
    )
    live = frozenset(value.rstrip(".").lower() for value in found.values)
    name = found.key[0]
    if live and (live <= wanted or not wanted):
        return
    to = f"to {', '.join(sorted(wanted))}" if wanted else "as the sender's console says"
    if live:
        said = f"{name} is delegated to {', '.join(sorted(live))}, not to the sender"
    else:
        said = f"{name} is not delegated: the sender's keys and SPF record are not found"
    yield Problem(found.route, said, f"delegate it {to}, where the zone's DNS is kept")
