"""A message as a receiver judges it: SPF, DKIM and DMARC together (RFC 9989 §5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate import dkim_key
from mailauth_dns.evaluate.dkim_key import DkimResult
from mailauth_dns.evaluate.dmarc import Applicable, Comparison, Discovery, compare, discover
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf import Result, SpfResult, check_host
from mailauth_dns.records.dmarc import Alignment, Policy
from mailauth_dns.records.name import DomainName, domain_name


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver sees of a message.

    `header_from` are the addresses in the From header, `mail_from` the one of the envelope, empty for the null path; `ip` is the client's.
    `helo` is empty where nobody told it. Of `unseen` more signatures nobody has found out anything.
    """

    header_from: tuple[str, ...]
    mail_from: str
    helo: str
    ip: str
    dkim: tuple[DkimResult, ...] = ()
    unseen: int = 0
    from_fields: int = 1


class DmarcResult(StrEnum):
    """What DMARC says: none where no policy applies, permerror where there is no single author domain, so that it cannot pass."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the result, no password
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Mechanism(StrEnum):
    """What authenticates a domain."""

    SPF = "SPF"
    DKIM = "DKIM"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A domain that a message is authenticated for, or would be: the SPF domain, or the d= of a signature.

    `comparison` is None where it was not compared with the author domain: it is not authenticated, or no policy applies.
    """

    mechanism: Mechanism
    domain: DomainName
    result: str
    shown: str  # the domain, and where it comes from
    reason: str | None
    comparison: Comparison | None = None

    @property
    def passes(self) -> bool | Unknown:
        """Tell whether this identifier alone makes DMARC pass."""
        if self.comparison is None:
            return False
        if self.comparison.aligned is True and self.result == "temperror":
            return Unknown(self.reason or "DNS gave no answer")
        return self.comparison.aligned


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receiver finds, and what the owner of the author domain requests for the message.

    `disposition` is a request and no prediction: receivers must not reject for it alone (RFC 9989 §7.4). It is None where nobody can be
    said to request anything: DMARC is temperror or permerror. `why` is for people, one sentence for each identifier and one for DMARC;
    `warnings` are about mail that passes and is in danger all the same, or dangerous.
    """

    spf: SpfResult
    dkim: dkim_key.Result
    dmarc: DmarcResult
    disposition: Policy | None
    identifiers: tuple[Identifier, ...]
    discovery: Discovery | None
    why: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def aligned(self) -> tuple[Identifier, ...]:
        """The identifiers that DMARC passes by."""
        return tuple(identifier for identifier in self.identifiers if identifier.passes is True)


def judge(message: Message, resolver: Resolver) -> Verdict:
    """Return the verdict of a receiver who asks `resolver`; what cannot be told makes a temperror."""
    checked, candidates = _authenticated(message, resolver)
    author = _author_domain(message)
    signed = dkim_key.overall(message.dkim)
    if message.unseen and signed is not dkim_key.Result.PASS:
        signed = dkim_key.Result.TEMPERROR
    if isinstance(author, Unknown):
        why = (*_told(checked, candidates, message.unseen, None), author.reason)
        return Verdict(checked, signed, DmarcResult.PERMERROR, None, candidates, None, why, ())
    discovery = discover(author, resolver)
    if isinstance(discovery.applicable, Applicable):
        candidates = tuple(
            _compared(candidate, discovery.applicable, discovery, resolver)
            for candidate in candidates
        )
    result, disposition, said = _result(candidates, tuple(_untold(message)), discovery)
    warnings = (
        *(_refused_early(candidates) if result is DmarcResult.PASS else ()),
        *_unsigned(message.dkim),
    )
    why = (*_told(checked, candidates, message.unseen, discovery), said)
    return Verdict(checked, signed, result, disposition, candidates, discovery, why, warnings)


_NOTHING_FOR_SPF = (
    "the envelope has no sender and no HELO name is given, so there is nothing to check"
)
_REFUSED = "so DMARC cannot pass, and receivers refuse such mail"


def _author_domain(message: Message) -> DomainName | Unknown:
    # RFC 9989 §5.3.1 leaves such mail out; receivers refuse it, because it can show one domain and be judged by another (§11.5).
    if message.from_fields != 1:
        fields = f"{message.from_fields} From fields" if message.from_fields else "no From field"
        return Unknown(f"the message has {fields} where one is needed (RFC 5322 §3.6), {_REFUSED}")
    domains: set[DomainName] = set()
    for address in message.header_from:
        try:
            domains.add(domain_name(address.rpartition("@")[2]))
        except RecordSyntaxError:
            return Unknown(f"{address!a} in the From header has no domain name, {_REFUSED}")
    if len(domains) != 1:
        named = (
            f"names {' and '.join(sorted(domains))}"
            if domains
            else "holds no address that can be read"
        )
        return Unknown(f"the From header {named}, {_REFUSED}")
    return domains.pop()


def _authenticated(
    message: Message, resolver: Resolver
) -> tuple[SpfResult, tuple[Identifier, ...]]:
    # RFC 7208 §2.4: the null path is postmaster at the HELO name, which counts for DMARC then, and only then (RFC 9989 §3.2.4).
    domain = message.mail_from.rpartition("@")[2] if message.mail_from else message.helo
    if not domain:
        return SpfResult(Result.NONE, _NOTHING_FOR_SPF), tuple(_signed(message.dkim))
    checked = check_host(message.ip, domain, message.mail_from, message.helo, resolver)
    found: list[Identifier] = []
    try:
        name = domain_name(domain)
    except RecordSyntaxError:
        pass  # nothing that could be aligned; `checked` says what it is
    else:
        shown = (
            f"{name} (MAIL FROM)" if message.mail_from else f"{name} (HELO, for the null sender)"
        )
        found.append(Identifier(Mechanism.SPF, name, checked.result, shown, checked.reason))
    return checked, (*found, *_signed(message.dkim))


def _signed(signatures: tuple[DkimResult, ...]) -> Iterator[Identifier]:
    for signature in signatures:
        shown = f"{signature.d} (selector {signature.s})"
        yield Identifier(Mechanism.DKIM, signature.d, signature.result, shown, signature.reason)


def _compared(
    candidate: Identifier, applicable: Applicable, discovery: Discovery, resolver: Resolver
) -> Identifier:
    if candidate.result not in ("pass", "temperror"):
        return candidate
    record = applicable.record
    mode = record.effective_aspf if candidate.mechanism is Mechanism.SPF else record.effective_adkim
    comparison = compare(candidate.domain, mode, discovery, resolver)
    return Identifier(
        candidate.mechanism,
        candidate.domain,
        candidate.result,
        candidate.shown,
        candidate.reason,
        comparison,
    )


def _untold(message: Message) -> Iterator[Unknown]:
    """Yield what nobody looked at, each of which may make DMARC pass."""
    if message.unseen:
        yield Unknown("one of the signatures that were not looked at may pass")
    if not message.mail_from and not message.helo:
        yield Unknown("SPF may pass for the HELO name, which is not given: --helo NAME")


def _result(
    candidates: tuple[Identifier, ...], untold: tuple[Unknown, ...], discovery: Discovery
) -> tuple[DmarcResult, Policy | None, str]:
    """Return the result, what is requested, and the sentence about it."""
    author, applicable = discovery.author_domain, discovery.applicable
    if isinstance(applicable, Unknown):
        return (
            DmarcResult.TEMPERROR,
            None,
            f"the DMARC policy for {author} is unknown: {applicable.reason}",
        )
    if applicable is None:
        return DmarcResult.NONE, Policy.NONE, _unprotected(discovery)
    passing = [candidate for candidate in candidates if candidate.passes is True]
    if passing:
        by = " and ".join(dict.fromkeys(candidate.mechanism for candidate in passing))
        return DmarcResult.PASS, Policy.NONE, f"DMARC passes for {author} by {by}"
    unknown = [
        *(candidate.passes for candidate in candidates if isinstance(candidate.passes, Unknown)),
        *untold,
    ]
    requested = applicable.requested
    if unknown or isinstance(requested, Unknown):
        # RFC 9989 §5.3.6: neither pass nor fail, so that no policy applies.
        reason = (
            unknown[0].reason
            if unknown
            else requested.reason
            if isinstance(requested, Unknown)
            else ""
        )
        return (
            DmarcResult.TEMPERROR,
            None,
            f"whether DMARC passes for {author}, and what is requested, is unknown: {reason}",
        )
    return (
        DmarcResult.FAIL,
        requested,
        f"DMARC fails for {author}: {_request(applicable, requested)}",
    )


def _unprotected(discovery: Discovery) -> str:
    author = discovery.author_domain
    if discovery.policy_domain is not None:
        return f"the DMARC record of {discovery.policy_domain} has no valid policy and asks for no reports, so none applies to {author}"
    several = [step for step in discovery.walk.steps if step.records > 1]
    if several:
        return f"no DMARC policy applies to {author}: {several[0].owner_name} has {several[0].records} records, so that none counts"
    return f"no DMARC policy applies to {author}: there is no record at {', '.join(step.owner_name for step in discovery.walk.steps)}"


def _request(applicable: Applicable, requested: Policy) -> str:
    whose = {"p": "", "sp": " for subdomains", "np": " for subdomains that do not exist"}[
        str(applicable.tag)
    ]
    said = f"the record of {applicable.policy_domain} requests {applicable.policy}{whose}"
    return (
        said
        if requested is applicable.policy
        else f"{said}, and one level less while it is only tried (t=y): {requested}"
    )


def _told(
    checked: SpfResult, candidates: tuple[Identifier, ...], unseen: int, discovery: Discovery | None
) -> Iterator[str]:
    if not any(candidate.mechanism is Mechanism.SPF for candidate in candidates):
        yield f"SPF says {checked.result}: {checked.reason}"
    for candidate in candidates:
        if candidate.result == "pass":
            yield f"{candidate.mechanism} passes for {candidate.shown}{_alignment(candidate.comparison, discovery)}"
        else:
            reason = f": {candidate.reason}" if candidate.reason else ""
            yield f"{candidate.mechanism} says {candidate.result} for {candidate.shown}{reason}"
    if not any(candidate.mechanism is Mechanism.DKIM for candidate in candidates):
        yield "the message has no DKIM signature"
    if unseen:
        yield f"{unseen} more DKIM signatures were not looked at: receivers verify a few of them, and need not verify all (RFC 6376 §6.1)"


def _unsigned(signatures: tuple[DkimResult, ...]) -> Iterator[str]:
    for each in signatures:
        if each.result is dkim_key.Result.PASS and each.unsigned:
            yield (
                f"the signature of {each.d} (selector {each.s}) has a body length limit (l=): the last {each.unsigned} octets of the body "
                "are not signed, and anybody can have written them (RFC 6376 §8.2)"
            )


def _refused_early(candidates: tuple[Identifier, ...]) -> Iterator[str]:
    for candidate in candidates:
        if candidate.mechanism is Mechanism.SPF and candidate.result == "fail":
            yield (
                f"SPF says fail for {candidate.domain}: a receiver that refuses mail for it (-all) does so before it sees the DKIM "
                "signature that would save the message (RFC 9989 §7.1)"
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
        return f", which is not aligned: strict alignment takes {author} alone"
    ours = discovery.organizational_domain
    if comparison.walk is None:
        why = (
            "no domain is above both"
            if isinstance(ours, Unknown)
            else f"it does not lie at or below {ours}"
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
