"""Whether a DMARC report address takes another domain's reports (RFC 9990)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from mailauth_dns.errors import ObservationError, RecordSyntaxError
from mailauth_dns.evaluate.dmarc_walk import same_organization, walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.dmarc import Uri
from mailauth_dns.records.dmarc_received import receive
from mailauth_dns.records.name import MAX_NAME, DomainName, domain_name


@dataclass(frozen=True, slots=True)
class Destination:
    """One report address, judged.

    `accepted` comes with the `addresses` that get reports, or with the `reason` why none does.
    `authorisation` is the name whose record must accept the reports. It is None where the address
    belongs to the same organization, or names no host.
    """

    uri: Uri
    accepted: bool | Unknown
    authorisation: DomainName | None = None
    addresses: tuple[Uri, ...] = ()
    reason: str | None = None


def destination(policy_domain: DomainName, uri: Uri, resolver: Resolver) -> Destination:
    """Return what receivers do with a `rua` or `ruf` address in the record of `policy_domain`."""
    host = destination_host(uri)
    if host is None:
        return Destination(uri, accepted=False, reason=f"{uri.text} names no host")
    internal, _ = same_organization(walk(policy_domain, resolver), host, resolver)
    if isinstance(internal, Unknown):
        return Destination(uri, internal)
    if internal:
        return Destination(uri, accepted=True, addresses=(uri,))
    name = dmarc_consent.report_name(policy_domain, host)
    if len(name) > MAX_NAME:
        return Destination(
            uri,
            accepted=False,
            authorisation=name,
            reason=f"{name} is too long for DNS, so {host} cannot accept the reports",
        )
    try:
        values = resolver.lookup(name, "TXT") or ()
    except ObservationError as error:
        return Destination(uri, Unknown(str(error)), name)
    return _judged(uri, host, name, values)


def _judged(uri: Uri, host: DomainName, name: DomainName, values: tuple[str, ...]) -> Destination:
    # Disputed: the version alone makes a record, as for a policy record, whatever follows it.
    records = [received.record for value in values if (received := receive(value)) is not None]
    if not records:
        return Destination(
            uri,
            accepted=False,
            authorisation=name,
            reason=f"{name} has no TXT record with v=DMARC1",
        )
    overriding = tuple(address for record in records for address in record.rua or ())
    away = next((address for address in overriding if destination_host(address) != host), None)
    if away is not None:  # or reports could be sent on and on
        reason = (
            f"{name} sends the reports on to {away.text}, which is not at {host}; receivers then "
            "send none at all"
        )
        return Destination(uri, accepted=False, authorisation=name, reason=reason)
    return Destination(uri, accepted=True, authorisation=name, addresses=overriding or (uri,))


def destination_host(uri: Uri) -> DomainName | None:
    """Return the host that receivers send reports to; None where it is no domain name.

    `records.dmarc_consent.report_host` stays apart: it is the host at which a policy publishes a
    consent. It reads only mailto:, decodes escapes and refuses wildcards. Receivers also take
    https:, and take escapes as they stand.

    >>> destination_host(Uri("mailto:dmarc@Example.com?subject=reports"))
    'example.com'
    """
    try:
        parts = urlsplit(uri.text)
        host = parts.path.partition("@")[2] if parts.scheme == "mailto" else parts.hostname
        return domain_name(host or "")
    except (ValueError, RecordSyntaxError):  # urlsplit: brackets that hold no address
        return None
