"""A message as a receiver judges it: SPF, DKIM and DMARC together (RFC 9989 §5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate import dkim_key, verdict_reasons
from mailauth_dns.evaluate.dkim_key import DkimResult
from mailauth_dns.evaluate.dmarc import Applicable, Discovery, compare, discover
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf import Result, SpfResult, check_host
from mailauth_dns.evaluate.verdict import DmarcResult, Identifier, Mechanism, Verdict
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.records.name import DomainName, domain_name


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver sees of a message.

    `header_from` are the addresses in the From header, `mail_from` the one of the envelope, empty
    for the null path; `ip` is the client's. `helo` is empty where nobody told it. `unseen` is how
    many further signatures were not verified.
    """

    header_from: tuple[str, ...]
    mail_from: str
    helo: str
    ip: str
    dkim: tuple[DkimResult, ...] = ()
    unseen: int = 0
    from_fields: int = 1


def judge(message: Message, resolver: Resolver) -> Verdict:
    """Return the verdict of a receiver who asks `resolver`; what is unknown is a temperror."""
    checked, candidates = _authenticated(message, resolver)
    author = _author_domain(message)
    signed = dkim_key.overall(message.dkim)
    if message.unseen and signed is not dkim_key.Result.PASS:
        signed = dkim_key.Result.TEMPERROR
    if isinstance(author, Unknown):
        why = (*verdict_reasons.told(checked, candidates, message.unseen, None), author.reason)
        return Verdict(checked, signed, DmarcResult.PERMERROR, None, candidates, None, why, ())
    discovery = discover(author, resolver)
    if isinstance(discovery.applicable, Applicable):
        candidates = tuple(
            _compared(candidate, discovery.applicable, discovery, resolver)
            for candidate in candidates
        )
    result, disposition, said = _result(candidates, tuple(_untold(message)), discovery)
    warnings = (
        *(verdict_reasons.refused_early(candidates) if result is DmarcResult.PASS else ()),
        *verdict_reasons.unsigned(message.dkim),
    )
    why = (*verdict_reasons.told(checked, candidates, message.unseen, discovery), said)
    return Verdict(checked, signed, result, disposition, candidates, discovery, why, warnings)


_NOTHING_FOR_SPF = (
    "the envelope has no sender and no HELO name is given, so there is nothing to check"
)
_REFUSED = "so DMARC cannot pass, and receivers refuse such mail"


def _author_domain(message: Message) -> DomainName | Unknown:
    # RFC 9989 §5.3.1 leaves such mail out; receivers refuse it, because it can show one domain and
    # be judged by another (§11.5).
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
    # RFC 7208 §2.4: the null path is postmaster at the HELO name, which counts for DMARC then, and
    # only then (RFC 9989 §3.2.4).
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
        return DmarcResult.NONE, Policy.NONE, verdict_reasons.unprotected(discovery)
    passing = [candidate for candidate in candidates if candidate.passes is True]
    if passing:
        by = " and ".join(dict.fromkeys(candidate.mechanism for candidate in passing))
        return DmarcResult.PASS, Policy.NONE, f"DMARC passes for {author} by {by}"
    unknown = [
        *(candidate.passes for candidate in candidates if isinstance(candidate.passes, Unknown)),
        *untold,
    ]
    requested = applicable.requested
    if isinstance(requested, Unknown):
        unknown.append(requested)
    if unknown or isinstance(requested, Unknown):
        # RFC 9989 §5.3.6: neither pass nor fail, so that no policy applies.
        said = f"whether DMARC passes for {author}, and what is requested, is unknown"
        return DmarcResult.TEMPERROR, None, f"{said}: {unknown[0].reason}"
    return (
        DmarcResult.FAIL,
        requested,
        f"DMARC fails for {author}: {verdict_reasons.request(applicable, requested)}",
    )
