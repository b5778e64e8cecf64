"""Whose mail it is where DMARC passed: by what made it align."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.clues import (
    Clues,
    Sources,
    our_passing,
    proven_names,
    spf_names,
)
from mailauth_dns.evidence.sources.declared_sources import DeclaredSource
from mailauth_dns.evidence.sources.mending import declaring
from mailauth_dns.evidence.sources.relays import Relayed, origin_of, said_by_receiver
from mailauth_dns.evidence.sources.source_kind import Attribution, SourceKind
from mailauth_dns.reports.aggregate import DkimResult

_DECLARE = "find out who sends it, and declare that in the policy if it is meant"


def by_spf(row: Row, clues: Clues) -> Attribution:
    """Return whose mail it is that aligned by SPF: a host sent it that a record of ours names."""
    names = [name for name in spf_names(row) if clues.is_ours(name)]
    names = names or [row.author or clues.declared.domain]
    for name in names:
        if sources := _listed(clues.by_path(name), row, clues):
            return declared(likeliest(sources, row, clues), f"SPF passes for {name}")
    if sources := clues.by_address(row):
        return declared(likeliest(sources, row, clues), f"SPF lists {row.source}")
    if sources := _signers(row, clues):
        return declared(sources, f"signed with {_key(our_passing(clues, row)[0])}")
    return _undeclared(row, clues, f"SPF passes for {names[0]}, and the policy lists no such host")


def by_signature(row: Row, clues: Clues) -> Attribution | Relayed:
    """Return whose mail it is that aligned by DKIM alone: a sender's, or forwarded mail of it."""
    if sources := _signers(row, clues):
        return _signed(sources, row, clues)
    if sources := clues.by_address(row):
        return declared(likeliest(sources, row, clues), f"SPF lists {row.source}")
    signatures = our_passing(clues, row)
    if not signatures:
        return _undeclared(row, clues, "DKIM passes, by a key that the reporter does not name")
    why = f"signed with {_key(signatures[0])}, which the policy does not declare"
    return _undeclared(row, clues, why)


def _signers(row: Row, clues: Clues) -> Sources:
    """Return the sources whose keys signed."""
    signed = (source for each in our_passing(clues, row) for source in clues.by_key(each))
    return tuple({source.key: source for source in signed}.values())


def _listed(sources: Sources, row: Row, clues: Clues) -> Sources:
    """Return the sources of one SPF record that a host may be of: SPF passed for it."""
    if row.source is None:
        return sources
    holders = clues.by_address(row)
    there = tuple(each for each in sources if each in holders)
    # Where no known network has the address, it is of one whose networks only DNS has.
    return there or tuple(each for each in sources if each.open)


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


def _signed(sources: Sources, row: Row, clues: Clues) -> Attribution | Relayed:
    """Return whose mail it is that a declared key signed."""
    by_key = f"signed with {_key(our_passing(clues, row)[0])}"
    if holders := clues.by_address(row):
        both = tuple(each for each in holders if each in sources)
        own = tuple(each for each in holders if each.own)
        return declared(both or own or sources, f"{by_key}, and SPF lists {row.source}")
    for name in proven_names(row):
        if theirs := tuple(each for each in sources if clues.is_of(name, each)):
            return declared(theirs, f"{by_key}, and {name} is of it")
    host = clues.host(row)
    if host is not None and (theirs := tuple(each for each in sources if clues.is_of(host, each))):
        return declared(theirs, f"{by_key}, and the host is {host}")
    return _relayed(sources, row, clues)


def _relayed(sources: Sources, row: Row, clues: Clues) -> Attribution | Relayed:
    """Return whose mail it is that came from a host which nothing connects with its signer."""
    signature = our_passing(clues, row)[0]
    by_key, sender, ended = f"signed with {_key(signature)}", key_of(sources), life_of(sources)
    if (kind := said_by_receiver(row)) is not None:
        return Attribution(kind, sender, f"{by_key}, and the receiver says so{ended}")
    own = any(source.own for source in sources)
    direct = Attribution(
        SourceKind.ALIGNED,
        sender,
        f"{by_key}, from a host that SPF does not list{ended}",
        f"find out whose host {row.source} is: if it is yours, list it in SPF; if it is not, "
        "others have your key: replace it"
        if own
        else None,
    )
    if own and _has_our_name(row, clues):
        return direct
    forwarded = Attribution(SourceKind.FORWARDER, sender, f"{by_key}, and SPF does not pass{ended}")
    key = (signature.domain, signature.selector)
    return Relayed(key, origin_of(row), own, forwarded, direct)


def _has_our_name(row: Row, clues: Clues) -> bool:
    """Tell whether a host has, or gives itself, a name of the domain's owner."""
    names = (clues.host(row), *(each.domain for each in row.spf if each.helo))
    return any(map(clues.is_ours, names))


def likeliest(sources: Sources, row: Row, clues: Clues) -> Sources:
    """Return which of the sources a row is of, as far as anything else in it tells."""
    left = sources
    if len(left) < 2:
        return left
    named = [each for name in proven_names(row) for each in clues.by_name(name)]
    hosted = clues.by_name(clues.host(row))
    if _has_our_name(row, clues):
        hosted = tuple(each for each in left if each.own)
    author = [each for each in left if each.domain == row.author]
    own_policy = [each for each in left if each.domain == clues.declared.domain]
    still = [each for each in left if not each.life.gone]
    for told in (_signers(row, clues), named, hosted, author, own_policy, still):
        if len(left) > 1:
            left = tuple(each for each in left if each in told) or left
    return left


def _undeclared(row: Row, clues: Clues, why: str) -> Attribution:
    """Return that a row aligned by records that the policy does not have."""
    for name in (*proven_names(row), clues.host(row)):
        if (entry := clues.entry(name)) is not None:
            why = f"{why}; {name} is of it"
            return Attribution(SourceKind.UNKNOWN, entry.name, why, declaring(entry))
    return Attribution(SourceKind.UNKNOWN, None, why, _DECLARE)


def _key(signature: DkimResult) -> str:
    if signature.selector is None:
        return f"a key of {signature.domain}"
    return f"selector {signature.selector} of {signature.domain}"
