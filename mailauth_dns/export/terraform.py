"""A domain's records as Terraform resources of one provider, in Terraform's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.export import hcl
from mailauth_dns.export.dns_formats import absent
from mailauth_dns.export.hcl import Expression, block, comment
from mailauth_dns.export.terraform_providers import (
    KINDS,
    OTHERS,
    ZONES,
    Kind,
    RecordSet,
    Resource,
    TerraformProvider,
)


def resources(provider: TerraformProvider, publications: Sequence[Publication]) -> str:
    """Return a file with a resource for each record, and the variable that names the zones."""
    kind = KINDS[provider]
    sets = list(_sets(publications))
    parts = [_zones_variable(kind, publications)] if kind.zones and sets else []
    if kind.owns and any(each.with_others for each in sets):
        parts.append(_others_variable(kind.other))
    labels = set[tuple[str, str]]()
    for each in sets:
        for made in kind.resources(each):
            warning = comment(_warning(each)) if kind.owns and each.shared else ""
            head = ("resource", made.type, _label(made, labels))
            parts.append(warning + block(head, made.arguments, made.blocks))
    if gone := absent(publications):
        parts.append(comment("\n".join(f"not to be there: {said}" for said in gone)))
    return "\n" + "\n".join(parts)


def owned(provider: TerraformProvider, publications: Sequence[Publication]) -> list[str]:
    """Return, for each set that others may have values in and a resource owns, what that means."""
    if not KINDS[provider].owns:
        return []
    return [" ".join(_warning(each).split()) for each in _sets(publications) if each.shared]


def _warning(each: RecordSet) -> str:
    return f"Terraform owns all of {each.name} {each.type}, and deletes what is not in it." + (
        f"\nName the values of others there, such as verification tokens, in {OTHERS}."
        if each.with_others
        else ""
    )


def _sets(publications: Iterable[Publication]) -> Iterator[RecordSet]:
    for publication in publications:
        for entry in publication.declared:
            if entry.values:
                yield RecordSet(
                    publication.origin,
                    *entry.key,
                    entry.ttl or DEFAULT_TTL,
                    tuple(sorted(entry.values)),
                    # A label of a family's own, such as _dmarc, has no other use, and an alias
                    # stands alone.
                    shared=not entry.family.row.label and entry.key[1] != "CNAME",
                )


def _zones_variable(kind: Kind, publications: Iterable[Publication]) -> str:
    zones = dict.fromkeys(publication.origin for publication in publications)
    example = "".join(f'\n    "{zone}" = "..."' for zone in zones)
    return comment(
        f"Give {kind.zones}, in terraform.tfvars:\n  {ZONES} = {{{example}\n  }}"
    ) + block(
        ("variable", ZONES),
        {"description": kind.zones, "type": Expression("map(string)")},
    )


def _others_variable(other: str) -> str:
    return comment(
        f"Give the TXT values of others, too:\n  {OTHERS} = {{\n"
        f'    "example.com" = {hcl.strings([other])}\n  }}'
    ) + block(
        ("variable", OTHERS),
        {
            "description": "the TXT values of others at each name, as this provider writes them",
            "type": Expression("map(list(string))"),
            "default": Expression("{}"),
        },
    )


def _label(made: Resource, taken: set[tuple[str, str]]) -> str:
    """Return a name that Terraform takes, and that no resource of this type has yet."""
    plain = re.sub(r"[^a-z0-9_-]", "_", made.label)
    plain = plain if re.match(r"[a-z_]", plain) else f"_{plain}"
    label, number = plain, 2
    while (made.type, label) in taken:
        label, number = f"{plain}_{number}", number + 1
    taken.add((made.type, label))
    return label
