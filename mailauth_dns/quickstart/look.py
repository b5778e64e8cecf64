"""Ask DNS and this host what quickstart should know before it asks you."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from mailauth_dns.errors import MailAuthError, ObservationError, octets
from mailauth_dns.evaluate.dmarc import nearest_record
from mailauth_dns.importing.finished_policy import reasons
from mailauth_dns.importing.import_domains import import_domains
from mailauth_dns.importing.readers import LiveDns
from mailauth_dns.importing.surroundings import Left
from mailauth_dns.live.observe import Wanted, observe
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.policy.repo import Repo
from mailauth_dns.quickstart.answers import Given, Known, SigningProgram
from mailauth_dns.quickstart.dns_services import SERVICES, DnsKind
from mailauth_dns.quickstart.next_steps import KEY_DIRS, Machine
from mailauth_dns.quickstart.published import PublishedMail
from mailauth_dns.records.dmarc import owner_name
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRset, negative_ttl
from mailauth_dns.signing_host import key_owner, opendkim_conf
from mailauth_dns.signing_host.systemd_units import on
from mailauth_dns.typed_yaml import yaml_reader, yaml_tree

_DELEGATED = "is delegated to"  # as live/observe.py says it
Origins = Mapping[DomainName, tuple[str, ...]]  # zones, each with the servers to ask


def look(
    repo: Repo, domain: DomainName, zone: DomainName | None, nameservers: tuple[str, ...]
) -> PublishedMail:
    """Return what the authoritative servers publish for a domain.

    Raises:
        MailAuthError: not all of it is known.
        PolicyError: the repo has problems.
    """
    imports = import_domains(repo, (domain,), LiveDns((), nameservers), zone=zone)
    [imported] = imports.policies
    if imported.unknown:
        said = "\n".join(f"unknown: {reason}" for reason in reasons(imported.unknown))
        if _DELEGATED in said:
            raise MailAuthError(
                f"{said}\nnothing was written: that name is a zone of its own, so a record in "
                f"{zone or domain} would never be served; take the delegation (its NS records) "
                "away where you change DNS, or write a policy by hand for the zone that has it"
            )
        raise MailAuthError(
            f"{said}\nnothing was written: what DNS has already might be lost. Run it again when "
            f"DNS answers, name a server with --nameserver ADDRESS, or, where {domain} is not "
            "in DNS yet, say so with --no-live"
        )
    body = yaml_tree.plain(yaml_reader.read(imported.path, imported.draft.text.encode()))
    assert isinstance(body, dict)
    origin = zone or domain
    resolver = LiveResolver({origin: nameservers})
    exchangers = _exchangers(domain, resolver)
    own = isinstance(body.get("dmarc"), dict) or body.get("parked")
    negative, ttl = _remembered(domain, origin, nameservers)
    return PublishedMail(
        body,
        imported.draft.left,
        negative,
        tuple(name for name in exchangers if name),
        exchangers == ("",),
        "" if own else _dmarc_elsewhere(domain, imported.draft.left, resolver),
        ttl,
        asked=True,
    )


def _dmarc_elsewhere(domain: DomainName, left: Sequence[Left], resolver: LiveResolver) -> str:
    """Return where a domain without a DMARC record of its own has its policy from.

    Raises:
        MailAuthError: DNS cannot say whether a domain above it has one.
    """
    name = owner_name(domain)
    target = next((each.value for each in left if each.key == (name, "CNAME")), None)
    if target is not None:
        return f"{name} is an alias of {octets(target)}, and the record is changed there"
    try:
        above = nearest_record(domain, resolver)
    except ObservationError as error:
        raise MailAuthError(
            f"unknown: {error}\nnothing was written: a domain above {domain} may have a DMARC "
            "policy, which a new record would replace. Run it again when DNS answers"
        ) from None
    return f"{above} has a DMARC record that counts for {domain} too" if above else ""


def _remembered(
    domain: DomainName, zone: DomainName, nameservers: tuple[str, ...]
) -> tuple[int | None, int]:
    """Return for how many seconds resolvers may hold what a first policy changes.

    The first is for names that do not exist, None where it is unknown; the second is for the SPF
    and the DMARC record, or what stands in their place.
    """
    soa, sets = (zone, "SOA"), {(domain, "TXT"), (owner_name(domain), "TXT")}
    seen = observe([Wanted(zone, frozenset({soa, *sets}), nameservers)])[zone]
    said = {key: [view.said(key) for view in seen.servers] for key in (soa, *sets)}
    negative = [negative_ttl(each) for each in said.pop(soa) if isinstance(each, RRset)]
    held = [each.ttl or 0 for views in said.values() for each in views if isinstance(each, RRset)]
    return max(negative, default=None), max(held, default=0)


def _exchangers(domain: DomainName, resolver: LiveResolver) -> tuple[str, ...]:
    """Return the exchangers, the preferred first; that of a null MX is empty (RFC 7505 §3)."""
    try:
        values = resolver.lookup(domain, "MX") or ()
    except ObservationError:
        return ()
    ranked = sorted(value.split() for value in values)
    return tuple(name.removesuffix(".").lower() for _, name in ranked)


def suggestions(
    domain: DomainName, given: Given, found: PublishedMail, repo: Repo, origins: Origins
) -> Known:
    """Return the defaults that DNS, this host and the repo suggest."""
    own = (each for each in found.exchangers if is_at_or_below(DomainName(each), domain))
    mail_host = given.get("--mail-host") or next(own, "")
    signers = [each for each in SigningProgram if signer_here(each)]
    signer = given.get("--signer") or (signers[0].value if len(signers) == 1 else "")
    return Known(
        mail_host,
        addresses(mail_host, origins) if found.asked and mail_host else (),
        signer,
        _private_dir(signer or SigningProgram.OPENDKIM),
        frozenset(repo.stanzas),
        found.names_reports,
    )


def addresses(host: str, origins: Origins) -> tuple[str, ...]:
    """Return a host's addresses in DNS; none where it has none, or DNS cannot say."""
    try:
        return LiveResolver(origins).addresses(DomainName(host))
    except ObservationError:
        return ()


def _private_dir(signer: str) -> str:
    """Return the folder that a signing program's package has for keys, if we may write there."""
    path = Path(KEY_DIRS[SigningProgram(signer)])
    there = next(each for each in (path, *path.parents) if each.exists())
    return str(path) if os.access(there, os.W_OK | os.X_OK) else ""


def signer_here(signer: SigningProgram) -> bool:
    """Tell whether a signing program is set up on this host."""
    if signer is SigningProgram.OPENDKIM:
        return bool(opendkim_conf.daemons(key_owner.HOST))
    return on(key_owner.HOST, "/etc/rspamd").is_dir()


def machine(signer: SigningProgram, dns: DnsKind) -> Machine:
    """Return what the steps depend on beside the answers."""
    service = SERVICES[dns]
    here = service.module is None or find_spec(service.module) is not None
    return Machine(os.geteuid() == 0, signer_here(signer), None if here else service.extra)
