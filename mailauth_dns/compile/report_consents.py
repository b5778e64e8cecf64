"""Consents to DMARC reports between domains of one repo (RFC 9990)."""

from __future__ import annotations

from collections.abc import Container, Mapping

from mailauth_dns.compile.declarations import dmarc_section, dmarc_text
from mailauth_dns.compile.publication import Declared
from mailauth_dns.errors import FileProblem
from mailauth_dns.evaluate.dmarc_walk import DmarcAlone, same_organization, walk
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import MAX_NAME, DomainName, upwards
from mailauth_dns.typed_yaml.yaml_tree import value_place

CONSENT = "v=DMARC1"  # RFC 9990: the version alone says that reports may come


def by_zone(
    policies: tuple[Policy, ...], zones: Container[DomainName], problems: list[FileProblem]
) -> Mapping[DomainName, list[tuple[Policy, Declared]]]:
    """Return, by zone, the consents without which receivers send hosts no other domain's reports.

    A consent is left out if the DMARC records of this repo alone show that domain and host belong
    to one organization. If only records of others show it, the consent is not needed and does no
    harm.
    """
    texts = {policy.domain: dmarc_text(policy) for policy in policies}
    repo = DmarcAlone({domain: text for domain, text in texts.items() if text is not None})
    found: dict[DomainName, list[tuple[Policy, Declared]]] = {}
    for policy in policies:
        for host, (tag, index) in report_hosts(policy).items():
            zone = next((name for name in upwards(host) if name in zones), None)
            if zone is None or same_organization(walk(policy.domain, repo), host, repo)[0] is True:
                continue
            name = dmarc_consent.report_name(policy.domain, host)
            if len(name) > MAX_NAME:
                problems.append(_too_long(policy, host, name, (tag, index)))
            key, ttl = (name, "TXT"), policy.body.ttl
            family, values = Family.DMARC_REPORT, frozenset({CONSENT})
            place = value_place(policy.root, ("dmarc", tag, index)).file_line
            entry = Declared(policy.domain, key, family, ttl, values, place=place)
            found.setdefault(zone, []).append((policy, entry))
    return found


def _too_long(
    policy: Policy, host: DomainName, name: DomainName, address: tuple[str, int]
) -> FileProblem:
    tag, index = address
    message = (
        f"{name}, where {host} would agree to these reports, has {len(name)} octets; "
        f"DNS allows {MAX_NAME}"
    )
    place = value_place(policy.root, ("dmarc", tag, index))
    return place.problem(f"dmarc.{tag}.{index}", message)


def report_hosts(policy: Policy) -> Mapping[DomainName, tuple[str, int]]:
    """Return the hosts that take a policy's reports, with tag and index of each first address."""
    section = dmarc_section(policy)
    found: dict[DomainName, tuple[str, int]] = {}
    for tag in ("rua", "ruf"):
        for index, uri in enumerate((section and getattr(section, tag)) or ()):
            host = dmarc_consent.report_host(uri)
            if host is not None:
                found.setdefault(host, (tag, index))
    return found
