"""A domain's records as others take them: a master file, other tools' files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted


def bind(publications: Sequence[Publication]) -> str:
    """Return the records as lines of a master file, owners written out (RFC 1035 §5)."""
    lines = [
        f"{entry.key[0]}. {entry.ttl or DEFAULT_TTL} IN {entry.key[1]} "
        f"{quoted(value) if entry.key[1] == 'TXT' else value}\n"
        for _, entry, value in _published(publications)
    ]
    return "".join(
        [*lines, *(f"; not to be there: {said}\n" for said in absent(publications, dot="."))]
    )


def dnscontrol(publications: Sequence[Publication]) -> str:
    """Return the records as DNSControl's D_EXTEND blocks, which add to zones of dnsconfig.js."""
    blocks = []
    for publication in publications:
        lines = []
        for _, entry, value in _published([publication]):
            name, type = _relative(entry.key[0], publication.origin), entry.key[1]
            arguments = [
                name,
                *([int(value.split()[0]), value.split()[1]] if type == "MX" else [value]),
            ]
            given = ", ".join(map(json.dumps, arguments))
            lines.append(f"  {type}({given}, TTL({entry.ttl or DEFAULT_TTL}))")
        blocks.append(
            f"D_EXTEND({json.dumps(publication.origin)},\n" + ",\n".join(lines) + "\n);\n"
        )
    return "\n".join(blocks)


def terraform(publications: Sequence[Publication]) -> str:
    """Return the records as a Terraform local value, for a `for_each` over a record resource.

    It is for providers that `export.terraform` does not know. A set is not a resource here: values
    that are not ours share the one at the domain itself.
    """
    records = {
        f"{entry.key[0]} {entry.key[1]}{_which(entry, value)}": {
            "zone": publication.origin,
            "name": entry.key[0],
            "type": entry.key[1],
            "ttl": entry.ttl or DEFAULT_TTL,
            # Strings are templates in Terraform's JSON, and SPF has macros such as %{i}.
            "value": value.replace("${", "$${").replace("%{", "%%{"),
        }
        for publication, entry, value in _published(publications)
    }
    return json.dumps({"locals": {"mailauth_dns": records}}, indent=2) + "\n"


def _which(entry: Declared, value: str) -> str:
    """Return what tells the second value of a set, and those after it, from the first."""
    number = sorted(entry.values).index(value)
    return f" {number + 1}" if number else ""


def _published(publications: Sequence[Publication]) -> Iterator[tuple[Publication, Declared, str]]:
    for publication in publications:
        for entry in publication.declared:
            for value in sorted(entry.values):
                yield publication, entry, value


def absent(publications: Sequence[Publication], dot: str = "") -> list[str]:
    """Return what must not be there, in words; names end with `dot`.

    The empty half, TXT or CNAME, of a published selector is left out.
    """
    published = {entry.key[0] for _, entry, _ in _published(publications)}
    gone = [
        entry
        for publication in publications
        for entry in publication.declared
        if not entry.values and (entry.key[0] not in published or entry.key[1] == "MX")
    ]
    return [
        f"{entry.key[0]}{dot} {entry.key[1]}{_only_of(entry)}"
        for entry in sorted(gone, key=lambda entry: entry.key)
    ]


def _only_of(entry: Declared) -> str:
    """Return in words which values must not be there, where only a sender's must not."""
    return f", if it is {entry.sender.name}'s" if entry.sender is not None else ""


def _relative(name: DomainName, origin: DomainName) -> str:
    return "@" if name == origin else name.removesuffix("." + origin)
