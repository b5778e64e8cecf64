"""What to do where a declared sender's mail does not align; each sentence is safe to follow.

Nothing here lets more hosts pass than the policy means to: what a sender needs for DKIM comes
first, and no address is to be listed before you know whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.clues import Clues, our_passing, our_signatures, spf_names
from mailauth_dns.evidence.sources.declared_sources import DeclaredSource
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.reports.aggregate import AuthResult, DkimResult, PublishedPolicy
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.templates import places
from mailauth_dns.senders.use import Use


def mended(source: DeclaredSource, row: Row, published: PublishedPolicy, clues: Clues) -> str:
    """Return what makes a sender's mail align: the first thing that holds."""
    if source.life.retired is not None:
        return f"{source.name} should send no more: find out who still uses it"
    return (
        _strict(row, published, clues)
        or _of_signatures(source, our_signatures(clues, row), clues)
        or _of_policy(source)
        or _of_sender(source)
    )


def declaring(entry: Entry) -> str:
    """Return what to do about a sender of the catalogue that the policy does not have."""
    return f"find out who uses {entry.name}, and declare it in the policy if it is meant"


def _strict(row: Row, published: PublishedPolicy, clues: Clues) -> str | None:
    """Return what to do where a name of the domain's owner passes, and another one is asked for."""
    author = row.author or clues.declared.domain
    signed = [each.domain for each in our_passing(clues, row) if each.domain != author]
    if published.adkim is Alignment.STRICT and signed:
        return (
            f"it signs for {signed[0]}, and adkim: s asks for {author} itself: have it sign for "
            f"{author}, or take adkim out of the policy"
        )
    passing = [name for name in spf_names(row) if clues.is_ours(name) and name != author]
    if published.aspf is Alignment.STRICT and passing:
        return (
            f"its return path is {passing[0]}, and aspf: s asks for {author} itself: have it sign "
            "with DKIM, or take aspf out of the policy"
        )
    return None


def _of_signatures(
    source: DeclaredSource, signatures: Iterable[DkimResult], clues: Clues
) -> str | None:
    """Return what is wrong with a signature of ours that is there and does not hold."""
    broken = [each for each in signatures if each.result is not AuthResult.PASS and each.selector]
    for each in broken:
        selector = str(each.selector).lower()
        state = next((holder.selectors[selector] for holder in clues.by_key(each)), None)
        if state in (KeyState.ACTIVE, KeyState.RETIRING):
            return _does_not_hold(source, selector)
        if state is not None:
            return (
                f"it signs with selector {selector}, which is {state} in the policy: have it sign "
                "with a key that is active"
            )
    for each in broken:
        whose = "yours" if source.own else f"of {source.name}"
        return (
            f"it signs with selector {each.selector} of {each.domain}, which the policy does not "
            f"have: find out whose key that is, and declare it if it is {whose}"
        )
    return None


def _does_not_hold(source: DeclaredSource, selector: str) -> str:
    compare = f"dkim check {source.domain}" if source.own else f"senders status {source.domain}"
    return (
        f"its signature with selector {selector} does not hold: `{compare}` says whether DNS has "
        "the key; if it has, something changes the mail behind the signer"
    )


def _of_policy(source: DeclaredSource) -> str | None:
    """Return what the policy does not give, or has taken back."""
    use, usable = source.use, (KeyState.ACTIVE, KeyState.RETIRING)
    if any(state in usable for state in source.selectors.values()):
        return None
    for selector, state in source.selectors.items():
        return (
            f"its selector {selector} is {state} in the policy: give it a key that is active, and "
            f"have {source.name} sign with it"
        )
    if use is None or use.entry is None:
        return None
    listed = use.entry.dkim.selectors if use.entry.dkim is not None else ()
    given = [each.selector for each in listed], [each.cname or each.p or "" for each in listed]
    if answer := _asked(use, (*given[0], *given[1])):
        return f"the policy has no DKIM key for it: give {answer}"
    at = use.entry.return_path.at if use.entry.return_path is not None else None
    if at is not None and use.path is None and (answer := _asked(use, (at,))):
        return f"it needs a return path of your own: give {answer}"
    return None


def _asked(use: Use, templates: Iterable[str]) -> str | None:
    """Return what a policy can answer so that these templates are filled, and where it is found."""
    asks = use.entry.asks if use.entry is not None else {}
    wanted = frozenset[str]().union(*map(places, templates))
    found = [(key, ask.find.strip()) for key, ask in asks.items() if key in wanted and ask.optional]
    return " ".join(f"`senders.{use.key}.{key}`. {find}" for key, find in found) or None


def _of_sender(source: DeclaredSource) -> str:
    """Return what to switch on at the sender."""
    domain, name = source.domain, source.name
    if source.own:
        return f"have the server sign with DKIM for {domain}, or send with {domain} in MAIL FROM"
    entry = source.use.entry if source.use is not None else None
    path = entry.return_path if entry is not None else None
    why = ", since its return path never aligns" if path and path.aligns.relaxed == "no" else ""
    if source.selectors:
        return (
            f"switch on DKIM for {domain} at {name}{why}: the policy has its keys, and this mail "
            "is not signed with them"
        )
    records = source.use.path if source.use is not None else None
    if records is not None:
        return f"have {name} send with {records.name} as its return path"
    return f"have {name} sign with DKIM for {domain}{why}"
