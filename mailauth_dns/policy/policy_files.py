"""Policy files: each one to the policies of its domains, with what they inherit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from mailauth_dns.policy import inheritance, public_key_files, repo_checks
from mailauth_dns.policy.declared_senders import PolicyBodies
from mailauth_dns.policy.domain_list import domains_of
from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.repo_files import Mention, RepoFiles
from mailauth_dns.policy.repo_layout import DEFAULTS, KEY_DIR, POLICY_DIR
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.typed_yaml import overlay, yaml_reader
from mailauth_dns.typed_yaml.yaml_tree import Mapping, value_place

RESERVED = "_absent"  # zones/compiled/_absent.yaml


def read_defaults(path: str, data: bytes) -> Mapping:
    """Return what every policy inherits; a file of comments alone gives nothing to inherit.

    Raises:
        DocumentError: as `document.read`.
    """
    return yaml_reader.read(
        path, data, "defaults hold keys of policies, such as `ttl: 3600`", may_be_empty=True
    )


class PolicyFiles:
    """Reads policy files of one repo; what is wrong with them is added to the problems of `files`.

    `key_paths` are the files with public keys that policies named so far.
    """

    def __init__(self, files: RepoFiles, catalogue: Catalogue, today: date) -> None:
        """Read the defaults, where there are any."""
        self.key_paths: set[Path] = set()
        self._files, self._catalogue, self._today = files, catalogue, today
        self._problems = files.problems
        self._defaults = self._read_defaults(files.root / POLICY_DIR / DEFAULTS)

    def _read_defaults(self, path: Path) -> Mapping | None:
        if path.is_dir() or not os.path.lexists(path):
            return None
        found = self._files.parsed(path, read_defaults)
        if found is not None:
            self._problems.extend(repo_checks.defaults_problems(found))
        return found

    def policies(self, path: Path) -> Iterator[Policy]:
        """Yield the policies of a file, one for each of its domains."""
        own = self._files.parsed(path, yaml_reader.read)
        if own is not None:
            root = own if self._defaults is None else overlay.merged(self._defaults, own)
            yield from self._policies(path, root, own)

    def _policies(self, path: Path, root: Mapping, own: Mapping) -> Iterator[Policy]:
        root = self._whole(root, own)
        self._problems.extend(repo_checks.spelling_problems(root))
        bodies = PolicyBodies(root, self._catalogue, self._today)
        for text, place in domains_of(self._files, path, root, bodies.first):
            domain = DomainName(text)
            root, body, senders = bodies.of(domain)
            if body is None:
                continue
            zone = DomainName(body.zone) if body.zone else domain
            if not is_at_or_below(domain, zone):
                message = f"{domain} does not lie in the zone {zone}"
                self._problems.append(value_place(root, ("zone",)).problem("zone", message))
            elif zone == RESERVED:
                message = f"{RESERVED} cannot be a zone: compile has a file of that name"
                self._problems.append(place.problem("zone", message))
            else:
                self._problems.extend(repo_checks.length_problems(domain, body, place))
                keys = self._key_files(domain, body, root)
                source = own.place.source.path
                yield Policy(domain, zone, body, root, source, place, keys, senders)
        self._problems.extend(bodies.problems)

    def _whole(self, root: Mapping, own: Mapping) -> Mapping:
        """Return a policy with what it inherits, as the model reads it; `own` is its file."""
        whole = overlay.without_nulls(inheritance.with_bare_senders(root))
        own = whole if own is root else overlay.without_nulls(own)
        if inheritance.is_parked(whole):
            self._problems.extend(inheritance.parked_problems(own))
            whole = inheritance.without_mail(whole)
        return inheritance.with_one_ending(inheritance.without_lone_gate(whole, own), own)

    # Keys

    def _key_files(
        self, domain: DomainName, body: PolicyFile, root: Mapping
    ) -> dict[str, PublicKey]:
        """Return the public keys in the files that a policy names, by selector."""
        found: dict[str, PublicKey] = {}
        for selector, section in (body.dkim.selectors if body.dkim else {}).items():
            if section.key is None or section.state is KeyState.ABSENT:
                continue
            place = value_place(root, ("dkim", "selectors", selector, "key"))
            mention = Mention(place, f"dkim.selectors.{selector}.key")
            key = self._key(KEY_DIR / domain / section.key, section, mention)
            if key is not None:
                found[selector] = key
        return found

    def _key(self, path: Path, section: SelectorSection, mention: Mention) -> PublicKey | None:
        self.key_paths.add(self._files.root / path)
        data = self._files.octets(self._files.root / path, mention)
        if data is None:
            return None
        place, where = mention
        try:
            key = public_key_files.read(data)
        except public_key_files.KeyFileError as error:
            self._problems.append(place.problem(where, f"{path.as_posix()}: {error}"))
            return None
        if section.k is not None and section.k != key.k:
            message = f"the file holds an {key.k} key, but k is {section.k}; leave k out"
            self._problems.append(place.problem(where, message))
        return key
