"""Rules about TLSA records of mail exchangers (RFC 7672)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.live_rules import Asked, asked
from mailauth_dns.lint.rule import Problem, Severity, Undecided
from mailauth_dns.lint.rules.mx import exchangers
from mailauth_dns.records.name import MAX_NAME, ROOT, DomainName, ancestors


@asked("TLSA001", "tlsa-no-dnssec", Severity.WARNING, "RFC 7672 §2.2", things=exchangers)
def tlsa_no_dnssec(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Senders use a TLSA record only if DNSSEC proves it: in an unsigned zone it protects nothing.

    Bad:
        _25._tcp.mx.example.com. TLSA 3 1 1 ..., and example.com has no DNSKEY
    Good:
        the same in a zone that is signed
    """
    resolver = found.resolver
    name = DomainName(f"_25._tcp.{found.thing}")
    # Behind an alias both zones count; their owners look after that.
    if len(name) > MAX_NAME or resolver.lookup(name, "CNAME") or not resolver.lookup(name, "TLSA"):
        return
    zone = next((upper for upper in ancestors(name, ROOT) if resolver.lookup(upper, "NS")), None)
    if zone is not None and not resolver.lookup(zone, "DNSKEY"):
        yield Problem(
            found.route,
            f"{name} has a TLSA record, and the zone {zone} is not signed: senders ignore the "
            "record",
            f"delete the record; or see that it fits the certificate, and sign {zone}",
        )
