"""The reasons of a verdict as sentences for people."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate import dkim_key
from mailauth_dns.evaluate.dkim_key import DkimCheck
from mailauth_dns.evaluate.dmarc import Applicable, Comparison, Discovery
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.spf_check import SpfCheck
from mailauth_dns.evaluate.verdict import Identifier, Mechanism
from mailauth_dns.records.dmarc import Alignment, Policy


def unprotected(discovery: Discovery) -> str:
    """Return why no DMARC policy applies to the author domain."""
    author = discovery.author_domain
    if discovery.policy_domain is not None:
        return (
            f"the DMARC record of {discovery.policy_domain} has no valid policy and no report "
            f"address, so no policy applies to {author}"
        )
    several = [step for step in discovery.walk.steps if step.records > 1]
    if several:
        return (
            f"no DMARC policy applies to {author}: {several[0].owner_name} has "
            f"{several[0].records} records, so receivers use none of them"
        )
    return (
        f"no DMARC policy applies to {author}: there is no record at "
        f"{', '.join(step.owner_name for step in discovery.walk.steps)}"
    )


def request(applicable: Applicable, requested: Policy) -> str:
    """Return what the owner of the author domain requests."""
    whose = {"p": "", "sp": " for subdomains", "np": " for subdomains that do not exist"}[
        str(applicable.tag)
    ]
    said = f"the record of {applicable.policy_domain} requests {applicable.policy}{whose}"
    return (
        said
        if requested is applicable.policy
        else f"{said}, but only as a test (t=y), so one level less applies: {requested}"
    )


def told(
    checked: SpfCheck, candidates: tuple[Identifier, ...], unseen: int, discovery: Discovery | None
) -> Iterator[str]:
    """Yield a sentence for each identifier, and for what is missing or was not checked."""
    if not any(candidate.mechanism is Mechanism.SPF for candidate in candidates):
        yield f"SPF says {checked.result}: {checked.reason}"
    for candidate in candidates:
        if candidate.result == "pass":
            yield (
                f"{candidate.mechanism} passes for "
                f"{candidate.shown}{_alignment(candidate.comparison, discovery)}"
            )
        else:
            reason = f": {candidate.reason}" if candidate.reason else ""
            yield f"{candidate.mechanism} says {candidate.result} for {candidate.shown}{reason}"
    if not any(candidate.mechanism is Mechanism.DKIM for candidate in candidates):
        yield "the message has no DKIM signature"
    if unseen:
        yield (
            f"{unseen} more DKIM signatures were not checked: receivers may verify only a few "
            "of them (RFC 6376 §6.1)"
        )


def unsigned(signatures: tuple[DkimCheck, ...]) -> Iterator[str]:
    """Yield a warning for each signature that does not cover the end of the body."""
    for each in signatures:
        if each.result is dkim_key.DkimResult.PASS and each.unsigned:
            yield (
                f"the signature of {each.d} (selector {each.s}) has a body length limit "
                f"(l=): the last {each.unsigned} octets of the body are not signed, so anybody "
                "can have added them (RFC 6376 §8.2)"
            )


def refused_early(candidates: tuple[Identifier, ...]) -> Iterator[str]:
    """Yield a warning where a receiver may refuse the message before it evaluates DMARC."""
    for candidate in candidates:
        if candidate.mechanism is Mechanism.SPF and candidate.result == "fail":
            yield (
                f"SPF says fail for {candidate.domain}: a receiver that refuses mail for it "
                "(-all) never sees the DKIM signature that would save the message "
                "(RFC 9989 §7.1)"
            )


def _alignment(comparison: Comparison | None, discovery: Discovery | None) -> str:
    if comparison is None or discovery is None:
        return ""
    author = discovery.author_domain
    if comparison.identifier == author:
        return ", which is the author domain"
    if isinstance(comparison.aligned, Unknown):
        return f"; whether that is aligned with {author} is unknown: {comparison.aligned.reason}"
    if comparison.mode is Alignment.STRICT:
        return f", which is not aligned: strict alignment accepts only {author}"
    ours = discovery.organizational_domain
    if comparison.walk is None:
        why = (
            "no domain is above both"
            if isinstance(ours, Unknown)
            else f"it is neither {ours} nor below it"
        )
        return f", which is not aligned with {author}: {why}"
    theirs = comparison.walk.organizational_domain
    if comparison.aligned:
        both = (
            "whatever is above decides for both"
            if isinstance(theirs, Unknown)
            else f"both belong to {theirs}"
        )
        return f", which is aligned with {author}: {both}"
    known = not isinstance(ours, Unknown) and ours != author
    return f", which is not aligned with {author}: it belongs to {theirs}" + (
        f", and {author} to {ours}" if known else ""
    )
