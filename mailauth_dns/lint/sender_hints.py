"""Public facts about large senders: where their SPF belongs, where their DKIM delegations lead.

Each fact stands on the sender's own pages or in its own setup template. What a sender's console
shows an account counts more: the rules that use this catalogue warn, and block nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from mailauth_dns.records.name import DomainName, upwards


class ReturnPath(Enum):
    """Whose domain is in MAIL FROM, which decides whether SPF can align."""

    OWN_DOMAIN = auto()
    # A subdomain of the customer's domain: aligned when relaxed, never when strict.
    SUBDOMAIN = auto()
    # The sender's own: never aligned.
    VENDOR = auto()


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender, known by the zone that its DKIM delegations lead to.

    `target` is a pattern for the delegation's target, with places for {selector}, {domain} and
    {dashes}, which is the domain with - for each dot.
    """

    name: str
    dkim_zone: str
    target: str
    return_path: ReturnPath

    def fits(self, selector: str, domain: DomainName, target: str) -> bool:
        """Tell whether a delegated selector leads where this sender's do."""
        pattern = self.target
        for place, text in (
            ("selector", selector),
            ("domain", domain),
            ("dashes", domain.replace(".", "-")),
        ):
            pattern = pattern.replace(f"{{{place}}}", re.escape(text))
        return re.fullmatch(pattern, target) is not None


@dataclass(frozen=True, slots=True)
class SpfInclude:
    """An include that never lets mail align at the domain in From, at this name or below it."""

    sender: str
    name: str
    return_path: ReturnPath


# The source of each row: A the sender's own pages, B a set-up template that the sender submitted,
# or a list that cites its pages. Where a setting decides whose domain is in MAIL FROM, the row has
# the best one for the customer, so that no rule warns too much.
SENDERS = (
    Sender(  # A
        "Amazon SES",
        "dkim.amazonses.com",
        r"{selector}\.dkim\.amazonses\.com",
        ReturnPath.SUBDOMAIN,
    ),
    Sender(  # A
        "Microsoft 365",
        "onmicrosoft.com",
        r"{selector}-{dashes}\._domainkey\.[a-z0-9]+\.onmicrosoft\.com",
        ReturnPath.OWN_DOMAIN,
    ),
    Sender(  # A
        "Microsoft 365",
        "dkim.mail.microsoft",
        r"{selector}-.+\.[a-z]-v1\.dkim\.mail\.microsoft",
        ReturnPath.OWN_DOMAIN,
    ),
    Sender(  # A
        "Proton Mail",
        "domains.proton.ch",
        r"{selector}\.domainkey\.[a-z0-9]+\.domains\.proton\.ch",
        ReturnPath.OWN_DOMAIN,
    ),
    Sender(  # A
        "Salesforce",
        "custdkim.salesforce.com",
        r"{selector}\.[a-z0-9]{6}\.custdkim\.salesforce\.com",
        ReturnPath.OWN_DOMAIN,
    ),
    Sender(  # A
        "Zendesk", "zendesk.com", r"{selector}\._domainkey\.zendesk\.com", ReturnPath.OWN_DOMAIN
    ),
    Sender(  # A
        "Klaviyo",
        "klaviyodns.com",
        r"[a-z0-9]+\.domainkey\.[a-z0-9-]+\.klaviyodns\.com",
        ReturnPath.SUBDOMAIN,
    ),
    Sender(  # B
        "Fastmail",
        "dkim.fmhosted.com",
        r"{selector}\.{domain}\.dkim\.fmhosted\.com",
        ReturnPath.OWN_DOMAIN,
    ),
    Sender(  # B
        "HubSpot",
        "dkim.hubspotemail.net",
        r"{dashes}\.hs[0-9]+[a-z]?\.dkim\.hubspotemail\.net",
        ReturnPath.SUBDOMAIN,
    ),
    Sender(  # B
        "iCloud+",
        "at.icloudmailadmin.com",
        r"{selector}\.dkim\.{domain}\.at\.icloudmailadmin\.com",
        ReturnPath.OWN_DOMAIN,
    ),
    Sender("ImprovMX", "improvmx.com", r"{selector}\.improvmx\.com", ReturnPath.OWN_DOMAIN),  # B
    Sender("Mailchimp", "mcsv.net", r"dkim[0-9]*\.mcsv\.net", ReturnPath.VENDOR),  # B
    Sender(  # B
        "SendGrid",
        "sendgrid.net",
        r"{selector}\.domainkey\.u[0-9]+\.wl[0-9]*\.sendgrid\.net",
        ReturnPath.SUBDOMAIN,
    ),
    Sender("SMTP2GO", "dkim.smtp2go.net", r"dkim\.smtp2go\.net", ReturnPath.SUBDOMAIN),  # B
    Sender("Brevo", "dkim.brevo.com", r".+\.dkim\.brevo\.com", ReturnPath.SUBDOMAIN),  # B
)
INCLUDES = (
    SpfInclude("Mailchimp", "servers.mcsv.net", ReturnPath.VENDOR),  # B
    SpfInclude("Amazon SES", "amazonses.com", ReturnPath.SUBDOMAIN),  # A
    SpfInclude("HubSpot", "hubspotemail.net", ReturnPath.SUBDOMAIN),  # B: with an own address
    SpfInclude("SendGrid", "sendgrid.net", ReturnPath.SUBDOMAIN),  # B
)

# Names that guides name and no sender ever published, with what its own template says.
NEVER_PUBLISHED: Mapping[str, str] = {
    "_spf.resend.com": "Resend's SPF is on the subdomain send, as include:amazonses.com"
}  # B

# Single exchangers that stand for many hosts (A and B): Microsoft 365 gives each domain one name,
# Google may.
_MANY_HOSTS = ("smtp.google.com", "mail.protection.outlook.com", "mx.microsoft")


_SENDER_BY_ZONE = {sender.dkim_zone: sender for sender in SENDERS}
_INCLUDE_BY_NAME = {include.name: include for include in INCLUDES}


@lru_cache(maxsize=1024)  # the policies of a fleet name the same senders
def sender_of(target: DomainName | str) -> Sender | None:
    """Return the sender that a DKIM delegation leads to, None where it is not in the catalogue.

    >>> sender_of("k2abc.dkim.amazonses.com").name
    'Amazon SES'
    """
    return next(
        (_SENDER_BY_ZONE[zone] for zone in upwards(DomainName(target)) if zone in _SENDER_BY_ZONE),
        None,
    )


@lru_cache(maxsize=1024)  # as `sender_of`
def include_of(name: str) -> SpfInclude | None:
    """Return what the catalogue knows of an include, None where it is not there.

    >>> include_of("u42.wl.sendgrid.net").sender
    'SendGrid'
    """
    return next(
        (_INCLUDE_BY_NAME[zone] for zone in upwards(DomainName(name)) if zone in _INCLUDE_BY_NAME),
        None,
    )


def is_many_hosts(exchanger: DomainName) -> bool:
    """Tell whether a sender's documented exchanger stands for many hosts."""
    return any(zone in _MANY_HOSTS for zone in upwards(exchanger))
