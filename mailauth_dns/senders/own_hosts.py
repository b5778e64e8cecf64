"""Hosts of one's own in what is published, where that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import spf, spf_term
from mailauth_dns.senders.published import Published
from mailauth_dns.senders.use import OWN_HOST, Said


def own_host(there: Published, own_keys: Sequence[str]) -> Said | None:
    """Return one's own mail hosts: single addresses in SPF that the domain's own exchangers have.

    Networks stay, and so do other addresses: a sender may have given them. `a` and `mx` stay, since
    they follow the names.
    """
    addresses = tuple(
        address
        for word in there.terms
        if (address := single_address(word)) in there.own_addresses and address is not None
    )
    if not addresses:
        return None
    answers: dict[str, str | tuple[str, ...]] = {"ip": addresses}
    if own_keys:
        answers["dkim"] = tuple(own_keys)
    return Said(OWN_HOST, OWN_HOST, answers)


def single_address(word: str) -> str | None:
    """Return the address in a term that lets one host pass; None for every other term."""
    try:
        term = spf.parse_term(word)
    except RecordSyntaxError:
        return None
    if not isinstance(term, spf_term.Ip4 | spf_term.Ip6):
        return None
    network = term.network
    if term.qualifier is not spf_term.Qualifier.PASS or network.network.num_addresses != 1:
        return None
    return str(ip_address(network.ip))
