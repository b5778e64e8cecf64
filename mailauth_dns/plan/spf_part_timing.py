"""When the record may include the parts of a flattened SPF record.

Parts come first. The record follows once no server and no cache can deny them. If a server lacks a
part that the record includes, SPF is a permanent error for every message judged by that server (RFC
7208 §5.2). So `spf lock` asks every server, and writes into the lock when a part may be included.
plan and apply ask again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Hold
from mailauth_dns.diff.our_values import is_part_of_spf
from mailauth_dns.diff.part_order import SEE_PARTS
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.spf_parts import referred
from mailauth_dns.records.zone import RRKey, RRset, negative_ttl


@dataclass(frozen=True, slots=True)
class Sight:
    """What the servers of a zone say of one part.

    `in use`: the record of every server includes it. `detail` names the server that does not serve
    the part, or could not be asked. `wait` is how long a cache may keep the answer from before.
    """

    state: Literal["in use", "served", "missing", "unknown"]
    detail: str = ""
    wait: timedelta = timedelta(0)


def questions(
    domain: DomainName, zone: DomainName, parts: Iterable[DomainName]
) -> frozenset[RRKey]:
    """Return what to ask every server of a zone to know how parts of a domain's record stand.

    The SOA tells the negative TTL, and a wildcard what was answered before a part came (RFC 4592).
    """
    return frozenset(
        {
            (zone, "SOA"),
            (domain, "TXT"),
            (below("*", domain), "TXT"),
            *((part, "TXT") for part in parts),
        }
    )


def sight(domain: DomainName, part: DomainName, text: str, observation: Observation) -> Sight:
    """Return what the servers say of a part, all taken together."""
    if not observation.servers:
        return Sight("unknown", observation.problem or "no server was asked")
    asked = questions(domain, observation.zone, (part,))
    for view in observation.servers:
        for key in sorted(asked):
            if isinstance(said := view.said(key), Unknown):
                return Sight("unknown", f"{view.server}: {said.reason}")
    if all(part in referred(_ours(view, (domain, "TXT"))) for view in observation.servers):
        return Sight("in use")
    if (lacking := _lacking(part, text, observation)) is not None:
        return Sight("missing", lacking)
    longest = 0
    for view in observation.servers:
        soa = view.said((observation.zone, "SOA"))
        if not isinstance(soa, RRset):
            return Sight("unknown", f"{view.server}: gives no SOA for {observation.zone}")
        others = (view.said(key) for key in asked if key != soa.key)
        longest = max(
            longest,
            negative_ttl(soa),
            *(rrset.ttl or 0 for rrset in others if isinstance(rrset, RRset)),
        )
    return Sight("served", wait=timedelta(seconds=longest))


def _lacking(part: DomainName, text: str, observation: Observation) -> str | None:
    """Return the first server that answers and does not serve the part as it should be."""
    key = (part, "TXT")
    views = (view for view in observation.servers if not isinstance(view.said(key), Unknown))
    return next((view.server for view in views if _ours(view, key) != {text}), None)


def _ours(view: ServerView, key: RRKey) -> frozenset[str]:
    there = view.said(key)
    return ours(there, Family.SPF) if isinstance(there, RRset) else frozenset()


def held(
    publication: Publication, observation: Observation | None, now: datetime
) -> Mapping[RRKey, Hold]:
    """Return the parts of a publication that no record may begin to include `now`, with the reason.

    A server that does not answer holds nothing back here: apply needs `--allow live-unknown` then.
    """
    found = {}
    for entry in parts_of(publication):
        reason = _why_not(entry, observation, now)
        if reason is not None:
            found[entry.key] = Hold(reason, waits=True)
    return found


def parts_of(publication: Publication) -> tuple[Declared, ...]:
    """Return the parts of SPF records that a publication declares."""
    return tuple(entry for entry in publication.declared if entry.values and is_part_of_spf(entry))


def _why_not(entry: Declared, observation: Observation | None, now: datetime) -> str | None:
    [text] = entry.values
    name = entry.key[0]
    lacking = _lacking(name, text, observation) if observation is not None else None
    if lacking is not None:
        return f"its part {name} is not served by {lacking} yet; {SEE_PARTS}"
    if entry.ready is None:
        return f"no `spf lock` has seen its part {name} at every server; {SEE_PARTS}"
    if now < entry.ready:
        return (
            f"may be published from {to_the_minute(entry.ready)} on: "
            f"until then a cache can deny its part {name}; plan again then"
        )
    return None


def to_the_minute(at: datetime) -> str:
    """Return a moment as users read it, rounded up to a minute."""
    return (at + timedelta(seconds=59)).strftime("%Y-%m-%d %H:%M UTC")
