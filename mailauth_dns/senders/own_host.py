"""Hosts of one's own, beside the senders of the catalogue: their addresses and their selectors."""

from __future__ import annotations

from ipaddress import ip_network

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
            network = ip_network(text)
        except ValueError:
            wrong.append(
                AnswerProblem(
                    ("ip", number),
                    f"{text!r} is no address or network; write 192.0.2.10 or 2001:db8::/48",
                )
            )
        else:
            terms.append(f"ip{network.version}:{_shortest(text)}")
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


def _shortest(text: str) -> str:
    """Return a network as SPF writes it: without the length of a single address."""
    network = ip_network(text)
    return str(network.network_address if network.num_addresses == 1 else network)


def _listed(said: Said, key: str) -> tuple[str, ...]:
    return texts_of(said.answers.get(key, ()))
