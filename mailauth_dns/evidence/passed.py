"""Whose mail it is where DMARC passed: by what made it align."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.evidence.clues import (
    Clues,
    Sources,
    our_passing,
    proven_names,
    spf_names,
)
from mailauth_dns.evidence.declared_sources import DeclaredSource
from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.relays import Relayed, origin_of, said_by_receiver
from mailauth_dns.evidence.source_kind import Attribution, SourceKind
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import DkimResult


def by_spf(row: Row, clues: Clues) -> Attribution:
    """Return whose mail it is that aligned by SPF: a host sent it that a record of ours names."""
    names = [name for name in spf_names(row) if clues.is_ours(name)]
    names = names or [row.author or clues.declared.domain]
    for name in names:
        if sources := clues.by_path(name):
            return declared(narrowed(sources, row, clues), f"SPF passes for {name}")
    if sources := clues.by_address(row):
        return declared(narrowed(sources, row, clues), f"SPF lists {row.source}")
    for signature in our_passing(clues, row):
        if sources := clues.by_key(signature):
            return declared(sources, f"signed with {_key(signature)}")
    why = f"SPF passes for {names[0]}, which the policy declares no sender for"
    return _undeclared(row, clues, why)


def by_signature(row: Row, clues: Clues) -> Attribution | Relayed:
    """Return whose mail it is that aligned by DKIM alone: a sender's, or forwarded mail of it."""
    signatures = our_passing(clues, row)
    for signature in signatures:
        if sources := clues.by_key(signature):
            return _signed(sources, signature, row, clues)
    if sources := clues.by_address(row):
        return declared(sources, f"SPF lists {row.source}")
    if not signatures:
        return _undeclared(row, clues, "DKIM passes, by a key that the reporter does not name")
    why = f"signed with {_key(signatures[0])}, which the policy does not declare"
    return _undeclared(row, clues, why)


def declared(sources: Sequence[DeclaredSource], why: str) -> Attribution:
    """Return that a row aligned, and is of one of these sources."""
    return Attribution(SourceKind.ALIGNED, key_of(sources), why + life_of(sources))


def key_of(sources: Sequence[DeclaredSource]) -> str:
    """Return the key of a source, or of all that it may be."""
    return " or ".join(dict.fromkeys(source.key for source in sources))


def life_of(sources: Sequence[DeclaredSource]) -> str:
    """Return what else is to be said where a sender ought to send no more."""
    if any(source.life.retired is None for source in sources):
        return ""
    return f"; retired since {min(str(source.life.retired) for source in sources)}"


def _signed(
    sources: Sources, signature: DkimResult, row: Row, clues: Clues
) -> Attribution | Relayed:
    """Return whose mail it is that a declared key signed."""
    by_key = f"signed with {_key(signature)}"
    if holders := clues.by_address(row):
        both = tuple(each for each in holders if each in sources)
        own = tuple(each for each in holders if each.own)
        return declared(both or own or sources, f"{by_key}, and SPF lists {row.source}")
    for name in proven_names(row):
        if any(is_of(name, source, clues) for source in sources):
            theirs = tuple(each for each in sources if is_of(name, each, clues))
            return declared(theirs, f"{by_key}, and {name} is of it")
    if (host := clues.host(row)) is not None and (
        there := tuple(each for each in sources if is_of(DomainName(host), each, clues))
    ):
        return declared(there, f"{by_key}, and the host is {host}")
    return _relayed(sources, signature, row, clues)


def _relayed(
    sources: Sources, signature: DkimResult, row: Row, clues: Clues
) -> Attribution | Relayed:
    """Return whose mail it is that came from a host which nothing connects with its signer."""
    by_key, sender = f"signed with {_key(signature)}", key_of(sources)
    if (kind := said_by_receiver(row)) is not None:
        return Attribution(kind, sender, f"{by_key}, and the receiver says so{life_of(sources)}")
    direct = Attribution(
        SourceKind.ALIGNED,
        sender,
        f"{by_key}, from a host that SPF does not list{life_of(sources)}",
        f"find out whose host {row.source} is: if it is yours, list it in SPF; if not, its mail "
        f"is signed with a key that others have: replace it",
    )
    names = (clues.host(row), *(each.domain for each in row.spf if each.helo))
    if any(source.own for source in sources) and any(
        name is not None and clues.is_ours(DomainName(name)) for name in names
    ):
        return direct
    forwarded = Attribution(
        SourceKind.FORWARDER, sender, f"{by_key}, and SPF does not pass{life_of(sources)}"
    )
    key = (signature.domain, signature.selector)
    return Relayed(key, origin_of(row), forwarded, direct)


def is_of(name: DomainName, source: DeclaredSource, clues: Clues) -> bool:
    """Tell whether a name that SPF, DKIM or a host proves is a sender's own, or made for it."""
    if clues.is_ours(name):
        return name in source.mail_from and name not in {source.domain}
    if source.sender is not None and source.sender in clues.senders(name):
        return True
    return source.is_led_to(name)


def narrowed(sources: Sources, row: Row, clues: Clues) -> Sources:
    """Return which of the sources in one SPF record a row is of, as far as anything tells."""
    holders = clues.by_address(row)
    there = tuple(each for each in sources if each in holders)
    # SPF passed: where no known network has the address, it is of one whose networks DNS has.
    left = there or tuple(each for each in sources if each.open) or sources
    signed = [each for signature in our_passing(clues, row) for each in clues.by_key(signature)]
    named = [each for name in proven_names(row) for each in clues.by_name(name)]
    hosted = clues.by_name(clues.host(row))
    author = [each for each in left if each.domain == row.author]
    own_policy = [each for each in left if each.domain == clues.declared.domain]
    still = [each for each in left if not each.life.gone]
    for told in (signed, named, hosted, author, own_policy, still):
        if len(left) > 1:
            left = tuple(each for each in left if each in told) or left
    return left


def _undeclared(row: Row, clues: Clues, why: str) -> Attribution:
    """Return that a row aligned by records that the policy does not have."""
    for name in (*proven_names(row), clues.host(row)):
        for sender in () if clues.is_ours(DomainName(name or "")) else clues.senders(name):
            entry = clues.declared.known.catalogue.get(sender)
            if entry is not None:
                return Attribution(SourceKind.UNKNOWN, entry.name, f"{why}; {name} is of it")
    return Attribution(SourceKind.UNKNOWN, None, why)


def _key(signature: DkimResult) -> str:
    if signature.selector is None:
        return f"a key of {signature.domain}"
    return f"selector {signature.selector} of {signature.domain}"
