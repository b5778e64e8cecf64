"""Which of a policy's tests are of mail that a declared sender has sent."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from mailauth_dns.policy.mail_tests import MailTest
from mailauth_dns.policy.repo import Policy
from mailauth_dns.senders.use import Use


def is_of(use: Use, policy: Policy, test: MailTest) -> bool:
    """Tell whether a test is of a sender's mail: by its key, its return path or its hosts."""
    selectors = {*use.signs_with, *(each.selector for each in use.selectors)}
    signed = any(
        each.s in selectors and (each.d or policy.domain) == policy.domain for each in test.dkim
    )
    bounces_to = test.sender.rpartition("@")[2].lower()
    returned = use.path is not None and bounces_to == use.path.name
    return signed or returned or (use.entry is None and _is_host(use, test.ip))


def _is_host(use: Use, address: str) -> bool:
    networks = (ip_network(term.partition(":")[2]) for term in use.terms)
    return any(ip_address(address) in network for network in networks)
