"""What is publicly documented about large senders: where their SPF belongs, and where their DKIM delegations lead.

Facts only that the sender's own pages or its own setup template state. What a sender's console shows an account goes before them: the
rules that use this catalogue warn, and block nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from mailauth_dns.records.name import DomainName


class ReturnPath(Enum):
    """Whose domain is in MAIL FROM, which decides whether SPF can align."""

    OWN_DOMAIN = auto()
    SUBDOMAIN = auto()  # a subdomain of the customer's domain: aligned when relaxed, never when strict
    VENDOR = auto()  # the sender's own: never aligned


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender, known by the zone that its DKIM delegations lead to.

    `target` is a pattern for the delegation's target, with the places of {selector} and {domain}.
    """

    name: str
    dkim_zone: str
    target: str
    return_path: ReturnPath

    def fits(self, selector: str, domain: DomainName, target: str) -> bool:
        """Tell whether a delegated selector leads where this sender's do."""
        pattern = self.target.replace("{selector}", re.escape(selector)).replace("{domain}", re.escape(domain))
        return re.fullmatch(pattern, target) is not None


SENDERS = (
    Sender("Amazon SES", "dkim.amazonses.com", r"{selector}\.dkim\.amazonses\.com", ReturnPath.SUBDOMAIN),
    Sender("SendGrid", "sendgrid.net", r"{selector}\.domainkey\.u[0-9]+\.wl[0-9]*\.sendgrid\.net", ReturnPath.SUBDOMAIN),
    Sender("SMTP2GO", "dkim.smtp2go.net", r"dkim\.smtp2go\.net", ReturnPath.SUBDOMAIN),
    Sender("Mailchimp", "mcsv.net", r"dkim[0-9]*\.mcsv\.net", ReturnPath.VENDOR),
    Sender("Zendesk", "zendesk.com", r"{selector}\._domainkey\.zendesk\.com", ReturnPath.OWN_DOMAIN),
    Sender("Proton Mail", "domains.proton.ch", r"{selector}\.domainkey\.[a-z0-9]+\.domains\.proton\.ch", ReturnPath.OWN_DOMAIN),
    Sender("Fastmail", "dkim.fmhosted.com", r"{selector}\.{domain}\.dkim\.fmhosted\.com", ReturnPath.OWN_DOMAIN),
    Sender("iCloud+", "at.icloudmailadmin.com", r"{selector}\.dkim\.{domain}\.at\.icloudmailadmin\.com", ReturnPath.OWN_DOMAIN),
    Sender("ImprovMX", "improvmx.com", r"{selector}\.improvmx\.com", ReturnPath.OWN_DOMAIN),
)

# Includes that never make mail align, because the sender has its own domain in MAIL FROM.
VENDOR_RETURN_PATH: Mapping[str, str] = {"servers.mcsv.net": "Mailchimp"}

# Includes that belong to the subdomain in MAIL FROM, not to the domain in From.
RETURN_PATH_ONLY: Mapping[str, str] = {"amazonses.com": "Amazon SES", "sendgrid.net": "SendGrid"}

# Names that guides tell of and no sender ever published, with what its own template says.
NEVER_PUBLISHED: Mapping[str, str] = {"_spf.resend.com": "Resend's SPF is on the subdomain send, as include:amazonses.com"}


def sender_of(target: DomainName | str) -> Sender | None:
    """Return the sender that a DKIM delegation leads to, None where it is not in the catalogue.

    >>> sender_of("k2abc.dkim.amazonses.com").name
    'Amazon SES'
    """
    return next((sender for sender in SENDERS if target == sender.dkim_zone or target.endswith(f".{sender.dkim_zone}")), None)
