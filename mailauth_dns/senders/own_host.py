"""Hosts of one's own, beside the senders of the catalogue: their addresses and their selectors."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_interface, ip_network

from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.answers import AnswerProblem, Found, texts_of
from mailauth_dns.senders.use import OWN_HOST, Life, Said, Use


def use_of(said: Said, domain: DomainName, life: Life) -> Found:
    """Return hosts of one's own: their addresses, and the selectors that they sign with."""
    wrong = [
        AnswerProblem((key,), f"{key!r} is not a key of a host of your own; keys here: ip, dkim")
        for key in said.answers
        if key not in ("ip", "dkim")
    ]
    terms = []
    for number, text in enumerate(_listed(said, "ip")):
        try:
            terms.append(_term(text))
        except ValueError as error:
            wrong.append(AnswerProblem(("ip", number), str(error)))
    if not _listed(said, "ip"):
        wrong.append(AnswerProblem((), "ip is missing; list the addresses that it sends from"))
    if wrong:
        return None, tuple(wrong)
    use = Use(
        said.key,
        OWN_HOST,
        "your own server",
        None,
        domain,
        "yes",
        "yes",
        terms=tuple(terms),
        signs_with=_listed(said, "dkim"),
        life=life,
    )
    return use, ()


def _term(text: str) -> str:
    """Return an address or a network as SPF writes it: a single address without its length.

    Raises:
        ValueError: it is none, with what to write instead.
    """
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        expected = "is no address or network; write 192.0.2.10 or 2001:db8::/48"
        raise ValueError(f"{text!r} {expected}") from None
    if str(ip_interface(text).ip) != str(network.network_address):
        raise ValueError(f"{text!r} is one address of a network; write {network} for all of it")
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None:
        raise ValueError(f"{text!r} is an IPv4 address inside IPv6; write {mapped}")
    shown = network.network_address if network.num_addresses == 1 else network
    return f"ip{network.version}:{shown}"


def _listed(said: Said, key: str) -> tuple[str, ...]:
    return texts_of(said.answers.get(key, ()))
