"""The domains that a policy file is for: named in it, or listed in another file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from mailauth_dns.errors import FileProblem, RecordSyntaxError
from mailauth_dns.policy.repo_files import Mention, RepoFiles
from mailauth_dns.records.name import publishable_name
from mailauth_dns.typed_yaml.yaml_tree import Mapping, Place, SourceText, value_place

LIST_DIR = Path("zones")  # lists of domains lie below it
MAX_LIST = 64_000_000  # octets; a million domains have about 20 MB

_Domains = Iterator[tuple[str, Place]]


class NamesDomains(Protocol):
    """What of a policy names its domains."""

    @property
    def domain(self) -> str | None:
        """The one domain."""

    @property
    def domains(self) -> tuple[str, ...] | None:
        """Several domains."""

    @property
    def domains_file(self) -> str | None:
        """A file with one domain a line."""


def domains_of(files: RepoFiles, path: Path, root: Mapping, named: NamesDomains) -> _Domains:
    """Yield every domain of the policy file at `path`, with the place that names it."""
    if named.domain is not None:
        yield named.domain, value_place(root, ("domain",))
    for index, domain in enumerate(named.domains or ()):
        yield domain, value_place(root, ("domains", index))
    if named.domains_file is not None:
        mention = Mention(value_place(root, ("domains_file",)), "domains_file")
        yield from in_file(files, path.parent / named.domains_file, named.domains_file, mention)


def in_file(files: RepoFiles, listing: Path, name: str, mention: Mention) -> _Domains:
    """Yield the domains of a list that a policy names."""
    data = files.octets(listing, mention, MAX_LIST)
    if data is None:
        return
    real = files.real(listing)
    if real.suffix != ".txt" or real.parts[0] != LIST_DIR.name:
        message = (
            f"{name}: not a *.txt file below {LIST_DIR}; "
            "other files hold more than names: put the list there"
        )
        files.problems.append(mention.place.problem(mention.key, message))
        return
    try:
        lines = tuple(data.decode("utf-8-sig").splitlines())
    except UnicodeDecodeError:
        files.problems.append(mention.place.problem(mention.key, f"{name} is not UTF-8"))
        return
    yield from _listed(files, SourceText(real.as_posix(), lines))


def _listed(files: RepoFiles, source: SourceText) -> _Domains:
    """Yield the names in a list. A line that is not a name may be a secret, and is not quoted."""
    for number, line in enumerate(source.lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        place = Place(source, number, line.index(text) + 1, len(text))
        try:
            domain = publishable_name(text)
        except RecordSyntaxError as error:
            message = f"not a domain name: {error.expected.partition(':')[0]}"
            column = place.column + error.start
            files.problems.append(FileProblem(source.path, number, column, "", message))
            continue
        if domain.startswith("*"):
            message = "a wildcard cannot have a policy of its own; name the domain"
            files.problems.append(place.problem("", message))
            continue
        yield domain, place
