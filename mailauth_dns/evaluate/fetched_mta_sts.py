"""The MTA-STS policy that a domain serves, as senders fetch it (RFC 8461 §3.2, §3.3)."""

from __future__ import annotations

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.web_page import FetchResult, Page, Request
from mailauth_dns.records import mta_sts
from mailauth_dns.records.name import DomainName

LARGEST = 65536  # octets: senders may stop reading there (RFC 8461 §3.3)


def policy_request(domain: DomainName) -> Request:
    """Return where senders fetch the domain's policy; they follow no redirect (RFC 8461 §3.3)."""
    return Request(f"https://mta-sts.{domain}/.well-known/mta-sts.txt", redirects=0, limit=LARGEST)


def policy_text(outcome: FetchResult) -> str | None:
    """Return what senders read as a policy; None if they read nothing."""
    if isinstance(outcome, Page) and outcome.status == 200:
        return outcome.body.decode("latin-1")
    return None


def served_policy(outcome: FetchResult) -> mta_sts.Policy | str:
    """Return the policy that senders get, or why they get none."""
    if not isinstance(outcome, Page):
        return outcome.reason
    text = policy_text(outcome)
    if text is None:
        return (
            f"the server redirects to {outcome.location}"
            if outcome.location
            else f"the server answers {outcome.status}"
        )
    try:
        return mta_sts.parse_policy(text)
    except RecordSyntaxError as error:
        return f"line {mta_sts.line_of(error)} of what is served: {error.expected}"
