"""What a plan with drafted policies would change or refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Judgement
from mailauth_dns.diff.compare import compare
from mailauth_dns.importing.surroundings import Consents, Surroundings
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone, quoted


def entries(
    zones: Mapping[DomainName, Zone], policies: Sequence[Policy], beside: Surroundings
) -> Iterator[tuple[Declared, str]]:
    """Yield what these policies declare and a plan would change or refuse, with the reason."""
    ours = frozenset(policy.domain for policy in policies)
    for publication in compile_repo(Repo(Path(), (*policies, *beside.policies), {}, beside.lock)):
        part = publication.only(ours)
        entries = {(entry.key, entry.family): entry for entry in part.declared}
        for before in _as_it_is(zones.get(part.origin), part, beside.consents):
            difference = compare(before, part, lambda *_: Judgement(""))
            yield from (
                (entries[change.key, change.family], _would(entries[change.key, change.family]))
                for change in difference.changes
            )
            yield from (
                (entries[blocked.key, blocked.family], blocked.reason)
                for blocked in difference.blocked
            )


def _as_it_is(zone: Zone | None, part: Publication, consents: Consents) -> tuple[Zone, ...]:
    """Return a publication's zone as it is.

    Of a zone that is not imported, return only the consents that are declared there.
    """
    asked = frozenset(entry.key for entry in part.declared if entry.family is Family.DMARC_REPORT)
    there = consents(part.origin, asked) if asked else ()
    if zone is None:
        return there
    return tuple(Zone(zone.origin, zone.rrsets | each.rrsets) for each in there) or (zone,)


def _would(entry: Declared) -> str:
    if entry.family is Family.DMARC_REPORT:
        return (
            "its reports go to another organization of this repo, so a plan would add that "
            f"organization's consent at {entry.key[0]}"
        )
    said = " ".join(map(quoted, sorted(entry.values))) or "nothing"
    return f"no policy says this; the nearest one would publish {said}"
