"""What the playground's name servers hold."""

from __future__ import annotations

from collections.abc import Iterable

from playground.places import (
    MACHINE,
    POWERDNS,
    RECEIVER,
    RECEIVER_NS,
    REGISTRIES,
)

# The negative TTL is the last number of the SOA: what real zones have, so that waits are real.
_HEAD = """$TTL 3600
@ IN SOA {ns}. hostmaster.{ns}. 1 7200 1800 1209600 300
@ IN NS {ns}.
"""
_TOP = ("com", "net", "org", "example")


def _head(server: str) -> str:
    return _HEAD.format(ns=server)


def of_the_user(domain: str, address: str) -> str:
    """Return the user's zone as it is before any mail policy, at the server with this address."""
    return _head(f"ns1.{domain}") + (
        f"ns1 IN A {address}\n@ IN MX 10 mx\nmx IN A {MACHINE}\nwww IN A {MACHINE}\n"
        f'@ IN TXT "site-verification=5c1f0c6b2f7e"\n'
    )


def of_the_registries(held: dict[str, str], fleet: Iterable[str]) -> dict[str, str]:
    """Return the root, the top-level domains, and the receiver's zone.

    `held` says at which address each zone of the user is; the fleet is at PowerDNS.
    """
    root = _head("ns.root") + f"ns.root. IN A {REGISTRIES}\n"
    zones = {top: _head("ns.root") for top in _TOP}
    for top in _TOP:
        root += f"{top}. IN NS ns.root.\n"
    zones["net"] += f"example IN NS ns1.example.net.\nns1.example IN A {RECEIVER_NS}\n"
    for domain, address in held.items():
        name, _, top = domain.partition(".")
        zones[top] += f"{name} IN NS ns1.{domain}.\nns1.{name} IN A {address}\n"
    zones["example"] += f"ns1.fleet IN A {POWERDNS}\n"
    zones["example"] += "".join(
        f"{domain.partition('.')[0]} IN NS ns1.fleet.example.\n" for domain in fleet
    )
    # Every address that sends mail has a name: receivers look for it.
    for address, name in ((MACHINE, "mx.example.com"), (RECEIVER, "mx.example.net")):
        zones[f"{reverse(address)}.in-addr.arpa"] = (
            _head("ns.root") + f"{address.rpartition('.')[2]} IN PTR {name}.\n"
        )
        root += f"{reverse(address)}.in-addr.arpa. IN NS ns.root.\n"
    zones["example.net"] = _head("ns1.example.net") + (
        f"ns1 IN A {RECEIVER_NS}\n@ IN MX 10 mx\nmx IN A {RECEIVER}\n"
    )
    return {".": root, **zones}


def reverse(address: str) -> str:
    """Return an address's /24 as the reverse tree writes it."""
    return ".".join(reversed(address.split(".")[:3]))


def of_the_fleet(size: int) -> list[str]:
    return [f"parked-{number:05}.example" for number in range(1, size + 1)]


FLEET_ZONE = _head("ns1.fleet.example")
