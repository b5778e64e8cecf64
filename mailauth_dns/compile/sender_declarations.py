"""What the senders of a policy declare of their own: return paths, and the end of a retired one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time

from mailauth_dns.compile.publication import Declared, OfSender
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import RotationSection
from mailauth_dns.records import dkim
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.ownership import SenderValues
from mailauth_dns.records.zone import RRKey
from mailauth_dns.senders.use import Selector, Use


def of(policy: Policy) -> Iterator[Declared]:
    """Yield the return paths, and what goes with the senders that are gone."""
    found: dict[RRKey, Declared] = {}
    # What a sender left at a name that another one has now is replaced there, and not deleted.
    for use in sorted(policy.senders, key=lambda use: use.life.gone):
        place = policy.place(("senders", use.key)).file_line
        for entry in (*_return_path(policy, use), *_keys_that_go(policy, use)):
            there = found.get(entry.key)
            found[entry.key] = (
                replace(entry, place=place) if there is None else _with_values_of(there, entry)
            )
    yield from found.values()


def _with_values_of(entry: Declared, other: Declared) -> Declared:
    """Return what is declared at a name, with what another sender has there as ours too."""
    mine, theirs = entry.sender_values, other.sender_values
    if entry.sender is None or mine is None or theirs is None:
        return entry
    both = SenderValues(
        tuple(dict.fromkeys((*mine.zones, *theirs.zones))),
        tuple(dict.fromkeys((*mine.texts, *theirs.texts))),
    )
    return replace(entry, sender=replace(entry.sender, values=both))


def _return_path(policy: Policy, use: Use) -> Iterator[Declared]:
    """Yield what stands at a return path: an alias, or exchangers and SPF."""
    path = use.path
    if path is None or not path.is_published:
        return
    alias = (path.cname,) if path.cname is not None else ()
    led = _sender(policy, use, SenderValues(_with_targets(path.zones, (*alias, *path.mx))))
    for type, values in (("CNAME", alias), ("MX", path.mx)):
        if values:
            yield _entry(policy, use, (path.name, type), Family.RETURN_PATH, frozenset(values), led)
    if path.spf is not None:
        told = _sender(policy, use, SenderValues(texts=(path.spf,)))
        entry = _entry(policy, use, (path.name, "TXT"), Family.SPF, frozenset({path.spf}), told)
        yield replace(entry, is_return_path=True)


def _with_targets(zones: tuple[DomainName, ...], values: Iterable[str]) -> tuple[DomainName, ...]:
    """Return zones that hold all targets: the console may show one that the catalogue lacks."""
    targets = (DomainName(value.rpartition(" ")[2].rstrip(".")) for value in values)
    beyond = (each for each in targets if not any(is_at_or_below(each, zone) for zone in zones))
    return tuple(dict.fromkeys((*zones, *beyond)))


def _keys_that_go(policy: Policy, use: Use) -> Iterator[Declared]:
    """Yield the selectors of a sender that is gone, unless the policy still has them."""
    if not use.life.gone:
        return
    listed = policy.body.dkim.selectors if policy.body.dkim is not None else {}
    for each in use.selectors:
        if each.selector not in listed:
            type, values = _values_of(use, each)
            key = (dkim.owner_name(each.selector, policy.domain), type)
            told = _sender(policy, use, values)
            yield _entry(policy, use, key, Family.DKIM, frozenset(), told)


def _values_of(use: Use, selector: Selector) -> tuple[str, SenderValues]:
    """Return the type of a selector's record, and which values there are the sender's."""
    if selector.cname is None:
        return "TXT", SenderValues(texts=(f"v=DKIM1; p={selector.p}",))
    known = use.entry.recognised_by.dkim if use.entry is not None else ()
    zones = _with_targets(tuple(map(DomainName, known)), (selector.cname,))
    return "CNAME", SenderValues(zones)


def _entry(
    policy: Policy,
    use: Use,
    key: RRKey,
    family: Family,
    values: frozenset[str],
    sender: OfSender,
) -> Declared:
    held = frozenset[str]() if use.life.gone else values
    needed_until = _needed_until(policy, use)
    return Declared(policy.domain, key, family, policy.body.ttl, held, needed_until, sender=sender)


def _needed_until(policy: Policy, use: Use) -> datetime | None:
    """Return until when mail of a sender that is gone may arrive, or come back to it.

    Queues hold mail for as long as `dkim.rotation.grace` says, however short `sender_grace` is.
    """
    life = use.life
    if not life.gone or life.retired is None or life.gone_from is None:
        return None
    rotation = policy.body.dkim.rotation if policy.body.dkim is not None else RotationSection()
    days = (datetime.combine(day, time(), UTC) for day in (life.gone_from, life.retired))
    gone_from, retired = days
    return max(gone_from, retired + rotation.grace)


def _sender(policy: Policy, use: Use, values: SenderValues | None) -> OfSender:
    still = next(
        (
            each.key
            for each in policy.senders
            if each.sender == use.sender and each.key != use.key and not each.life.gone
        ),
        None,
    )
    return OfSender(
        use.name, values, use.relaxed, use.life.retired if use.life.gone else None, still
    )
