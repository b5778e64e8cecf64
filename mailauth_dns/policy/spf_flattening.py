"""A policy's SPF record with the includes in `flatten` replaced by the addresses in the lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from mailauth_dns.errors import FileProblem
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import Flat, SpfLayout, laid_out, networks_of
from mailauth_dns.typed_yaml import yaml_tree

_RUN = "run `mailauth-dns spf lock`, review and commit zones/locks/spf.json"


def flattened_names(policy: Policy) -> tuple[DomainName, ...]:
    """Return the SPF names that the policy flattens."""
    section = _section(policy)
    return tuple(map(DomainName, section.flatten)) if section is not None else ()


def layout(policy: Policy, lock: Lock) -> SpfLayout | None:
    """Return the policy's SPF record and its parts; None if it declares no record.

    The lock must hold every name that the policy flattens.
    """
    section = _section(policy)
    if section is None:
        return None
    if not section.flatten:
        return SpfLayout(section.text)
    return laid_out(policy.domain, (_item(word, section, lock) for word in section.words))


def parts(policy: Policy, lock: Lock, needed: SpfLayout | None) -> Mapping[DomainName, str | None]:
    """Return every part with its text; None for a part that is to be deleted.

    A part that is no longer needed stays until `spf lock` has seen that nothing refers to it.
    """
    listed = lock.parts.get(policy.domain, {})
    found = {name: None if part.absent else part.text for name, part in listed.items()}
    return {**found, **dict(needed.parts if needed is not None else ())}


def ready(policy: Policy, lock: Lock, part: DomainName) -> datetime | None:
    """Return from when on a record may include a part.

    None until `spf lock` has seen it at every server.
    """
    listed = lock.parts.get(policy.domain, {}).get(part)
    return listed.ready if listed is not None else None


def known_names(
    policy: Policy, lock: Lock, needed: SpfLayout | None
) -> tuple[tuple[DomainName, Addresses], ...]:
    """Return what the lock knows of SPF names that the domain's record includes or did include."""
    texts = {name: part.text for name, part in lock.parts.get(policy.domain, {}).items()}
    texts |= dict(needed.parts if needed is not None else ())
    own = tuple((name, _held(text)) for name, text in sorted(texts.items()))
    return (*((name, locked.addresses) for name, locked in sorted(lock.names.items())), *own)


@lru_cache(maxsize=1024)  # parts of the same networks say the same at each domain
def _held(text: str) -> Addresses:
    return networks_of(spf.parse(text))


def lock_problems(policy: Policy, lock: Lock) -> Iterator[FileProblem]:
    """Yield what the lock lacks for this policy: names to resolve, and parts to remember."""
    unknown = False
    for index, name in enumerate(flattened_names(policy)):
        held = lock.names.get(name)
        if held is None or not held.proven:
            unknown = True
            place = yaml_tree.value_place(policy.root, ("spf", "flatten", index))
            lacking = (
                name
                if held is None
                else f"the hosts behind {name}, which an earlier version did not keep"
            )
            yield place.problem(
                f"spf.flatten.{index}", f"zones/locks/spf.json does not hold {lacking}; {_RUN}"
            )
    needed = layout(policy, lock) if not unknown else None
    listed = lock.parts.get(policy.domain, {})
    for part, _ in needed.parts if needed is not None else ():
        if part not in listed:
            message = (
                f"zones/locks/spf.json does not list {part}, which this record of "
                f"{policy.domain} needs; {_RUN}"
            )
            yield policy.place(("spf", "flatten")).problem("spf.flatten", message)


def _section(policy: Policy) -> SpfSection | None:
    return (
        policy.body.spf
        if isinstance(policy.body.spf, SpfSection) and not policy.body.parked
        else None
    )


def _item(word: str, section: SpfSection, lock: Lock) -> str | Flat:
    term = spf.parse_term(word)
    if isinstance(term, spf_term.Include) and term.domain.folded in section.flatten:
        return Flat(term.qualifier, lock.names[DomainName(term.domain.folded)].addresses)
    return word
