"""What stands where delegated selectors lead to: a sender's keys, in the sender's own zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset


def resolved(
    policies: Iterable[Policy], names: frozenset[DomainName]
) -> Mapping[DomainName, RRset | Unknown | None]:
    """Return the TXT set that each name leads to; None where there is none.

    Where the zone's policies name its servers, those are asked.
    """
    # This takes time to load, and only live DNS needs it.
    from mailauth_dns.live.observe import resolve
    from mailauth_dns.simulate.dns_views import as_it_is

    live = as_it_is(policies)
    found = {
        name: said
        for (name, _), said in resolve(
            (name, "TXT") for name in names if not live.names_servers_for(name)
        ).items()
    }
    for name in sorted(names - found.keys()):
        live.next_message()
        try:
            values = live.lookup(name, "TXT")
            found[name] = RRset(name, "TXT", None, frozenset(values)) if values else None
        except ObservationError as error:
            found[name] = Unknown(str(error))
    return found
