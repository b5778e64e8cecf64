"""Policy, provider and live DNS side by side, and whether the servers that answer are the provider's."""

from __future__ import annotations

from mailauth_dns.compile import Declared, Publication
from mailauth_dns.deploy.planfile import AuthorityEntry, LiveEntry, State
from mailauth_dns.diff.compare import decisive
from mailauth_dns.diff.semantics import same
from mailauth_dns.evaluate.observation import Observation, Unknown
from mailauth_dns.records.zone import RRKey, RRset, Zone

_NOT_ASKED = "live DNS was not asked, so nothing shows whether the provider told all that it holds"
MAX_WITNESSES = 4  # foreign sets asked for where the provider does not tell its apex NS


def keys_to_ask(publication: Publication, provider: Zone | None) -> frozenset[RRKey]:
    """Return what to ask the authoritative servers: everything declared, and foreign sets by which to know the provider."""
    keys = {entry.key for entry in publication.declared}
    if provider is not None and provider.get((publication.origin, "NS")) is None:
        keys |= set(_witnesses(publication, provider))
    return frozenset(keys)


def _witnesses(publication: Publication, provider: Zone) -> list[RRKey]:
    declared = {entry.key for entry in publication.declared}
    askable = {"A", "AAAA", "MX", "TXT", "CAA", "SRV", "CNAME"}
    return sorted(rrset.key for rrset in provider.rrsets if rrset.type in askable and rrset.key not in declared)[:MAX_WITNESSES]


def rows(publication: Publication, provider: Zone | None, observation: Observation | None) -> tuple[LiveEntry, ...]:
    """Return one row for every declared set; none where live DNS was not asked, since nothing could stand side by side."""
    if observation is None:
        return ()
    held = {entry.key[0] for entry in publication.declared if entry.values}
    shown = (entry for entry in publication.declared if entry.values or _relevant(entry, provider, observation, entry.key[0] in held))
    return tuple(_row(entry, provider, observation) for entry in shown)


def _relevant(entry: Declared, provider: Zone | None, observation: Observation, has_other: bool) -> bool:
    """Tell whether a set declared absent is worth a row: it is somewhere, or nobody knows and no other set of the name says so."""
    if _decisive_at(provider, entry):
        return True
    seen = observation.agreed(entry.key)
    return isinstance(seen, RRset) or (isinstance(seen, Unknown) and not has_other)


def _decisive_at(zone: Zone | None, entry: Declared) -> frozenset[str]:
    there = zone.get(entry.key) if zone is not None else None
    return decisive(there, entry) if there is not None else frozenset()


def _row(entry: Declared, provider: Zone | None, observation: Observation) -> LiveEntry:
    at_provider = _decisive_at(provider, entry)
    seen = observation.agreed(entry.key, lambda rrset: decisive(rrset, entry))
    live: frozenset[str] | None = None
    reason = None
    if isinstance(seen, Unknown):
        reason = seen.reason
    else:
        live = decisive(seen, entry) if seen is not None else frozenset()
        reason = _alias_in_place(entry.key, observation) if seen is None else None
    return LiveEntry(
        domain=entry.domain,
        name=entry.key[0],
        type=entry.key[1],
        policy=tuple(sorted(entry.values)),
        provider=tuple(sorted(at_provider)) if provider is not None else None,
        live=tuple(sorted(live)) if live is not None else None,
        reason=reason,
        state=_state(entry, live, at_provider, provider is not None),
    )


def _alias_in_place(key: RRKey, observation: Observation) -> str | None:
    name, type = key
    alias = observation.agreed((name, "CNAME")) if type != "CNAME" else None
    return f"an alias (CNAME) to {next(iter(alias.values)).rstrip('.')} stands here" if isinstance(alias, RRset) else None


def _state(entry: Declared, live: frozenset[str] | None, at_provider: frozenset[str], asked: bool) -> State:
    type = entry.key[1]
    if live is None:
        return "unknown"
    if same(entry.family, type, live, entry.values):
        return "as policy"
    return "as provider" if asked and same(entry.family, type, live, at_provider) else "differs"


def authority(provider: Zone, observation: Observation | None, publication: Publication) -> AuthorityEntry:
    """Return whether the servers that answer for the zone are this provider's (DNS008).

    To agree takes a positive match: the same apex NS set, or, where the provider does not tell it, a foreign set found in both.
    """
    if observation is None:
        return AuthorityEntry(state="unknown", reason=_NOT_ASKED, delegation_checked=False)
    checked = observation.delegated is not None

    def said(state: str, reason: str) -> AuthorityEntry:
        return AuthorityEntry.model_validate({"state": state, "reason": reason, "delegation_checked": checked})

    apex = (publication.origin, "NS")
    live = observation.agreed(apex)
    if isinstance(live, Unknown):
        return said("unknown", live.reason)
    held = provider.get(apex)
    if held is not None:
        if live is None:
            return said("differs", "the servers that answer have no NS set for the zone")
        if _hosts(held) == _hosts(live):
            return said("agrees", "the same NS set at the provider and in live DNS")
        return said("differs", f"live DNS says NS {_listed(live)}, the provider says {_listed(held)}")
    for key in _witnesses(publication, provider):
        seen = observation.agreed(key)
        there = provider.get(key)
        if isinstance(seen, RRset) and there is not None and _plain(seen) == _plain(there):
            return said("agrees", f"{key[0]} {key[1]} is the same at the provider and in live DNS")
    return said("unknown", "the provider does not tell its NS set, and no foreign record was found in both")


def _hosts(rrset: RRset) -> frozenset[str]:
    return frozenset(value.rstrip(".").lower() for value in rrset.values)


def _plain(rrset: RRset) -> frozenset[str]:
    return frozenset(value if rrset.type == "TXT" else value.lower() for value in rrset.values)


def _listed(rrset: RRset) -> str:
    return " ".join(sorted(_hosts(rrset)))
