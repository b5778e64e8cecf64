"""The command that makes policies of what is published already: import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.text import Text

from mailauth_dns.atomic_files import own_folder
from mailauth_dns.cli.options import OutputFormat, PrivateWeb
from mailauth_dns.cli.session import (
    DIFFERS,
    DONE,
    FAILED,
    Format,
    Session,
    domains,
    session_of,
)
from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.errors import MailAuthError, PolicyError, RecordSyntaxError
from mailauth_dns.importing import dkim_key_files, sources
from mailauth_dns.importing.draft import Surroundings, drafts
from mailauth_dns.importing.finished_policy import Imported, commented, reasons
from mailauth_dns.importing.sources import COMMON_SELECTORS, Published
from mailauth_dns.importing.yaml_text import inherited
from mailauth_dns.masterfile.lexer import MasterFileError
from mailauth_dns.policy import document
from mailauth_dns.policy.load import DEFAULTS, POLICY_DIR, Repo, read_defaults
from mailauth_dns.records import dkim, dmarc, mta_sts
from mailauth_dns.records.name import DomainName, domain_name, is_at_or_below
from mailauth_dns.records.name_server import server
from mailauth_dns.records.zone import RRKey, RRset, Zone
from mailauth_dns.render import json_data

MAX_OUTSIDE = 20  # records of other zones that are named one by one


_Zones = Mapping[
    DomainName, tuple[DomainName, ...]
]  # zones, each with the domains that are asked for


@dataclass(frozen=True)
class _Source:
    """Where records are read, in words, and how; `note` says what may have been missed.

    `consents` reads a zone of the repo at names where hosts consent to DMARC reports, at each place that has the zone. `served` asks for
    the MTA-STS policies behind records; None where nothing is asked of the web.
    """

    name: str
    read: Callable[[_Zones], Mapping[DomainName, Published]]
    consents: Callable[[DomainName, frozenset[RRKey]], Iterable[Published]]
    note: str | None = None
    served: (
        Callable[[Mapping[DomainName, Published]], Mapping[DomainName, mta_sts.Policy | str]] | None
    ) = None


def command(
    context: typer.Context,
    domain: Annotated[
        list[str], typer.Argument(metavar="DOMAIN...", help="the domains to make policies for")
    ],
    selector: Annotated[
        list[str] | None,
        typer.Option(
            "--selector",
            metavar="NAME",
            help="ask for this DKIM selector; default: common names; with --from-genkey the key's name",
        ),
    ] = None,
    from_zone: Annotated[
        Path | None,
        typer.Option("--from-zone", metavar="FILE", help="read this master file, not DNS"),
    ] = None,
    from_genkey: Annotated[
        Path | None,
        typer.Option(
            "--from-genkey",
            metavar="FILE",
            help="read the keys in a file, as opendkim-genkey writes it, not DNS",
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", metavar="ID", help="read the whole zone at providers/ID.yaml, not DNS"
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone", metavar="ZONE", help="the zone that holds the records; default: the domain"
        ),
    ] = None,
    nameserver: Annotated[
        list[str] | None, typer.Option("--nameserver", metavar="ADDRESS", help="ask this server")
    ] = None,
    sts: Annotated[
        Path | None,
        typer.Option("--mta-sts", metavar="FILE", help="the MTA-STS policy that the domain serves"),
    ] = None,
    private_web: PrivateWeb = False,
    write: Annotated[
        bool, typer.Option("--write", help="write zones/policy/DOMAIN.yaml; never over a file")
    ] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write policies that say what is already published.

    A plan with them has nothing to do.
    """
    session = session_of(context)
    named = domains(domain)
    if sum(given is not None for given in (from_zone, from_genkey, provider)) > 1:
        raise MailAuthError("--from-zone, --from-genkey and --provider are three sources; give one")
    if ((nameserver or private_web) and (from_zone or from_genkey or provider)) or (
        selector and (from_zone or provider)
    ):
        raise MailAuthError(
            "--selector, --nameserver and --private-web are for asking DNS; leave them out with another source"
        )
    if from_genkey is not None and len(selector or ()) > 1:
        raise MailAuthError(
            "--from-genkey takes one --selector: that of a key which has no name in the file"
        )
    if wild := next((each for each in named if each.startswith("*")), None):
        raise MailAuthError(f"{wild}: a wildcard cannot have a policy of its own; name the domain")
    repo, defaults = _repo(session)
    if write:
        _refuse_existing(session, repo, named)
    origin = _checked(zone, "--zone", domain_name) if zone is not None else None
    served = _served(session, sts, named)
    if from_zone is not None:
        origin = origin or sources.zone_of_file(session.path(from_zone), named[0])
    zones = _by_zone(named, origin)
    beside = Surroundings()
    if from_genkey is not None:
        source = _genkey(session.path(from_genkey), named, selector[0] if selector else None)
    else:
        servers = tuple(nameserver or ())
        for address in servers:
            _checked(address, "--nameserver", server)
        if from_zone is not None:
            source = _file(repo, session.path(from_zone))
        elif provider is not None:
            source = _provider(repo, provider)
        else:
            source = _dns(
                repo,
                selector,
                servers or inherited(defaults, "nameservers"),
                zones,
                private_web=private_web,
            )
        settings = {"providers": (provider,) if provider else (), "nameservers": servers}
        others = tuple(policy for policy in repo.policies if policy.domain not in named)
        beside = Surroundings(
            defaults, others, {key: values for key, values in settings.items() if values}, repo.lock
        )
    found = source.read(zones)
    made = _made(source, found, zones, beside, served)
    written = {each.path for each in made if not each.unknown} if write else set[str]()
    for each in made:
        if each.path in written:
            _write(session, each)
    if format is Format.JSON:
        session.json(json_data.imported(source.name, found.values(), made, written))
    else:
        _tell(session, found.values())
        _show(session, made, written, write=write)
    if any(each.unknown for each in made):
        return FAILED
    return (
        DIFFERS
        if any(each.draft.left for each in made) or any(each.outside for each in found.values())
        else DONE
    )


def _tell(session: Session, found: Iterable[Published]) -> None:
    """Say how a file was read, and what of it was not."""
    for each in found:
        for note in each.notes:
            session.say(note)
        for outside in each.outside[:MAX_OUTSIDE]:
            session.say(f"not read: {outside}")
        if len(each.outside) > MAX_OUTSIDE:
            session.say(
                f"not read: {len(each.outside) - MAX_OUTSIDE} more; --format json has them all"
            )


def _show(
    session: Session, made: Sequence[Imported], written: Collection[str], *, write: bool
) -> None:
    unknown = (
        f"{each.draft.policy.zone}: unknown: {reason}"
        for each in made
        for reason in reasons(each.unknown)
    )
    for text in dict.fromkeys(unknown):  # what is unknown of a zone is so for each of its domains
        sys.stderr.write(f"{text}\n")
    for each in made:
        for left in each.draft.left:
            session.say(f"not said: {left}")
        if each.path in written:
            session.line(f"written: {each.path}")
        elif write:
            session.say(f"{each.path}: not written, since not all of it is known")
        else:
            session.show(
                [*([Text("---")] if len(made) > 1 else []), Text(each.text.removesuffix("\n"))]
            )


def _write(session: Session, each: Imported) -> None:
    target = own_folder(session.root, Path(each.path).parent) / Path(each.path).name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as file:
        file.write(each.text)


_T = TypeVar("_T")


def _checked(text: str, option: str, parse: Callable[[str], _T]) -> _T:
    try:
        return parse(text)
    except RecordSyntaxError as error:
        raise MailAuthError(f"{option}: {error}") from None


def _repo(session: Session) -> tuple[Repo, document.Mapping | None]:
    """Return the repo that is worked in and its defaults; outside of one an empty repo."""
    repo, _ = session.load(may_be_empty=True)
    path = session.root / POLICY_DIR / DEFAULTS
    if not path.exists():
        return repo, None
    try:
        return repo, read_defaults((POLICY_DIR / DEFAULTS).as_posix(), path.read_bytes())
    except document.DocumentError as error:
        raise PolicyError(error.problems) from None


def _refuse_existing(session: Session, repo: Repo, named: Iterable[DomainName]) -> None:
    declared = {policy.domain: policy.path for policy in repo.policies}
    for domain in named:
        path = POLICY_DIR / f"{domain}.yaml"
        if domain in declared or (session.root / path).exists():
            raise MailAuthError(
                f"{domain} has a policy already: {declared.get(domain, path)}; leave --write out to compare"
            )


def _served(
    session: Session, path: Path | None, named: tuple[DomainName, ...]
) -> Mapping[DomainName, mta_sts.Policy]:
    if path is None:
        return {}
    if len(named) > 1:
        raise MailAuthError("--mta-sts is one domain's policy; import that domain alone")
    text = (
        session.path(path).read_bytes().decode("utf-8", "replace")
    )  # senders do not take every kind of line end
    if dkim.holds_private_key(text):
        raise MailAuthError(
            f"--mta-sts {path}: this is a private key; give the policy that the domain serves"
        )
    try:
        return {named[0]: mta_sts.parse_policy(text)}
    except RecordSyntaxError as error:
        where = f"line {mta_sts.line_of(error)}: " if error.start < error.end else ""
        raise MailAuthError(
            f"--mta-sts {path}: {where}{error.expected}: senders get no policy"
        ) from None


def _by_zone(
    named: tuple[DomainName, ...], origin: DomainName | None
) -> Mapping[DomainName, tuple[DomainName, ...]]:
    if origin is None:
        return {domain: (domain,) for domain in named}
    for domain in named:
        if not is_at_or_below(domain, origin):
            raise MailAuthError(
                f"{domain} does not lie in the zone {origin}; --zone names another one"
            )
    return {origin: named}


# Sources


def _file(repo: Repo, path: Path) -> _Source:
    return _whole(repo, path.name, partial(sources.in_file, path))


def _provider(repo: Repo, id: str) -> _Source:
    if id not in repo.stanzas:
        raise MailAuthError(
            f"there is no providers/{id}.yaml; there are: {', '.join(sorted(repo.stanzas)) or 'none yet'}"
        )
    return _whole(
        repo, f"the provider {id}", partial(sources.at_provider, repo.stanzas[id], repo.root)
    )


def _whole(repo: Repo, name: str, read: Callable[[DomainName], Published]) -> _Source:
    """Return a source of whole zones: the consents in other ones are where a plan would look for them."""
    found: dict[DomainName, Published] = {}

    def read_all(zones: _Zones) -> Mapping[DomainName, Published]:
        found.update((origin, read(origin)) for origin in zones)
        return found

    def consents(origin: DomainName, _: frozenset[RRKey]) -> Iterable[Published]:
        return (found[origin],) if origin in found else sources.consents_at_providers(repo, origin)

    return _Source(name, read_all, consents)


def _genkey(path: Path, named: tuple[DomainName, ...], selector: str | None) -> _Source:
    if len(named) > 1:
        raise MailAuthError("--from-genkey is one domain's key; import that domain alone")
    [domain] = named
    text = sources.read_text(path)
    if "PRIVATE KEY" in text or (dkim_key_files.is_json(text) and dkim.holds_private_key(text)):
        raise MailAuthError(
            f"{path.name}: this is the private key; give the .txt file that opendkim-genkey wrote beside it, or use `dkim adopt`"
        )
    try:
        found = dkim_key_files.parse(text, domain, selector)
    except RecordSyntaxError as error:
        # Never the text: what people give by mistake is a private key.
        place = f" (character {error.start + 1} of the record)" if error.end else ""
        raise MailAuthError(f"{path.name}: {error.expected}{place}") from None
    except MasterFileError as error:
        raise MailAuthError(f"{path.name}: {error}") from None
    ours = [key for key in found.keys if key.domain in (None, domain)]
    others = [key for key in found.keys if key not in ours]
    if not ours:
        raise MailAuthError(f"{path.name}: the key is for {others[0].domain}, not for {domain}")
    values: dict[DomainName, set[str]] = {}
    for key in ours:
        values.setdefault(dkim.owner_name(key.selector, domain), set()).add(str(key.record))
    sets = frozenset(
        RRset(name, "TXT", DEFAULT_TTL, frozenset(each)) for name, each in values.items()
    )
    outside = (
        *(f"the key {key.selector} of {key.domain}, which is another domain" for key in others),
        *found.passed_over,
    )
    return _Source(
        path.name,
        lambda zones: {
            origin: Published(Zone(origin, sets), (), outside, found.notes) for origin in zones
        },
        lambda *_: (),
    )


def _dns(
    repo: Repo,
    selectors: list[str] | None,
    servers: tuple[str, ...],
    zones: _Zones,
    *,
    private_web: bool,
) -> _Source:
    asked = (
        tuple(_checked(selector, "--selector", domain_name) for selector in selectors or ())
        or COMMON_SELECTORS
    )
    tried = f"DNS does not tell which selectors there are: {len(asked)} common names were tried; name others with --selector"
    of_others = {
        policy.zone: policy.body.nameservers for policy in repo.policies if policy.zone not in zones
    }

    def consents(origin: DomainName, keys: frozenset[RRKey]) -> Iterable[Published]:
        return (sources.consents_in_dns(origin, keys, of_others.get(origin, servers)),)

    return _Source(
        "live DNS",
        lambda zones: sources.in_dns(zones, asked, servers),
        consents,
        None if selectors else tried,
        lambda found: sources.policies_served(found, servers, private_web=private_web),
    )


def _made(
    source: _Source,
    found: Mapping[DomainName, Published],
    zones: _Zones,
    beside: Surroundings,
    served: Mapping[DomainName, mta_sts.Policy],
) -> tuple[Imported, ...]:
    policies: Mapping[DomainName, mta_sts.Policy | str] = served or (
        source.served(found) if source.served is not None else {}
    )
    unknown = {
        domain: list(found[origin].unknown)
        for origin, together in zones.items()
        for domain in together
    }

    @cache
    def consents(origin: DomainName, keys: frozenset[RRKey]) -> tuple[Zone, ...]:
        read = tuple(source.consents(origin, keys))
        reasons = {reason: None for each in read for _, reason in each.unknown}
        for key in sorted(keys) if reasons else ():
            about, _ = dmarc.report_parties(key[0])
            unknown[about] += [(key, reason) for reason in reasons]
        return tuple(each.zone for each in read)

    made = drafts(
        [(found[origin].zone, together) for origin, together in zones.items()],
        replace(beside, consents=consents),
        policies,
    )
    head = [
        f"Imported from {source.name}.",
        *([source.note] if source.note else []),
        *(note for each in found.values() for note in each.notes),
    ]
    return commented(made, beside, head, unknown, datetime.now(UTC).date())
