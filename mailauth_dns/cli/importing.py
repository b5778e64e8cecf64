"""The command that makes policies of what is published already: import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.text import Text

from mailauth_dns.cli.app import session_of
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Session, domains
from mailauth_dns.compile import compile_repo
from mailauth_dns.deploy import published
from mailauth_dns.deploy.published import COMMON_SELECTORS, Published
from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.errors import MailAuthError, PolicyError, RecordSyntaxError
from mailauth_dns.importing.draft import Draft, Surroundings, drafts
from mailauth_dns.importing.writing import annotated, inherited
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.rule import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.policy import document
from mailauth_dns.policy.load import DEFAULTS, POLICY_DIR, Repo
from mailauth_dns.records import dkim, genkey, mta_sts
from mailauth_dns.records.name import DomainName, domain_name, is_at_or_below
from mailauth_dns.records.server import server
from mailauth_dns.records.zone import RRset, Zone


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


@dataclass(frozen=True)
class _Source:
    """Where records are read, in words, and how; `note` says what may have been missed."""

    name: str
    read: Callable[[DomainName, tuple[DomainName, ...]], Published]
    note: str | None = None


def import_(
    context: typer.Context,
    domain: Annotated[list[str], typer.Argument(metavar="DOMAIN", help="the domains to make policies for")],
    selector: Annotated[list[str] | None, typer.Option("--selector", help="ask for this DKIM selector; default: common names")] = None,
    from_zone: Annotated[Path | None, typer.Option("--from-zone", metavar="FILE", help="read this master file, not DNS")] = None,
    from_genkey: Annotated[
        Path | None, typer.Option("--from-genkey", metavar="FILE", help="read the .txt file of opendkim-genkey, not DNS")
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="ID", help="read the whole zone at providers/ID.yaml, not DNS")
    ] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="the zone that holds the records; default: the domain")] = None,
    nameserver: Annotated[list[str] | None, typer.Option("--nameserver", metavar="ADDRESS", help="ask this server")] = None,
    sts: Annotated[Path | None, typer.Option("--mta-sts", metavar="FILE", help="the MTA-STS policy that the domain serves")] = None,
    write: Annotated[bool, typer.Option("--write", help="write zones/policy/DOMAIN.yaml; never over a file")] = False,
) -> int:
    """Write policies for what is published already; a plan with them has nothing to do."""
    session = session_of(context)
    named = domains(domain)
    if sum(given is not None for given in (from_zone, from_genkey, provider)) > 1:
        raise MailAuthError("--from-zone, --from-genkey and --provider are three sources; give one")
    if (selector or nameserver) and (from_zone or from_genkey or provider):
        raise MailAuthError("--selector and --nameserver are for asking DNS; leave them out with another source")
    if wild := next((each for each in named if each.startswith("*")), None):
        raise MailAuthError(f"{wild}: a wildcard cannot have a policy of its own; name the domain")
    repo, defaults = _repo(session)
    if write:
        _refuse_existing(session, repo, named)
    origin = _checked(zone, "--zone", domain_name) if zone is not None else None
    served = _served(session, sts, named)
    if from_genkey is not None:
        source, beside = _genkey(session.path(from_genkey), named), Surroundings()
    else:
        servers = tuple(nameserver or ())
        for address in servers:
            _checked(address, "--nameserver", server)
        if from_zone is not None:
            origin = origin or named[0]
            source = _file(session.path(from_zone))
        elif provider is not None:
            source = _provider(repo, provider)
        else:
            source = _dns(selector, servers or inherited(defaults, "nameservers"))
        settings = {"providers": (provider,) if provider else (), "nameservers": servers}
        others = tuple(policy for policy in repo.policies if policy.domain not in named)
        beside = Surroundings(defaults, others, {key: values for key, values in settings.items() if values}, repo.lock)
    codes = [
        _import(session, source, source.read(at, together), together, beside, served, write=write)
        for at, together in _by_zone(named, origin).items()
    ]
    return FAILED if FAILED in codes else max(codes)


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
        return repo, document.read((POLICY_DIR / DEFAULTS).as_posix(), path.read_bytes())
    except document.DocumentError as error:
        raise PolicyError(error.problems) from None


def _refuse_existing(session: Session, repo: Repo, named: Iterable[DomainName]) -> None:
    declared = {policy.domain: policy.path for policy in repo.policies}
    for domain in named:
        path = POLICY_DIR / f"{domain}.yaml"
        if domain in declared or (session.root / path).exists():
            raise MailAuthError(f"{domain} has a policy already: {declared.get(domain, path)}; leave --write out to compare")


def _served(session: Session, path: Path | None, named: tuple[DomainName, ...]) -> Mapping[DomainName, mta_sts.Policy]:
    if path is None:
        return {}
    if len(named) > 1:
        raise MailAuthError("--mta-sts is one domain's policy; import that domain alone")
    text = session.path(path).read_text("utf-8", "replace")
    return {named[0]: _checked(text, f"--mta-sts {path}", mta_sts.parse_policy)}


def _by_zone(named: tuple[DomainName, ...], origin: DomainName | None) -> Mapping[DomainName, tuple[DomainName, ...]]:
    if origin is None:
        return {domain: (domain,) for domain in named}
    for domain in named:
        if not is_at_or_below(domain, origin):
            raise MailAuthError(f"{domain} does not lie in the zone {origin}; --zone names another one")
    return {origin: named}


# Sources


def _file(path: Path) -> _Source:
    return _Source(path.name, lambda origin, _: published.in_file(path, origin))


def _provider(repo: Repo, id: str) -> _Source:
    if id not in repo.stanzas:
        raise MailAuthError(f"there is no providers/{id}.yaml; there are: {', '.join(sorted(repo.stanzas)) or 'none yet'}")
    return _Source(f"the provider {id}", lambda origin, _: published.at_provider(repo.stanzas[id], repo.root, origin))


def _genkey(path: Path, named: tuple[DomainName, ...]) -> _Source:
    if len(named) > 1:
        raise MailAuthError("--from-genkey is one domain's key; import that domain alone")
    text = path.read_bytes().decode("latin-1")
    if "PRIVATE KEY" in text:
        raise MailAuthError(f"{path.name}: this is the private key; give the .txt file that opendkim-genkey wrote beside it")
    try:
        key = genkey.parse(text)
    except RecordSyntaxError as error:
        raise MailAuthError(f"{path.name}: {error.expected}") from None  # never the text: what people give by mistake is a private key
    if key.domain not in (None, named[0]):
        raise MailAuthError(f"{path.name}: the key is for {key.domain}, not for {named[0]}")
    rrset = RRset(dkim.owner_name(key.selector, named[0]), "TXT", DEFAULT_TTL, frozenset({str(key.record)}))
    return _Source(path.name, lambda origin, _: Published(Zone(origin, frozenset({rrset}))))


def _dns(selectors: list[str] | None, servers: tuple[str, ...]) -> _Source:
    asked = tuple(_checked(selector, "--selector", domain_name) for selector in selectors or ()) or COMMON_SELECTORS
    tried = f"DNS does not tell which selectors there are: {len(asked)} common names were tried; name others with --selector"
    return _Source("live DNS", lambda origin, together: published.in_dns(origin, together, asked, servers), None if selectors else tried)


# One zone


def _import(
    session: Session,
    source: _Source,
    found: Published,
    together: tuple[DomainName, ...],
    beside: Surroundings,
    served: Mapping[DomainName, mta_sts.Policy],
    *,
    write: bool,
) -> int:
    made = drafts(found.zone, together, beside, served)
    unknown = [f"unknown: {reason}" for reason in _reasons(found)]
    for text in unknown:
        sys.stderr.write(f"{found.zone.origin}: {text}\n")
    for draft in made:
        for left in draft.left:
            session.say(f"not said: {left}")
        text = _annotated(draft, source, beside, unknown)
        if not write:
            session.show([Text(text.removesuffix("\n"))] if len(made) == 1 else [Text("---"), Text(text.removesuffix("\n"))])
        elif unknown:
            session.say(f"{draft.policy.path}: not written, since not all of it is known")
        else:
            _written(session, draft.policy.path, text)
    if unknown:
        return FAILED
    return DIFFERS if any(draft.left for draft in made) else DONE


def _reasons(found: Published) -> Iterator[str]:
    """Yield why something is unknown, once a reason, with what it concerns."""
    keys: dict[str, list[str]] = {}
    for (name, type), reason in found.unknown:
        keys.setdefault(reason, []).append(f"{name} {type}")
    for reason, names in keys.items():
        yield f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {reason}"


def _annotated(draft: Draft, source: _Source, beside: Surroundings, unknown: list[str]) -> str:
    repo = Repo(Path(), (draft.policy, *beside.policies), {}, beside.lock)
    publications = (publication.only(frozenset({draft.domain})) for publication in compile_repo(repo))
    findings = run(RULES, subjects(repo, tuple(publications), datetime.now(UTC).date()))
    head = [f"Imported from {source.name}.", *([source.note] if source.note else []), *unknown]
    if draft.left:
        head += ["Not said here:", *(f"  {left}" for left in draft.left)]
    return annotated(draft.text, draft.policy.path, head, findings)


def _written(session: Session, path: str, text: str) -> None:
    target = session.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as file:
        file.write(text)
    session.line(f"written: {path}")
