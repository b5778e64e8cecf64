"""Import domains: policies for what they publish already, and the files that hold them.

repo = load_repo(Path("."), may_be_empty=True)
imports = import_domains(repo, (DomainName("example.com"),), LiveDns())
written = write(repo, imports)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from mailauth_dns.atomic_files import create_file, own_folder
from mailauth_dns.errors import MailAuthError, PolicyError
from mailauth_dns.importing import readers, zone_files
from mailauth_dns.importing.draft import drafts
from mailauth_dns.importing.drafted_senders import naming_senders
from mailauth_dns.importing.finished_policy import Imported, commented
from mailauth_dns.importing.readers import (
    AtProvider,
    ImportSource,
    KeyFile,
    LiveDns,
    Served,
    SourceReader,
    ZoneFile,
    Zones,
)
from mailauth_dns.importing.sources import Published
from mailauth_dns.importing.surroundings import Surroundings
from mailauth_dns.importing.yaml_text import inherited
from mailauth_dns.policy.policy_files import read_defaults
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.repo_layout import DEFAULTS, POLICY_DIR
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRKey, Zone
from mailauth_dns.typed_yaml.yaml_reader import DocumentError
from mailauth_dns.typed_yaml.yaml_tree import Mapping as DefaultsMapping


@dataclass(frozen=True, slots=True)
class Imports:
    """What an import found: `source` in words, what was read by zone, and a policy a domain."""

    source: str
    found: tuple[Published, ...]
    policies: tuple[Imported, ...]

    @property
    def whole(self) -> tuple[Imported, ...]:
        """The policies of which everything is known; only these may be written."""
        return tuple(each for each in self.policies if not each.unknown)


def import_domains(
    repo: Repo,
    domains: tuple[DomainName, ...],
    source: ImportSource,
    *,
    zone: DomainName | None = None,
    served: Served | None = None,
) -> Imports:
    """Make policies for what the domains publish; a plan with them has nothing to do.

    `zone` holds the records of every domain; by default each domain is a zone of its own, or lies
    in the zone of a file. `served` are MTA-STS policies that are known already; without
    them, live DNS leads to the web. Nothing is written.

    Raises:
        MailAuthError: a domain is not in the zone, the source cannot be read, or a policy cannot be
            made that changes nothing.
        PolicyError: the repo's defaults or other policies have problems.
        OSError: a file cannot be read.
    """
    defaults = defaults_of(repo)
    if isinstance(source, ZoneFile):
        zone = zone or zone_files.zone_of_file(source.path, domains[0])
    zones = _by_zone(domains, zone)
    reader = _reader(source, repo, zones, defaults)
    beside = Surroundings()
    if not isinstance(source, KeyFile):
        others = tuple(policy for policy in repo.policies if policy.domain not in domains)
        beside = Surroundings(defaults, others, _settings(source), repo.lock)
    found = reader.read(zones)
    policies = _policies(repo, reader, found, zones, beside, served or {})
    return Imports(reader.name, tuple(found.values()), policies)


def refuse_existing(repo: Repo, domains: Iterable[DomainName], instead: str) -> None:
    """Refuse domains that have a policy, or whose file is there; `instead` is what to do.

    Raises:
        MailAuthError: a file would be written over.
    """
    declared = {policy.domain: policy.path for policy in repo.policies}
    for domain in domains:
        path = POLICY_DIR / f"{domain}.yaml"
        if domain in declared or (repo.root / path).exists():
            where = declared.get(domain, path)
            raise MailAuthError(f"{domain} has a policy already: {where}; {instead}")


def write(repo: Repo, imports: Imports) -> frozenset[str]:
    """Write each policy of which everything is known, and return the paths; never over a file.

    Raises:
        OSError: a file is there, or cannot be written.
    """
    for each in imports.whole:
        write_new(repo.root, each.path, each.text)
    return frozenset(each.path for each in imports.whole)


def write_new(root: Path, path: str, text: str) -> None:
    """Write a new policy; never over a file.

    Raises:
        OSError: a file is there, or it cannot be written.
    """
    folder = own_folder(root, Path(path).parent)
    folder.mkdir(parents=True, exist_ok=True)
    create_file(folder / Path(path).name, text.encode())


def defaults_of(repo: Repo) -> DefaultsMapping | None:
    """Return what every policy of a repo inherits; None where it has no defaults.

    Raises:
        PolicyError: they cannot be read.
    """
    path = repo.root / POLICY_DIR / DEFAULTS
    if not path.exists():
        return None
    try:
        return read_defaults((POLICY_DIR / DEFAULTS).as_posix(), path.read_bytes())
    except DocumentError as error:
        raise PolicyError(error.problems) from None


def _by_zone(domains: tuple[DomainName, ...], origin: DomainName | None) -> Zones:
    if origin is None:
        return {domain: (domain,) for domain in domains}
    for domain in domains:
        if not is_at_or_below(domain, origin):
            raise MailAuthError(
                f"{domain} does not lie in the zone {origin}; --zone names another one"
            )
    return {origin: domains}


def _reader(
    source: ImportSource, repo: Repo, zones: Zones, defaults: DefaultsMapping | None
) -> SourceReader:
    match source:
        case ZoneFile():
            return readers.of_zone_file(source, repo)
        case AtProvider():
            return readers.of_provider(source, repo)
        case KeyFile():
            named = [domain for together in zones.values() for domain in together]
            if len(named) > 1:
                raise MailAuthError(
                    f"{source.path.name}: is one domain's key; import that domain alone"
                )
            return readers.of_key_file(source, named[0])
        case LiveDns():
            servers = source.nameservers or inherited(defaults, "nameservers")
            return readers.of_live_dns(replace(source, nameservers=servers), repo, zones)


def _settings(source: ImportSource) -> Mapping[str, tuple[str, ...]]:
    """Return the providers and name servers that the source names, for the policies."""
    if isinstance(source, AtProvider):
        return {"providers": (source.id,)}
    if isinstance(source, LiveDns) and source.nameservers:
        return {"nameservers": source.nameservers}
    return {}


def _policies(
    repo: Repo,
    reader: SourceReader,
    found: Mapping[DomainName, Published],
    zones: Zones,
    beside: Surroundings,
    served: Served,
) -> tuple[Imported, ...]:
    served = served or (reader.served(found) if reader.served is not None else {})
    unknown = {
        domain: list(found[origin].unknown)
        for origin, together in zones.items()
        for domain in together
    }

    @cache
    def consents(origin: DomainName, keys: frozenset[RRKey]) -> tuple[Zone, ...]:
        read = tuple(reader.consents(origin, keys))
        reasons = dict.fromkeys(reason for each in read for _, reason in each.unknown)
        for key in sorted(keys) if reasons else ():
            about, _ = dmarc_consent.report_parties(key[0])
            unknown[about] += [(key, reason) for reason in reasons]
        return tuple(each.zone for each in read)

    made = drafts(
        [(found[origin].zone, together) for origin, together in zones.items()],
        replace(beside, consents=consents),
        served,
    )
    today = datetime.now(UTC).date()
    origins = {domain: origin for origin, together in zones.items() for domain in together}
    made = tuple(
        naming_senders(each, found[origins[each.domain]].zone, repo, beside.defaults, today)
        for each in made
    )
    notes = [note for each in found.values() for note in each.notes]
    head = [f"Imported from {reader.name}.", *([reader.note] if reader.note else []), *notes]
    return commented(made, beside, head, unknown, today)
