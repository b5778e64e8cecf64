"""A domain's records as others take them: a web form, a master file, other tools' files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.diff.equivalence import same
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, quoted

Held = Mapping[RRKey, frozenset[str] | None]  # what DNS holds of ours, None where that is unknown


def paste(publications: Sequence[Publication], held: Held | None = None) -> str:
    """Return each record for a web form: its host, relative and whole, and its value on one line.

    A value of more than 255 octets is there a second time in several strings, for the few forms
    that want it (RFC 1035 §3.3.14). `held` is what DNS has now, None where it was not asked.
    """
    blocks = []
    for publication, entry, value in _published(publications):
        name, type = entry.key
        priority, server = value.split() if type == "MX" else ("", "")
        lines = [
            f"Type:   {type}",
            f"Host:   {_relative(name, publication.origin)}",
            f"or:     {name}",
            f"TTL:    {entry.ttl or DEFAULT_TTL}",
            *(
                [f"Priority: {priority}", f"Server: {server}"]
                if type == "MX"
                else [f"Value:  {value}"]
            ),
        ]
        if type == "TXT" and len(value) > 255:
            lines.append(f"Split:  {quoted(value)}")
        blocks.append("\n".join([*lines, *_beside(entry, (held or {}).get(entry.key))]) + "\n")
    gone = [f"Delete: {type} {name}\n" for name, type in _absent(publications)]
    return "\n".join([*blocks, *(["".join(gone)] if gone else [])])


def _beside(entry: Declared, there: frozenset[str] | None) -> Iterator[str]:
    """Yield what to do with what is there."""
    if there is None:
        if (note := entry.family.row.beside) is not None:
            yield f"Note:   {note}"
    elif same(entry.family, entry.key[1], there, entry.values):
        yield "Note:   it is there already: nothing to do"
    elif there:
        yield from (f"Change: {each}" for each in sorted(there))
        if len(there) > len(entry.values):
            yield "Note:   change one of them, and delete the others"
    elif entry.family is Family.NULL_MX:
        yield f"Note:   {entry.family.row.beside}"
    else:
        yield "Note:   nothing of its kind is there: add it"


def bind(publications: Sequence[Publication]) -> str:
    """Return the records as lines of a master file, owners written out (RFC 1035 §5)."""
    lines = [
        f"{entry.key[0]}. {entry.ttl or DEFAULT_TTL} IN {entry.key[1]} "
        f"{quoted(value) if entry.key[1] == 'TXT' else value}\n"
        for _, entry, value in _published(publications)
    ]
    return "".join(
        [*lines, *(f"; not to be there: {name}. {type}\n" for name, type in _absent(publications))]
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

    A set is not a resource here: values that are not ours share the one at the domain itself.
    """
    records = {
        f"{entry.key[0]} {entry.key[1]}": {
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


def _published(publications: Sequence[Publication]) -> Iterator[tuple[Publication, Declared, str]]:
    for publication in publications:
        for entry in publication.declared:
            for value in sorted(entry.values):
                yield publication, entry, value


def _absent(publications: Sequence[Publication]) -> list[tuple[DomainName, str]]:
    """Return what must not be there; not the empty half, TXT or CNAME, of a published selector."""
    published = {entry.key[0] for _, entry, _ in _published(publications)}
    gone = {
        entry.key
        for publication in publications
        for entry in publication.declared
        if not entry.values
    }
    return sorted((name, type) for name, type in gone if name not in published or type == "MX")


def _relative(name: DomainName, origin: DomainName) -> str:
    return "@" if name == origin else name.removesuffix("." + origin)
