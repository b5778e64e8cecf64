"""Policy, provider and live DNS side by side, and whether a provider's own servers answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Hold
from mailauth_dns.diff.equivalence import same
from mailauth_dns.diff.our_values import decisive
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.plan.plan import Agreement, AuthorityEntry, LiveEntry, ServerEntry, State
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import referred
from mailauth_dns.records.zone import RRKey, RRset, Zone

_NOT_ASKED = "live DNS was not asked, so nothing shows whether the provider told all that it holds"
_NOTHING_HELD: Mapping[RRKey, Hold] = {}
MAX_WITNESSES = 4  # foreign sets to ask for if the provider does not show its apex NS set


def keys_to_ask(publication: Publication, provider: Zone | None) -> frozenset[RRKey]:
    """Return what to ask the authoritative servers.

    That is everything declared, and foreign sets that show whether the servers are the provider's.
    """
    keys = {entry.key for entry in publication.declared}
    if provider is not None and provider.get((publication.origin, "NS")) is None:
        keys |= set(_witnesses(publication, provider))
    return frozenset(keys)


def _witnesses(publication: Publication, provider: Zone) -> list[RRKey]:
    declared = {entry.key for entry in publication.declared}
    askable = {"A", "AAAA", "MX", "TXT", "CAA", "SRV", "CNAME"}
    return sorted(
        rrset.key
        for rrset in provider.rrsets
        if rrset.type in askable and rrset.key not in declared
    )[:MAX_WITNESSES]


def rows(
    publication: Publication,
    provider: Zone | None,
    observation: Observation | None,
    held: Mapping[RRKey, Hold] = _NOTHING_HELD,
) -> tuple[LiveEntry, ...]:
    """Return one row for every declared set, or none if nobody asked live DNS.

    `held` are the parts of SPF records that no record may include yet.
    """
    if observation is None:
        return ()
    by_name = {entry.key[0] for entry in publication.declared if entry.values}
    shown = (
        entry
        for entry in publication.declared
        if entry.values or _relevant(entry, provider, observation, entry.key[0] in by_name)
    )
    return tuple(_row(entry, provider, observation, held) for entry in shown)


def _relevant(
    entry: Declared, provider: Zone | None, observation: Observation, has_other: bool
) -> bool:
    """Tell whether a set that is declared absent needs a row.

    It does if it exists anywhere, or if that is unknown and no other set of the name says so.
    """
    if _decisive_at(provider, entry):
        return True
    said = [view.said(entry.key) for view in observation.servers]
    if any(isinstance(each, RRset) for each in said):
        return True
    return not has_other and (not said or any(isinstance(each, Unknown) for each in said))


def _decisive_at(zone: Zone | None, entry: Declared) -> frozenset[str]:
    there = zone.get(entry.key) if zone is not None else None
    return decisive(there, entry) if there is not None else frozenset()


def _row(
    entry: Declared, provider: Zone | None, observation: Observation, held: Mapping[RRKey, Hold]
) -> LiveEntry:
    at_provider = _decisive_at(provider, entry) if provider is not None else None
    servers = tuple(_server(entry, view) for view in observation.servers)
    said = {each.values for each in servers}
    live = next(iter(said)) if len(said) == 1 else None
    unknown = next((each for each in servers if each.values is None), None)
    state: State
    reason: str | None = None
    if not servers:
        state, reason = "unknown", observation.problem or "no server was asked"
    elif unknown is not None:
        state, reason = "unknown", f"{unknown.server}: {unknown.reason}"
    else:
        state = _state(
            entry, [frozenset(values) for values in said if values is not None], at_provider
        )
        reason = _alias_in_place(entry.key, observation) if live == () else None
    if (
        state == "differs"
        and provider is None
        and (hold := _hold(entry, servers, held)) is not None
    ):
        state, reason = "waits", hold.reason
    return LiveEntry(
        domain=entry.domain,
        name=entry.key[0],
        type=entry.key[1],
        policy=tuple(sorted(entry.values)),
        provider=tuple(sorted(at_provider)) if at_provider is not None else None,
        live=live,
        reason=reason,
        state=state,
        servers=servers if len(said) > 1 else (),
    )


def _server(entry: Declared, view: ServerView) -> ServerEntry:
    said = view.said(entry.key)
    if isinstance(said, Unknown):
        return ServerEntry(server=view.server, values=None, reason=said.reason)
    return ServerEntry(
        server=view.server,
        values=tuple(sorted(decisive(said, entry))) if said is not None else (),
        reason=None,
    )


def _state(
    entry: Declared, said: Sequence[frozenset[str]], at_provider: frozenset[str] | None
) -> State:
    """Compare the sets that servers serve with the policy and with the provider."""
    type = entry.key[1]
    if all(same(entry.family, type, live, entry.values) for live in said):
        return "as policy"
    served_as_held = at_provider is not None and all(
        same(entry.family, type, live, at_provider) for live in said
    )
    return "as provider" if served_as_held else "differs"


def _hold(
    entry: Declared, servers: Iterable[ServerEntry], held: Mapping[RRKey, Hold]
) -> Hold | None:
    """Return what an SPF record waits for: a part that not every server's record includes yet."""
    if entry.family is not Family.SPF:
        return None
    in_use = frozenset.intersection(*(referred(each.values or ()) for each in servers))
    names = sorted(referred(entry.values) - in_use)
    return next(
        (hold for name in names if (hold := held.get((DomainName(name), "TXT"))) is not None), None
    )


def _alias_in_place(key: RRKey, observation: Observation) -> str | None:
    """Return, in words, the alias that answers at a name instead of the set."""
    name, type = key
    alias = observation.agreed((name, "CNAME")) if type != "CNAME" else None
    return (
        f"an alias (CNAME) to {next(iter(alias.values)).rstrip('.')} stands here"
        if isinstance(alias, RRset)
        else None
    )


def authority(
    provider: Zone, observation: Observation | None, publication: Publication
) -> AuthorityEntry:
    """Return whether the servers that answer for the zone are this provider's (DNS008).

    They agree only on a positive match: the same apex NS set or, if the provider does not show its
    own, a foreign set that is in both.
    """
    if observation is None:
        return AuthorityEntry(state="unknown", reason=_NOT_ASKED, delegation_checked=False)
    checked = observation.delegated is not None

    def said(state: Agreement, reason: str) -> AuthorityEntry:
        return AuthorityEntry(state=state, reason=reason, delegation_checked=checked)

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
        return said(
            "differs", f"live DNS says NS {_listed(live)}, the provider says {_listed(held)}"
        )
    for key in _witnesses(publication, provider):
        seen = observation.agreed(key)
        there = provider.get(key)
        if isinstance(seen, RRset) and there is not None and _plain(seen) == _plain(there):
            return said("agrees", f"{key[0]} {key[1]} is the same at the provider and in live DNS")
    return said(
        "unknown", "the provider does not tell its NS set, and no foreign record was found in both"
    )


def _hosts(rrset: RRset) -> frozenset[str]:
    return frozenset(value.rstrip(".").lower() for value in rrset.values)


def _plain(rrset: RRset) -> frozenset[str]:
    return frozenset(value if rrset.type == "TXT" else value.lower() for value in rrset.values)


def _listed(rrset: RRset) -> str:
    return " ".join(sorted(_hosts(rrset)))
