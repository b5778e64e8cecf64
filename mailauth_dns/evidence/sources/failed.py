"""Whose mail it is where DMARC did not pass, or where the reporter does not say whether it did."""

from __future__ import annotations

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.clues import (
    Clues,
    Sources,
    our_passing,
    our_signatures,
    proven_names,
    spf_names,
)
from mailauth_dns.evidence.sources.mending import declaring, mended
from mailauth_dns.evidence.sources.passed import key_of, life_of, likeliest
from mailauth_dns.evidence.sources.relays import said_by_receiver
from mailauth_dns.evidence.sources.source_kind import Attribution, SourceKind
from mailauth_dns.evidence.sources.strangers import Stranger
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.reports.aggregate import AuthResult, PublishedPolicy
from mailauth_dns.senders.entry import Entry

_NOT_SAID = "the reporter does not say whether it aligned"
_MENDS = 3  # senders that mail may be of, and for which it is said what to do
# Names under which lists send; what is behind them is the list's own.
_LIST_HOSTS = ("googlegroups.com", "groups.io", "freelists.org", "simplelists.com")
_LIST_LABELS = frozenset({"list", "lists", "listserv", "mailman", "groups", "sympa", "majordomo"})


def judged(row: Row, published: PublishedPolicy, clues: Clues) -> Attribution | Stranger:
    """Return whose mail it is that did not align, as far as one row tells."""
    found = _recognised(row, published, clues)
    if row.aligned is not None:
        return found
    if isinstance(found, Stranger):
        return Stranger(f"{found.why}; {_NOT_SAID}", blank=False)
    if found.kind is not SourceKind.NOT_ALIGNED:
        return found
    return Attribution(SourceKind.UNKNOWN, found.sender, f"{found.why}; {_NOT_SAID}")


def _recognised(row: Row, published: PublishedPolicy, clues: Clues) -> Attribution | Stranger:
    return (
        _by_our_records(row, published, clues)
        or _by_own_address(row, published, clues)
        or _by_receiver(row, clues)
        or _by_address(row, published, clues)
        or _by_names(row, published, clues)
        or _by_list(row, clues)
        or _stranger(row, clues)
    )


def _by_our_records(row: Row, published: PublishedPolicy, clues: Clues) -> Attribution | None:
    """Return the sender where SPF or DKIM passes for a name of ours, and alignment is strict."""
    author = row.author or clues.declared.domain
    for signature in our_passing(clues, row):
        if sources := clues.by_key(signature):
            why = f"signed for {signature.domain}"
            if signature.domain == author:
                return _contradicts(sources, why)
            return _not_aligned(sources, why, row, published, clues)
    for name in spf_names(row):
        if clues.is_ours(name) and (sources := clues.by_path(name)):
            why, sources = f"SPF passes for {name}", likeliest(sources, row, clues)
            if name == author:
                return _contradicts(sources, why)
            return _not_aligned(sources, why, row, published, clues)
    return None


def _contradicts(sources: Sources, why: str) -> Attribution:
    why = f"{why}, and the reporter says that it did not align: one of the two is wrong"
    return Attribution(SourceKind.UNKNOWN, key_of(sources), why)


def _by_own_address(row: Row, published: PublishedPolicy, clues: Clues) -> Attribution | None:
    own = tuple(each for each in clues.by_address(row) if each.own)
    if not own:
        return None
    why = f"SPF lists {row.source}"
    return _not_aligned(likeliest(own, row, clues), why, row, published, clues)


def _by_address(row: Row, published: PublishedPolicy, clues: Clues) -> Attribution | None:
    """Return the sender whose network a row comes from, unless another customer of it sent it."""
    sources = likeliest(clues.by_address(row), row, clues)
    if not sources:
        return None
    names = proven_names(row)
    theirs = {source.key for name in names for source in clues.by_name(name)}
    if names and not any(each.key in theirs for each in sources):
        why = (
            f"SPF lists {row.source} for {key_of(sources)}, which sends for others too, and "
            f"this is mail of {names[0]}"
        )
        return Attribution(SourceKind.UNKNOWN, None, why)
    return _not_aligned(sources, f"SPF lists {row.source}", row, published, clues)


def _by_receiver(row: Row, clues: Clues) -> Attribution | None:
    kind = said_by_receiver(row)
    if kind is None:
        return None
    signed = [each for signature in our_signatures(clues, row) for each in clues.by_key(signature)]
    sender = key_of(signed) if signed else None
    return Attribution(kind, sender, "the receiver says so")


def _by_names(row: Row, published: PublishedPolicy, clues: Clues) -> Attribution | None:
    """Return the sender that SPF, DKIM or the name of its host tells, declared or not."""
    host = clues.host(row)
    for name in (*proven_names(row), *((host,) if host is not None else ())):
        what = f"the host is {name}" if name == host else f"it is mail of {name}"
        if clues.is_ours(name):
            if name == host:
                why = f"{what}, which is yours and which the policy does not declare"
                return Attribution(SourceKind.UNKNOWN, None, why)
        elif sources := clues.by_name(name):
            return _not_aligned(likeliest(sources, row, clues), what, row, published, clues)
        elif (entry := clues.entry(name)) is not None:
            return _not_declared(entry, what, row, clues)
    return None


def _not_declared(entry: Entry, what: str, row: Row, clues: Clues) -> Attribution:
    """Return that mail is of a sender which the policy does not have, or was forwarded by one."""
    passes_on = entry.kind == "forwarder" or (
        entry.kind == "gateway" and any(map(clues.by_key, our_signatures(clues, row)))
    )
    if passes_on:
        return Attribution(SourceKind.FORWARDER, entry.name, f"{what}; {entry.name} passes mail on")
    why = f"{what}; the policy does not declare {entry.name}"
    return Attribution(SourceKind.UNKNOWN, entry.name, why, declaring(entry))


def _by_list(row: Row, clues: Clues) -> Attribution | None:
    """Return the list that changed mail of ours: its signature holds, and ours does not."""
    ours = our_signatures(clues, row)
    signed = [
        each.domain
        for each in row.dkim
        if each.result is AuthResult.PASS and each.domain is not None and each not in ours
    ]
    senders: Sources = tuple(source for each in ours for source in clues.by_key(each))
    for name in (*signed, *spf_names(row)):
        if senders and _is_list(name):
            why = f"{name} sent it on, and a signature of yours no longer holds"
            return Attribution(SourceKind.MAILING_LIST, key_of(senders), why)
    return None


def _is_list(name: DomainName) -> bool:
    return name.split(".")[0] in _LIST_LABELS or any(
        is_at_or_below(name, DomainName(host)) for host in _LIST_HOSTS
    )


def _stranger(row: Row, clues: Clues) -> Stranger:
    ours = our_signatures(clues, row)
    if ours:
        which = ours[0].selector or "a key"
        return Stranger(f"it has a signature of yours ({which}) that does not hold", blank=False)
    names = proven_names(row)
    if names:
        return Stranger(f"it is mail of {names[0]}, which nobody here knows", blank=False)
    named = [*(each.domain for each in row.dkim), *(each.domain for each in row.spf)]
    if any(clues.senders(name) for name in named if not clues.is_ours(name)):
        return Stranger("it names a sender and does not prove it", blank=False)
    return Stranger("nothing in it aligns, and nothing tells whose it is", blank=True)


def _not_aligned(
    sources: Sources, why: str, row: Row, published: PublishedPolicy, clues: Clues
) -> Attribution:
    mends = [mended(source, row, published, clues) for source in sources[:_MENDS]]
    if len(sources) > 1:
        named = zip(sources, mends, strict=False)
        mends = [f"if it is {source.key}, {mend}" for source, mend in named]
    return Attribution(
        SourceKind.NOT_ALIGNED, key_of(sources), why + life_of(sources), "; ".join(mends)
    )
