"""DNS and the web for the rules.

What servers hold is written as lines of name, type and value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from mailauth_dns.compile.publication import Publication
from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.evaluate.resolver import Resolver, Values, ZoneResolver
from mailauth_dns.evaluate.web_page import FetchResult, Nothing, Pages, Request
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records.name import ROOT, DomainName, is_at_or_below
from mailauth_dns.records.zone import RRKey, RRset, Zone, zone_of
from mailauth_dns.simulate.dns_views import as_published

Servers = Mapping[str, Zone]  # name of a server -> what it holds


def world(text: str) -> Zone:
    """Return all of DNS; a TXT value is the rest of its line, with _ for leading blanks."""
    sets: dict[RRKey, set[str]] = {}
    for line in text.splitlines():
        name, rrtype, value = line.split(maxsplit=2)
        lead = len(value) - len(value.lstrip("_")) if rrtype == "TXT" else 0
        sets.setdefault((DomainName(name), rrtype), set()).add(" " * lead + value[lead:])
    return zone_of(ROOT, (RRset(*key, 60, frozenset(values)) for key, values in sets.items()))


def _zones(whole: Zone) -> Iterator[Zone]:
    """Yield the zones that the NS sets make of all of DNS, and the rest of it."""
    yield whole
    for cut in (rrset for rrset in whole.rrsets if rrset.type == "NS"):
        yield zone_of(
            cut.name, (rrset for rrset in whole.rrsets if is_at_or_below(rrset.name, cut.name))
        )


class Deaf:
    """DNS that nobody answers."""

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        raise ObservationError(f"{name} {rrtype}: no answer in 2 s")


class _Anything(dict[RRKey, RRset | Unknown | None]):
    def __init__(self, zone: Zone) -> None:
        super().__init__()
        self._zone = zone

    def get(
        self, key: RRKey, default: object = None
    ) -> RRset | None:  # a server answers every question
        return self._zone.get(key)


class Web(dict[Request, FetchResult]):
    """The web: `pages` by address; elsewhere nothing listens, or the host has no address."""

    def __init__(self, pages: Mapping[str, FetchResult], resolver: Resolver) -> None:
        super().__init__()
        self._pages = pages
        self._resolver = resolver

    def get(
        self, request: Request, default: object = None
    ) -> FetchResult:  # every request has an outcome
        host = DomainName(urlsplit(request.url).hostname or "")
        if not any(self._resolver.lookup(host, kind) for kind in ("A", "AAAA")):
            return Nothing(f"{host} has no address")
        return self._pages.get(request.url, Nothing(f"nothing listens on {host} port 443"))


def live(
    subjects: Sequence[Subject],
    publications: Sequence[Publication],
    servers: Servers,
    pages: Mapping[str, FetchResult],
) -> Iterator[Subject]:
    """Yield the subjects beside DNS and the web; resolvers ask the first server."""
    first = next(iter(servers.values()))
    views = tuple(ServerView(name, _Anything(zone)) for name, zone in servers.items())
    resolver = ZoneResolver(_zones(first))
    yield from _with(subjects, publications, resolver, views, Web(pages, resolver))


def unanswered(
    subjects: Sequence[Subject], publications: Sequence[Publication]
) -> Iterator[Subject]:
    """Yield the subjects beside DNS that does not answer, and so no web."""
    yield from _with(subjects, publications, Deaf(), (), {})


def _with(
    subjects: Sequence[Subject],
    publications: Sequence[Publication],
    resolver: Resolver,
    views: tuple[ServerView, ...],
    pages: Pages,
) -> Iterator[Subject]:
    for subject in subjects:
        observation = Observation(
            subject.policy.zone, views, None, None if views else "no server answers"
        )
        yield replace(
            subject,
            resolver=as_published(publications, resolver),
            observation=observation,
            pages=pages,
        )
