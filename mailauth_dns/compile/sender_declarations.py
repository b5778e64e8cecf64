"""What the senders of a policy declare of their own: return paths, and the end of a retired one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time

from mailauth_dns.compile.publication import Declared, OfSender
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records import dkim
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
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
    led = _sender(policy, use, SenderValues(path.zones))
    for type, values in (("CNAME", path.cname and (path.cname,)), ("MX", path.mx)):
        if values:
            yield _entry(policy, use, (path.name, type), Family.RETURN_PATH, frozenset(values), led)
    if path.spf is not None:
        # While the sender sends, every SPF record here is replaced: two of them are an error.
        own = SenderValues(texts=(path.spf,)) if use.life.gone else None
        told = _sender(policy, use, own)
        entry = _entry(policy, use, (path.name, "TXT"), Family.SPF, frozenset({path.spf}), told)
        yield replace(entry, is_return_path=True)


def _keys_that_go(policy: Policy, use: Use) -> Iterator[Declared]:
    """Yield the selectors of a sender that is gone, unless the policy still has them."""
    if not use.life.gone or use.life.gone_from is None:
        return
    listed = policy.body.dkim.selectors if policy.body.dkim is not None else {}
    needed_until = datetime.combine(use.life.gone_from, time(), UTC)
    for each in use.selectors:
        if each.selector not in listed:
            type, values = _values_of(use, each)
            key = (dkim.owner_name(each.selector, policy.domain), type)
            told = _sender(policy, use, values)
            entry = _entry(policy, use, key, Family.DKIM, frozenset(), told)
            yield replace(entry, needed_until=needed_until)


def _values_of(use: Use, selector: Selector) -> tuple[str, SenderValues]:
    """Return the type of a selector's record, and which values there are the sender's."""
    if selector.cname is None:
        return "TXT", SenderValues(texts=(f"v=DKIM1; p={selector.p}",))
    known = use.entry.recognised_by.dkim if use.entry is not None else ()
    return "CNAME", SenderValues((*map(DomainName, known), DomainName(selector.cname)))


def _entry(
    policy: Policy,
    use: Use,
    key: RRKey,
    family: Family,
    values: frozenset[str],
    sender: OfSender,
) -> Declared:
    held = frozenset[str]() if use.life.gone else values
    return Declared(policy.domain, key, family, policy.body.ttl, held, sender=sender)


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
