"""The senders of a policy, and a repo's own entries of the catalogue (zones/senders)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import date
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from mailauth_dns.errors import FileProblem
from mailauth_dns.policy.model import DEFAULT_GRACE, PolicyFile
from mailauth_dns.policy.repo_files import RepoFiles
from mailauth_dns.policy.repo_layout import SENDER_DIR
from mailauth_dns.policy.sections.senders import SenderKey, SenderSection, is_sender_name
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders import catalogue_files, expansion
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.use import OWN_HOST, Use
from mailauth_dns.senders.uses import use_of
from mailauth_dns.typed_yaml.model_errors import problems_of
from mailauth_dns.typed_yaml.scalars import Duration, OwnDomain, Section
from mailauth_dns.typed_yaml.yaml_tree import Mapping, Scalar, Sequence, plain, value_place

_Model = TypeVar("_Model", bound=BaseModel)


def catalogue_of(files: RepoFiles) -> Catalogue:
    """Return the catalogue with a repo's own entries laid over it."""
    folder = files.root / SENDER_DIR
    found: dict[str, Entry | None] = {}
    for path in files.walk(folder) if folder.is_dir() else ():
        if path.parent != folder or path.suffix != ".yaml":
            files.complain(path, f"only {SENDER_DIR.as_posix()}/<sender>.yaml is read")
        elif not is_sender_name(path.stem):
            files.complain(
                path, "no policy can name it; use lower-case letters, digits and hyphens"
            )
        elif path.stem == OWN_HOST:
            files.complain(path, f"{OWN_HOST} stands for hosts of your own; rename the file")
        else:
            found[path.stem] = files.parsed(path, partial(catalogue_files.read, sender=path.stem))
    read = {sender: entry for sender, entry in found.items() if entry is not None}
    return Catalogue(read, frozenset(found.keys() - read.keys()))


class _First(Section):
    """For whom a policy is, and who sends: what is read before senders are laid into the rest."""

    domain: OwnDomain | None = None
    domains: tuple[OwnDomain, ...] | None = None
    domains_file: str | None = None
    senders: dict[SenderKey, SenderSection] = Field(default_factory=dict)
    sender_grace: Duration = DEFAULT_GRACE


class PolicyBodies:
    """One policy file as each of its domains has it: with what its senders need there."""

    def __init__(self, root: Mapping, catalogue: Catalogue, today: date) -> None:
        self._root, self._catalogue, self._today = root, catalogue, today
        self._bodies: dict[Hashable, tuple[Mapping, PolicyFile | None]] = {}
        self.problems: list[FileProblem] = []
        self.first: _First | PolicyFile
        if "senders" not in root.items:
            # Nothing is laid into the rest, so that a sound policy is read once.
            body = self._read(root, PolicyFile)
            if body is not None:
                self.first, self._bodies[()] = body, (root, body)
                return
            self.problems.clear()  # what follows finds them once more
        items = {key: node for key, node in root.items.items() if key in _First.model_fields}
        self.first = self._read(Mapping(root.place, items, root.keys), _First) or _First()
        named = (self.first.domain, self.first.domains or None, self.first.domains_file)
        if self.problems or len(named) - named.count(None) != 1:
            self._read(root, PolicyFile)  # for all that is wrong with it
            self.first = _First()

    def of(self, domain: DomainName) -> tuple[Mapping, PolicyFile | None, tuple[Use, ...]]:
        """Return the policy for a domain; None, and `problems`, where it cannot be read."""
        uses = tuple(self._uses(domain))
        needs = tuple((use.terms, use.selectors, use.life.gone) for use in uses)
        if needs not in self._bodies:  # the domains of a fleet have one body
            self.problems.extend(expansion.problems(self._root, uses))
            root = expansion.expanded(self._without_others(domain) if uses else self._root, uses)
            self._bodies[needs] = root, self._read(root, PolicyFile)
        return (*self._bodies[needs], uses)

    def _without_others(self, domain: DomainName) -> Mapping:
        """Return the policy as if it were for one domain of its list.

        Where a sender's names are made from the domain, a policy is read for each one, and a long
        list would be read each time.
        """
        listed = self._root.items.get("domains")
        if not isinstance(listed, Sequence):
            return self._root
        one = Sequence(listed.place, (Scalar(listed.place, domain),))
        return Mapping(self._root.place, {**self._root.items, "domains": one}, self._root.keys)

    def _uses(self, domain: DomainName) -> Iterator[Use]:
        for key, section in self.first.senders.items():
            said = section.said(key)
            use, wrong = use_of(said, domain, self._catalogue, self._today, self.first.sender_grace)
            for each in wrong:
                route = ("senders", key, *each.route)
                named = ".".join(str(step) for step in route)
                place = value_place(self._root, route)
                self.problems.append(place.problem(named, each.message))
            if use is not None:
                yield use

    def _read(self, root: Mapping, model: type[_Model]) -> _Model | None:
        try:
            return model.model_validate(plain(root))
        except ValidationError as error:
            self.problems.extend(problems_of(error, root, model))
            return None
