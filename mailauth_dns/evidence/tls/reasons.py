"""Why TLS sessions fail, and what mends it (RFC 8460 §4.3)."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.evidence.tls.sessions import NOT_SAID

MENDED: Mapping[str, str] = {
    "starttls-not-supported": "the exchanger offers no STARTTLS: switch it on, on port 25",
    "certificate-host-mismatch": (
        "the certificate is for other names: it has to name the host of the MX record"
    ),
    "certificate-expired": "the certificate has expired: renew it, and reload the mail server",
    "certificate-not-trusted": (
        "senders do not trust who issued the certificate, or intermediate certificates are missing"
    ),
    "validation-failure": "the certificate or the policy is not as it should be: run lint --live",
    "sts-policy-fetch-error": (
        "senders cannot fetch the policy: look at the web host of mta-sts, and at its log"
    ),
    "sts-policy-invalid": "the policy that is served breaks the grammar: serve zones/mta-sts",
    "sts-webpki-invalid": "the certificate of the web host of mta-sts is not valid: renew it",
    "tlsa-invalid": "the TLSA record fits no certificate of the exchanger",
    "dnssec-invalid": "the zone of the exchanger breaks DNSSEC",
    "dane-required": "the sender insists on DANE, and finds no TLSA record",
    NOT_SAID: "the reporter counts them, and does not say why",
}


def mended(reason: str) -> str:
    """Return what a reason means and what to do; words that no RFC knows are the reporter's own."""
    return MENDED.get(reason, "a word that RFC 8460 does not have: ask the reporter")
