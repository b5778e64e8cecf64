"""Where import reads records: live DNS, a provider, a master file, or a file with a DKIM key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.importing import dkim_key_files, sources, zone_files
from mailauth_dns.importing.common_selectors import COMMON_SELECTORS
from mailauth_dns.importing.sources import Published, Served
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset, Zone
from mailauth_dns.spread.spread import Spread

Zones = Mapping[DomainName, tuple[DomainName, ...]]  # zones, each with the domains to import


@dataclass(frozen=True, slots=True)
class LiveDns:
    """Read from the authoritative servers of the zones, or from `nameservers`.

    Without `selectors`, common names are tried. `private_web` lets MTA-STS policies be fetched from
    private addresses.
    """

    selectors: tuple[DomainName, ...] = ()
    nameservers: tuple[str, ...] = ()
    private_web: bool = False


@dataclass(frozen=True, slots=True)
class AtProvider:
    """Read the whole zone at the provider with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class ZoneFile:
    """Read a master file, octoDNS's YAML, or what dnscontrol's get-zones writes."""

    path: Path


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Read the keys in a file, as opendkim-genkey writes it.

    `selector` is for a key that has no name in the file.
    """

    path: Path
    selector: str | None = None


ImportSource = LiveDns | AtProvider | ZoneFile | KeyFile


@dataclass(frozen=True, slots=True)
class SourceReader:
    """How a source is read; `name` is the source in words, `note` says what may be missing.

    `consents` reads a zone of the repo at names where hosts consent to DMARC reports, once for each
    place that has the zone. `served` fetches the MTA-STS policies behind records; it is None if the
    web is not asked.
    """

    name: str
    read: Callable[[Zones], Mapping[DomainName, Published]]
    consents: Callable[[DomainName, frozenset[RRKey]], Iterable[Published]]
    note: str | None = None
    served: Callable[[Mapping[DomainName, Published]], Served] | None = None


def of_live_dns(
    source: LiveDns, repo: Repo, zones: Zones, spread: Spread | None = None
) -> SourceReader:
    """Return the reader of live DNS, which asks the servers that `source` names.

    With `spread`, several machines ask.
    """
    asked = source.selectors or COMMON_SELECTORS
    tried = (
        f"DNS does not tell which selectors there are: {len(asked)} common names were tried; "
        "name others with --selector"
    )
    servers = source.nameservers
    of_others = {
        policy.zone: policy.body.nameservers for policy in repo.policies if policy.zone not in zones
    }

    def consents(origin: DomainName, keys: frozenset[RRKey]) -> Iterable[Published]:
        return (sources.sets_in_dns(origin, keys, of_others.get(origin, servers)),)

    return SourceReader(
        "live DNS",
        lambda zones: sources.in_dns(zones, asked, servers, spread=spread),
        consents,
        None if source.selectors else tried,
        lambda found: sources.policies_served(
            found, servers, private_web=source.private_web, spread=spread
        ),
    )


def of_provider(source: AtProvider, repo: Repo) -> SourceReader:
    """Return the reader of whole zones at a provider.

    Raises:
        MailAuthError: the repo has no such provider.
    """
    stanza = repo.stanzas.get(source.id)
    if stanza is None:
        known = ", ".join(sorted(repo.stanzas)) or "none yet"
        raise MailAuthError(f"there is no providers/{source.id}.yaml; there are: {known}")
    read = partial(sources.at_provider, stanza, repo.root)
    return _of_whole_zones(repo, f"the provider {source.id}", read)


def of_zone_file(source: ZoneFile, repo: Repo) -> SourceReader:
    """Return the reader of a file with a whole zone."""
    return _of_whole_zones(repo, source.path.name, partial(zone_files.in_file, source.path))


def _of_whole_zones(repo: Repo, name: str, read: Callable[[DomainName], Published]) -> SourceReader:
    """Return a reader of whole zones; consents in other zones are where a plan looks for them."""
    found: dict[DomainName, Published] = {}

    def read_all(zones: Zones) -> Mapping[DomainName, Published]:
        found.update((origin, read(origin)) for origin in zones)
        return found

    def consents(origin: DomainName, _: frozenset[RRKey]) -> Iterable[Published]:
        return (found[origin],) if origin in found else sources.consents_at_providers(repo, origin)

    return SourceReader(name, read_all, consents)


def of_key_file(source: KeyFile, domain: DomainName) -> SourceReader:
    """Return the reader of a file with keys of one domain; it is read at once.

    Raises:
        MailAuthError: it holds a private key, no key, or none of this domain.
        OSError: it cannot be read.
    """
    name = source.path.name
    found = _keys_in(source, domain)
    ours = [key for key in found.keys if key.domain in (None, domain)]
    others = [key for key in found.keys if key not in ours]
    if not ours:
        raise MailAuthError(f"{name}: the key is for {others[0].domain}, not for {domain}")
    values: dict[DomainName, set[str]] = {}
    for key in ours:
        values.setdefault(dkim.owner_name(key.selector, domain), set()).add(str(key.record))
    sets = frozenset(
        RRset(owner, "TXT", DEFAULT_TTL, frozenset(each)) for owner, each in values.items()
    )
    outside = (
        *(f"the key {key.selector} of {key.domain}, which is another domain" for key in others),
        *found.passed_over,
    )

    def read(zones: Zones) -> Mapping[DomainName, Published]:
        return {origin: Published(Zone(origin, sets), (), outside, found.notes) for origin in zones}

    return SourceReader(name, read, lambda *_: ())


def _keys_in(source: KeyFile, domain: DomainName) -> dkim_key_files.Keys:
    name = source.path.name
    text = sources.read_text(source.path)
    if "PRIVATE KEY" in text or (dkim_key_files.is_json(text) and dkim.holds_private_key(text)):
        raise MailAuthError(
            f"{name}: this is the private key; give the .txt file that opendkim-genkey wrote "
            "beside it, or use `dkim adopt`"
        )
    try:
        return dkim_key_files.parse(text, domain, source.selector)
    except RecordSyntaxError as error:
        # Never the text: what people give by mistake is a private key.
        place = f" (character {error.start + 1} of the record)" if error.end else ""
        raise MailAuthError(f"{name}: {error.expected}{place}") from None
    except MasterFileError as error:
        raise MailAuthError(f"{name}: {error}") from None
