"""Collect the situation of domains: their files, DNS, this host.

A repo may have a hundred thousand policies, and only one thing is to be done now. So DNS is asked
for some domains at a time, those first whose files need something, and the caller stops when it
has enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from mailauth_dns.deploy.dmarc_advance import tags_of
from mailauth_dns.deploy.dmarc_standing import standing
from mailauth_dns.deploy.verify import watch
from mailauth_dns.errors import MailAuthError, ObservationError
from mailauth_dns.evaluate.dmarc import nearest_record
from mailauth_dns.evaluate.macro_expansion import IPAddress
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.guide import this_host
from mailauth_dns.guide.files import Files
from mailauth_dns.guide.situation import Area, Fault, Here, Ramp, Record, RecordState, Situation
from mailauth_dns.guide.this_host import PrivateHalves
from mailauth_dns.keys import check, status
from mailauth_dns.keys.declared import keys_of
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.lint.rule import Severity
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.model import sections_of
from mailauth_dns.policy.provider_stanza import LOCAL
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import server_address, spf
from mailauth_dns.records.dmarc import owner_name
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.records.spf_term import Ip4, Ip6, Qualifier
from mailauth_dns.simulate.dns_views import as_it_is

BATCH = 100  # domains that DNS is asked for together
_SERVE_DEFAULTS = {"--address": "127.0.0.1", "--port": "5453", "--provider": "local"}
_AREAS: Mapping[Family, Area] = {
    Family.SPF: "spf",
    Family.DKIM: "dkim",
    Family.DMARC: "dmarc",
    Family.DMARC_REPORT: "dmarc",
}


@dataclass(frozen=True)
class _Look:
    """What the looks at all domains share."""

    here: Here
    files: Files
    halves: PrivateHalves | None
    declaring: frozenset[DomainName]  # domains with a DMARC policy
    in_dns: Callable[[DomainName], DomainName | None]  # whose DMARC record counts for it


def situations(here: Here, files: Files) -> Iterator[tuple[Situation, ...]]:
    """Yield the situation of the chosen domains, some at a time."""
    urgent = sorted(files.chosen, key=lambda policy: not _needs_work(files, policy))
    declaring = (policy.domain for policy in files.repo.policies if _declares_dmarc(policy))
    live = as_it_is(files.repo.policies)

    def in_dns(domain: DomainName) -> DomainName | None:
        live.next_message()
        return nearest_record(domain, live)

    look = _Look(
        here,
        files,
        _halves(here),
        frozenset(declaring),
        in_dns,
    )
    for start in range(0, len(urgent), BATCH):
        yield _looked_at(look, urgent[start : start + BATCH])


def _needs_work(files: Files, policy: Policy) -> bool:
    """Tell whether something is to be done about the policy's files."""
    return bool(_errors(files, policy.domain)) or policy.zone in files.stale


def _errors(files: Files, domain: DomainName) -> list[Fault]:
    return [
        Fault(each.place.source.path, each.place.line, each.rule.id, each.message)
        for each in files.found.get(domain, ())
        if each.rule.severity is Severity.ERROR
    ]


def _declares_dmarc(policy: Policy) -> bool:
    return bool(policy.body.parked) or policy.body.dmarc is not None


def _looked_at(look: _Look, policies: Sequence[Policy]) -> tuple[Situation, ...]:
    records = _records(look.files, policies)
    keys: dict[DomainName, list[KeyStatus]] = {}
    for each in status.look(policies, look.here.now):
        keys.setdefault(each.key.domain, []).append(each)
    return tuple(
        _situation(look, policy, records.get(policy.domain, ()), tuple(keys.get(policy.domain, ())))
        for policy in policies
    )


def _halves(here: Here) -> PrivateHalves | None:
    if here.private_dir is None:
        return None
    try:
        return check.private_halves(here.private_dir, None)
    except MailAuthError:  # the signing host's own case says what cannot be read
        return None


def _records(files: Files, policies: Sequence[Policy]) -> Mapping[DomainName, tuple[Record, ...]]:
    """Ask the authoritative servers for all that these policies declare."""
    zones: dict[DomainName, set[DomainName]] = {}
    for policy in policies:
        zones.setdefault(policy.zone, set()).add(policy.domain)
    asked = [
        publication.only(frozenset(domains))
        for zone, domains in zones.items()
        if (publication := files.publications.get(zone)) is not None
    ]
    areas = {
        entry.key: "other" if entry.is_return_path else _AREAS.get(entry.family, "other")
        for each in asked
        for entry in each.declared
    }
    found: dict[DomainName, list[Record]] = {}
    for rows in watch(asked, 0).values():
        for row in rows:
            area = areas[(DomainName(row.name), row.type)]
            found.setdefault(DomainName(row.domain), []).append(_record(row, area))
    return {domain: tuple(each) for domain, each in found.items()}


def _record(row: LiveEntry, area: Area) -> Record:
    state: RecordState = row.state if row.state != "as provider" else "as policy"
    if state == "differs" and row.live == () and row.policy:
        state = "missing"
    return Record(area, row.name, row.type, state, row.reason or "")


def _situation(
    look: _Look, policy: Policy, records: tuple[Record, ...], keys: tuple[KeyStatus, ...]
) -> Situation:
    files, body = look.files, policy.body
    errors = _errors(files, policy.domain)
    findings = files.found.get(policy.domain, ())
    no_dmarc = _has_no_dmarc(look, policy)
    if isinstance(no_dmarc, Unknown):
        name = owner_name(policy.domain)
        records += (Record("dmarc", name, "TXT", "unknown", no_dmarc.reason),)
    dmarc = None if body.dmarc is None or body.dmarc is ABSENT else body.dmarc.record.effective_p
    return Situation(
        policy.domain,
        policy.path,
        provided=bool(body.providers),
        parked=bool(body.parked),
        sends=_sends(policy),
        sender=only_sender(policy),
        declares=_declares(policy),
        dmarc=dmarc,
        dmarc_missing=no_dmarc is True,
        ramp=_ramp(look, policy),
        fault=errors[0] if errors else None,
        errors=len(errors),
        warnings=sum(each.rule.severity is Severity.WARNING for each in findings),
        stale=policy.zone in files.stale,
        served_by=_served_by(files, policy),
        records=records,
        keys=keys,
        gone_senders=tuple(use.key for use in policy.senders if use.life.gone),
        missing_halves=tuple(_missing(policy, look.here.private_dir, look.halves)),
        host=this_host.signing_host(policy, look.here.private_dir, look.halves, look.here.now),
    )


def _ramp(look: _Look, policy: Policy) -> Ramp | None:
    """Return the next step of DMARC, and whether reports permit it."""
    at = standing(look.files.repo, policy, look.here.now.date())
    if at.step is None or at.verdict is None:
        return None
    return Ramp(
        at.step.words,
        at.verdict.met,
        at.reports,
        at.verdict.not_before,
        tuple(each.words for each in at.verdict.blocks),
        sum(each.messages for each in at.verdict.lost if each.kind == SourceKind.MAILING_LIST),
        f"{tags_of(at.step)} below dmarc" if at.sharing > 1 else None,
    )


def _has_no_dmarc(look: _Look, policy: Policy) -> bool | Unknown:
    """Tell whether no DMARC policy counts for the domain, in the repo or in DNS.

    A new p=none would take the place of what DNS has, and weaken it.
    """
    if not look.declaring.isdisjoint(upwards(policy.domain)):
        return False
    try:
        return look.in_dns(policy.domain) is None
    except ObservationError as error:
        return Unknown(str(error))


def _declares(policy: Policy) -> bool:
    """Tell whether the policy says anything of what is published."""
    return any(sections_of(policy.body, family) for family in Family)


def _sends(policy: Policy) -> bool:
    """Tell whether the policy's SPF record lets anybody send."""
    section = policy.body.spf
    if policy.body.parked or section is None or section is ABSENT:
        return False
    return bool(section.terms) or section.redirect is not None or section.all == "pass"


def only_sender(policy: Policy) -> IPAddress | None:
    """Return the one address that may send; None where the policy names several, or networks."""
    section = policy.body.spf
    if policy.body.parked or section is None or section is ABSENT:
        return None
    networks = [
        term.network
        for term in map(spf.parse_term, section.terms)
        if isinstance(term, Ip4 | Ip6) and term.qualifier is Qualifier.PASS
    ]
    if len(networks) != 1 or networks[0].network.num_addresses != 1:
        return None
    return networks[0].ip


def _served_by(files: Files, policy: Policy) -> tuple[str, ...] | None:
    """Return the options of `serve` with which it answers for the policy; None where others do."""
    local = [
        id
        for id in policy.body.providers
        if (stanza := files.repo.stanzas.get(id)) is not None and stanza.class_name == LOCAL
    ]
    if not local or len(policy.body.nameservers) != 1:
        return None
    server = server_address.parse(policy.body.nameservers[0])
    if not ip_address(server.address).is_loopback:
        return None
    given = {"--address": server.address, "--port": str(server.port), "--provider": local[0]}
    return tuple(
        word
        for option, value in given.items()
        if value != _SERVE_DEFAULTS[option]
        for word in (option, value)
    )


def _missing(
    policy: Policy, private_dir: Path | None, halves: PrivateHalves | None
) -> Iterator[str]:
    """Yield which private halves are not where they should be, or are of another key."""
    if not this_host.is_here(policy, private_dir):
        return
    for key in keys_of(policy):
        if halves is not None and key.section.state in (KeyState.PENDING, KeyState.ACTIVE):
            for problem in halves(key):
                if problem.rule == "DKIM032" and problem.weight == "wrong":
                    yield problem.message
