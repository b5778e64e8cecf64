"""What to do where a declared sender's mail does not align; each sentence is safe to follow."""

from __future__ import annotations

from mailauth_dns.evidence.clues import Clues, our_passing, our_signatures, spf_names
from mailauth_dns.evidence.declared_sources import DeclaredSource
from mailauth_dns.evidence.evidence import Row
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.reports.aggregate import AuthResult, PublishedPolicy


def mended(source: DeclaredSource, row: Row, published: PublishedPolicy, clues: Clues) -> str:
    """Return what makes a sender's mail align, one thing at a time: the first that holds."""
    if source.life.retired is not None:
        return f"{source.name} should send no more: find out who still uses it"
    return (
        _strict(row, published, clues)
        or _of_signature(source, row, clues)
        or _of_policy(source)
        or _of_sender(source)
    )


def _strict(row: Row, published: PublishedPolicy, clues: Clues) -> str | None:
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


def _of_signature(source: DeclaredSource, row: Row, clues: Clues) -> str | None:
    """Return what is wrong with a signature of ours that is there and does not hold."""
    for each in our_signatures(clues, row):
        if each.result is AuthResult.PASS:
            continue
        state = source.selectors.get((each.selector or "").lower())
        if state is None:
            return (
                f"it signs with selector {each.selector or '(not said)'} of {each.domain}, which "
                f"the policy does not declare for it: publish that key under dkim.selectors"
            )
        if state in (KeyState.ABSENT, KeyState.REVOKED, KeyState.PENDING):
            return (
                f"it signs with selector {each.selector}, which is {state} in the policy: have it "
                "sign with a key that is active"
            )
        return (
            f"its signature with {each.selector} does not hold: `mailauth-dns dkim check` compares "
            "the keys; if they are the same, something changes mail behind the signer"
        )
    return None


def _of_policy(source: DeclaredSource) -> str | None:
    """Return what the policy leaves out, or has taken back."""
    use = source.use
    if use is not None and use.notes and not any(map(_is_useful, source.selectors.values())):
        return use.notes[-1]
    ended = [name for name, state in source.selectors.items() if not _is_useful(state)]
    if ended and len(ended) == len(source.selectors):
        state = source.selectors[ended[0]]
        return f"selector {ended[0]} is {state} in the policy: give it a key that is active"
    return None


def _is_useful(state: KeyState) -> bool:
    return state in (KeyState.ACTIVE, KeyState.RETIRING)


def _of_sender(source: DeclaredSource) -> str:
    if source.own:
        return (
            f"have the server sign with DKIM for {source.domain}, or send with {source.domain} in "
            "MAIL FROM"
        )
    if source.selectors:
        return (
            f"switch on DKIM for {source.domain} at {source.name}: the policy has its keys, and "
            "this mail is not signed with them"
        )
    return f"have {source.name} sign with DKIM for {source.domain}"
