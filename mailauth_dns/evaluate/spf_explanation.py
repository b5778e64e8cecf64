"""The explanation that a domain gives for a failure of SPF (RFC 7208 §6.2)."""

from __future__ import annotations

from dataclasses import dataclass

from mailauth_dns.errors import ObservationError, RecordSyntaxError
from mailauth_dns.evaluate.macro_expansion import Envelope, expand, queryable, target_name
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf_hosts import validated_names
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import DomainSpec, explain_string

# Characters. With the reply codes they fit a line of 512 octets (RFC 5321 §4.5.3.1.5).
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Exp:
    """Where to fetch the explanation, and the domain whose record says so."""

    spec: DomainSpec
    domain: str


def explanation(exp: Exp, session: Envelope, resolver: Resolver) -> str | None:
    """Return the explanation of a failure (RFC 7208 §6.2); None where it cannot be used.

    The result of the evaluation does not depend on it.
    """

    def validated() -> tuple[DomainName, ...]:
        return validated_names(session.ip, resolver)[0]

    target = target_name(exp.spec, session, exp.domain, validated)
    name = queryable(target) if target is not None else None
    try:
        texts = resolver.lookup(name, "TXT") if name is not None else None
        if texts is None or len(texts) != 1:
            return None
        text = expand(explain_string(texts[0]), session, exp.domain, validated)
    except (ObservationError, RecordSyntaxError):
        return None
    # The sender that the client gave may hold anything; it must not break the line of a reply.
    return text[:_LONGEST] if text.isascii() and text.isprintable() else None
