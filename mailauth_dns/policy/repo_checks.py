"""What must hold for a policy, and for all policies of a repo together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mailauth_dns.errors import FileProblem
from mailauth_dns.policy.model import PolicyFile, sections_of
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.repo_layout import PROVIDER_DIR
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.records import dkim, dmarc
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import MAX_NAME, DomainName, ancestors
from mailauth_dns.records.spf_parts import part_name
from mailauth_dns.senders.use import Use
from mailauth_dns.typed_yaml.yaml_tree import Mapping, Place, child, value_place


def defaults_problems(defaults: Mapping) -> Iterator[FileProblem]:
    """Yield the keys of the defaults that only one policy can have."""
    for key in ("domain", "domains", "domains_file", "zone"):
        if key in defaults.items:
            yield defaults.keys[key].problem(key, "belongs in a policy, not in the defaults")
    if "allow" in defaults.items:
        # It would permit for policies that are not written yet, whose reviewers never saw it.
        yield defaults.keys["allow"].problem(
            "allow",
            "here it would permit this for every policy, also for those to come; "
            "write it in each policy that needs it",
        )


def spelling_problems(root: Mapping) -> Iterator[FileProblem]:
    """Yield selectors that stand twice, in two spellings.

    YAML has two keys there and DNS has one name: one of them would silently not be published.
    """
    section = root.items.get("dkim")
    selectors = child(section, "selectors") if section is not None else None
    first: dict[str, str] = {}
    for name, place in selectors.keys.items() if isinstance(selectors, Mapping) else ():
        known = first.setdefault(name.lower().rstrip("."), name)
        if known != name:
            yield place.problem(
                f"dkim.selectors.{name}", f"the same name in DNS as {known}; keep one"
            )


_LABELS = 40  # octets: more than stand before a domain, but for a selector


def length_problems(domain: DomainName, body: PolicyFile, place: Place) -> Iterator[FileProblem]:
    """Yield the owner names of a policy that are too long for DNS."""
    selectors = (*(body.dkim.selectors if body.dkim else ()), *(body.bimi or ()))
    if len(domain) + max(map(len, selectors), default=0) + _LABELS <= MAX_NAME:
        return
    for name in _owner_names(domain, body):
        if len(name) > MAX_NAME:
            yield place.problem("", f"{name} would have {len(name)} octets; DNS allows {MAX_NAME}")


def _owner_names(domain: DomainName, body: PolicyFile) -> Iterator[str]:
    yield dmarc.owner_name(domain)
    for family in Family:
        if family is not Family.DMARC_REPORT:
            yield from (family.owner_name(domain, name) for name in sections_of(body, family))
    if isinstance(body.spf, SpfSection) and body.spf.flatten:
        yield part_name("", domain)
    if body.parked is not None:
        yield dkim.owner_name("*", domain)


def problems_together(policies: Sequence[Policy]) -> Iterator[FileProblem]:
    """Yield conflicts between policies of a repo."""
    zones = {policy.zone for policy in policies}
    domains = {policy.domain for policy in policies}
    first_of_domain: dict[DomainName, Policy] = {}
    first_of_zone: dict[DomainName, Policy] = {}
    for policy in policies:
        first = first_of_domain.setdefault(policy.domain, policy)
        if first is not policy:
            at = first.declared_at
            message = (
                f"{policy.domain} is declared twice, "
                f"first at {at.source.path}:{at.line}:{at.column}; keep one"
            )
            yield policy.declared_at.problem("domain", message)
        deeper = deeper_zone(policy.domain, policy.zone, zones)
        if deeper is not None:
            message = (
                f"{policy.domain} lies in the zone {deeper}, which this repo also holds; "
                f"write `zone: {deeper}`"
            )
            yield policy.declared_at.problem("domain", message)
        yield from _return_path_problems(policy, zones, domains)
        sharer = first_of_zone.setdefault(policy.zone, policy)
        for key in ("providers", "nameservers"):
            if set(getattr(policy.body, key)) != set(getattr(sharer.body, key)):
                message = (
                    f"policies of the zone {policy.zone} must have the same {key}; "
                    f"{sharer.path} has others"
                )
                yield policy.place((key,)).problem(key, message)


def deeper_zone(
    name: DomainName, zone: DomainName, zones: Collection[DomainName]
) -> DomainName | None:
    """Return a zone of the repo that holds a name of a policy and lies below the policy's zone."""
    names = (name, *ancestors(name, zone))
    return next((each for each in names if each in zones and each != zone), None)


def _return_path_problems(
    policy: Policy, zones: Collection[DomainName], domains: Collection[DomainName]
) -> Iterator[FileProblem]:
    """Yield the return paths of a policy that are something else as well."""
    for use, name in return_paths(policy):
        deeper = deeper_zone(name, policy.zone, zones)
        if name in domains:
            said = "has a policy of its own"
        elif deeper is not None:
            said = f"lies in the zone {deeper}, which this repo also holds"
        else:
            continue
        message = f"its return path {name} {said}; give {use.name} another one"
        yield policy.place(("senders", use.key)).problem(f"senders.{use.key}", message)


def return_paths(policy: Policy) -> Iterator[tuple[Use, DomainName]]:
    """Yield the return paths that a policy publishes, each with the sender whose it is."""
    for use in policy.senders:
        if use.path is not None and use.path.is_published and not use.life.gone:
            yield use, use.path.name


def provider_problems(
    policy: Policy, stanzas: Collection[str], broken: Collection[str]
) -> Iterator[FileProblem]:
    """Yield the providers of a policy that have no stanza; `broken` are files with problems."""
    for index, id in enumerate(policy.body.providers):
        if id not in stanzas and f"{PROVIDER_DIR.as_posix()}/{id}.yaml" not in broken:
            known = ", ".join(sorted(stanzas)) or "none yet"
            yield value_place(policy.root, ("providers", index)).problem(
                "providers", f"there is no providers/{id}.yaml; there are: {known}"
            )
