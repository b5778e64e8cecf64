"""What domains publish already: read from name servers or a provider; `zone_files` has files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from mailauth_dns.errors import ProviderError
from mailauth_dns.evaluate.fetched_mta_sts import policy_request, served_policy
from mailauth_dns.evaluate.observation import Unknown, is_synthesized
from mailauth_dns.masterfile import loose_reader
from mailauth_dns.policy.provider_stanza import Stanza
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records import bimi, dkim, dmarc, mta_sts, tls_rpt
from mailauth_dns.records.name import DomainName, ancestors
from mailauth_dns.records.zone import RRKey, RRset, Zone
from mailauth_dns.spread.spread import Spread

Served = Mapping[DomainName, mta_sts.Policy | str]  # MTA-STS policies, or why senders get none
_FETCHED = 50  # domains of a part, whose hosts are asked at once


@dataclass(frozen=True, slots=True)
class Published:
    """The sets that were found in one zone; `unknown` are sets that may be there, with the reason.

    `outside` are records of a file that lie outside the zone. `notes` name lines of a file that a
    name server would read otherwise.
    """

    zone: Zone
    unknown: tuple[tuple[RRKey, str], ...] = ()
    outside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_text(path: Path) -> str:
    """Return the text of a file from elsewhere, one character an octet.

    Raises:
        OSError: it cannot be read.
    """
    return loose_reader.text_of(path.read_bytes())


def at_provider(stanza: Stanza, root: Path, origin: DomainName) -> Published:
    """Return what a provider holds.

    Raises:
        ProviderError: it cannot be asked, or does not have the zone.
    """
    from mailauth_dns.octo.target import Target  # loads octoDNS

    return Published(Target(stanza, root).read(origin))


def in_dns(
    zones: Mapping[DomainName, Iterable[DomainName]],
    selectors: Iterable[str],
    nameservers: tuple[str, ...],
    names_below: Iterable[str] = (),
    spread: Spread | None = None,
) -> dict[DomainName, Published]:
    """Return the mail records of the domains on which every authoritative server of a zone agrees.

    All zones are asked together. What a wildcard answers is found at the wildcard alone: a record
    at the name itself would be a new one. `names_below` are labels below each domain where return
    paths may be. With `spread`, several machines ask.

    Raises:
        RecordSyntaxError: an entry of `nameservers` is not an address.
    """
    selectors, names_below = tuple(selectors), tuple(names_below)
    found = {}
    asked = {
        origin: frozenset(
            key
            for domain in domains
            for key in (
                *_keys(domain, origin, selectors),
                *_keys_below(domain, origin, names_below),
            )
        )
        for origin, domains in zones.items()
    }
    for origin, published in _observed(
        {origin: (keys, nameservers) for origin, keys in asked.items()}, spread
    ).items():
        sets = {rrset.key: rrset for rrset in published.zone.rrsets}
        own = (rrset for rrset in sets.values() if not is_synthesized(rrset, sets, origin))
        found[origin] = Published(Zone(origin, frozenset(own)), published.unknown)
    return found


def policies_served(
    found: Mapping[DomainName, Published],
    nameservers: tuple[str, ...],
    *,
    private_web: bool,
    spread: Spread | None = None,
) -> Served:
    """Fetch the MTA-STS policies that records announce: the policy, or why there is none.

    With `spread`, several machines fetch.
    """
    prefix = mta_sts.owner_name(DomainName(""))
    announcing = {
        DomainName(rrset.name.removeprefix(prefix)): origin
        for origin, published in found.items()
        for rrset in published.zone.rrsets
        if rrset.type == "TXT" and rrset.name.startswith(prefix)
    }
    fetched = partial(_served, nameservers=nameservers, private_web=private_web)
    if spread is None or not announcing:
        return fetched(announcing)
    zones = iter(announcing.items())
    parts = iter(lambda: dict(islice(zones, _FETCHED)), {})
    return {domain: each for part in spread.each(fetched, parts) for domain, each in part.items()}


def _served(
    announcing: Mapping[DomainName, DomainName], nameservers: tuple[str, ...], *, private_web: bool
) -> Served:
    """Fetch the policies of domains, each with the zone that it lies in."""
    if not announcing:
        return {}
    from mailauth_dns.live.https import Https
    from mailauth_dns.live.resolver import LiveResolver  # it takes time to load

    live = LiveResolver(dict.fromkeys(announcing.values(), nameservers))
    pages = Https(live.addresses, private=private_web).fetch(map(policy_request, announcing))
    return {domain: served_policy(pages[policy_request(domain)]) for domain in announcing}


def sets_in_dns(
    origin: DomainName, keys: frozenset[RRKey], nameservers: tuple[str, ...]
) -> Published:
    """Return the sets, from wildcards too, on which all servers of a zone agree."""
    return _observed({origin: (keys, nameservers)})[origin]


def consents_at_providers(repo: Repo, origin: DomainName) -> tuple[Published, ...]:
    """Return what each provider of a zone holds: a plan would look there for consents.

    If a provider cannot be asked, everything there is unknown. Without one, the zone is
    taken as empty.
    """
    ids = next((policy.body.providers for policy in repo.policies if policy.zone == origin), ())
    found = []
    for id in ids:
        try:
            found.append(at_provider(repo.stanzas[id], repo.root, origin))
        except ProviderError as error:
            found.append(Published(Zone(origin, frozenset()), (((origin, "TXT"), str(error)),)))
    return tuple(found) or (Published(Zone(origin, frozenset())),)


def _observed(
    wanted: Mapping[DomainName, tuple[frozenset[RRKey], tuple[str, ...]]],
    spread: Spread | None = None,
) -> dict[DomainName, Published]:
    from mailauth_dns.live.observe import Wanted  # it takes time to load
    from mailauth_dns.live.spread_observation import observe_spread

    found = {}
    seen = observe_spread(
        [Wanted(origin, keys, nameservers) for origin, (keys, nameservers) in wanted.items()],
        spread,
    )
    for origin, (keys, _) in wanted.items():
        observation = seen[origin]
        hint = (
            "; --zone names the zone that holds its records"
            if observation.delegated == frozenset()
            else ""
        )
        sets: list[RRset] = []
        unknown: list[tuple[RRKey, str]] = []
        # The first unknown set stands for the rest in messages.
        for key in sorted(keys, key=lambda key: (key[0].startswith("*"), len(key[0]), key)):
            said = observation.agreed(key)
            if isinstance(said, Unknown):
                unknown.append((key, said.reason + hint))
            elif said is not None:
                sets.append(said)
        found[origin] = Published(Zone(origin, frozenset(sets)), tuple(unknown))
    return found


def _keys_below(domain: DomainName, origin: DomainName, labels: tuple[str, ...]) -> Iterator[RRKey]:
    for label in labels:
        name = DomainName(f"{label}.{domain}")
        above = (DomainName(f"*.{upper}") for upper in (*ancestors(name, origin), origin))
        for each in (name, *above):
            for type in ("CNAME", "MX", "TXT"):
                yield (each, type)


def _keys(domain: DomainName, origin: DomainName, selectors: tuple[str, ...]) -> Iterator[RRKey]:
    yield (domain, "TXT")
    yield (domain, "MX")
    names = [
        dmarc.owner_name(domain),
        mta_sts.owner_name(domain),
        tls_rpt.owner_name(domain),
        bimi.owner_name("default", domain),
    ]
    names += [dkim.owner_name(selector, domain) for selector in selectors]
    for name in names:
        for each in (
            name,
            *(DomainName(f"*.{upper}") for upper in (*ancestors(name, origin), origin)),
        ):
            yield (each, "TXT")
            yield (each, "CNAME")
