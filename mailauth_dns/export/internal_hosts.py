"""The hosts whose mail OpenDKIM signs, beside clients that log in (opendkim(8), OPERATION).

Without the setting InternalHosts that is loopback alone: mail that a host in Postfix's `mynetworks`
relays then goes out unsigned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys.declared import keys_of
from mailauth_dns.policy.repo import Policy

DEFAULT = ("127.0.0.1", "::1")  # OpenDKIM's own
LOOPBACK = ("127.0.0.0/8", "::1")

Network = IPv4Network | IPv6Network


def hosts(policies: Iterable[Policy], mynetworks: str | None) -> tuple[str, ...]:
    """Return the entries of OpenDKIM's list.

    They are loopback, the hosts that sign by the policies' tests, and Postfix's `mynetworks`.

    Raises:
        MailAuthError: `mynetworks` has something other than addresses and networks.
    """
    named = [network for policy in policies for network in _signing(policy)]
    named += networks(mynetworks, "--mynetworks") if mynetworks is not None else []
    loopback = [ip_network(each) for each in DEFAULT]
    away = (_spelled(each) for each in named if not _covered(each, loopback))
    return tuple(dict.fromkeys([*DEFAULT, *away]))


def _signing(policy: Policy) -> list[Network]:
    """Return the addresses whose mail has a signature of ours by a test: the host has the key.

    Where SPF need not pass for the domain itself, the address may be a forwarder's, whose mail is
    not ours to sign.
    """
    own = {key.selector for key in keys_of(policy) if key.ours}
    found = []
    for test in policy.body.tests:
        signed = any(entry.d in (None, policy.domain) and entry.s in own for entry in test.dkim)
        direct = (
            test.expect.spf == "pass" and test.sender.rpartition("@")[2].lower() == policy.domain
        )
        if signed and direct and test.expect.dkim in (None, "pass"):
            found.append(ip_network(test.ip))
    return found


def networks(text: str, option: str) -> list[Network]:
    """Return the networks of a Postfix list: spaces or commas between, IPv6 in brackets.

    Raises:
        MailAuthError: it has something else, such as a table, or a network that an exclamation mark
            takes out.
    """
    found = []
    for word in re.split(r"[\s,]+", text.strip()):
        try:
            found.append(_plain(ip_network(re.sub(r"^\[([^]]*)\]", r"\1", word))))
        except ValueError:
            raise MailAuthError(
                f"{option}: {word!r} is no address and no network such as 192.0.2.0/24 "
                "or [2001:db8::]/32"
            ) from None
    return found


def _plain(network: Network) -> Network:
    """Return the IPv4 network of an IPv4-mapped one; Debian's `mynetworks` has loopback as both."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return (
        IPv4Network((mapped, network.prefixlen - 96))
        if mapped is not None and network.prefixlen >= 96
        else network
    )


def missing(wanted: Iterable[str], there: Sequence[str]) -> list[str]:
    """Return the wanted hosts that a list does not have, alone or as part of a network."""
    known = [network for each in there if (network := network_of(each)) is not None]
    return [
        each
        for each in wanted
        if each not in there
        and ((network := network_of(each)) is None or not _covered(network, known))
    ]


def network_of(text: str) -> Network | None:
    """Return an entry as a network; None for a host's name."""
    try:
        return ip_network(text)
    except ValueError:
        return None


def _covered(network: Network, by: Iterable[Network]) -> bool:
    return any(
        each.version == network.version and network.subnet_of(each)  # type: ignore[arg-type]
        for each in by
    )


def _spelled(network: Network) -> str:
    return (
        str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
    )
