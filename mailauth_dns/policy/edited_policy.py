"""A policy as it would be read with another text in its file, before that is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from mailauth_dns.errors import PolicyError
from mailauth_dns.policy import inheritance
from mailauth_dns.policy.declared_senders import PolicyBodies
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.typed_yaml import overlay, yaml_reader, yaml_tree


def edited_policy(
    path: str,
    text: str,
    domain: DomainName,
    defaults: yaml_tree.Mapping | None,
    catalogue: Catalogue,
    keys: Mapping[str, PublicKey],
    today: date,
) -> Policy:
    """Return the policy of a domain as the repo would read it from `text`; `keys` are its files'.

    Raises:
        PolicyError: the text is no policy.
    """
    try:
        own = yaml_reader.read(path, text.removeprefix("\ufeff").encode())
    except yaml_reader.DocumentError as error:
        raise PolicyError(error.problems) from None
    root = own if defaults is None else overlay.merged(defaults, own)
    whole = overlay.without_nulls(inheritance.with_bare_senders(root))
    if inheritance.is_parked(whole):
        whole = inheritance.without_mail(whole)
    own = overlay.without_nulls(own)
    whole = inheritance.with_one_ending(inheritance.without_lone_gate(whole, own), own)
    bodies = PolicyBodies(whole, catalogue, today)
    tree, body, uses = bodies.of(domain)
    if bodies.problems or body is None:
        raise PolicyError(bodies.problems)
    zone = DomainName(body.zone) if body.zone else domain
    place = yaml_tree.value_place(tree, ("domain",))
    return Policy(domain, zone, body, tree, path, place, keys, uses)
