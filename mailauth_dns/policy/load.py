"""Load a zone repo: its folder to policies, with every problem of every file in one error."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from mailauth_dns.errors import FileProblem, PolicyError
from mailauth_dns.policy import (
    inheritance,
    provider_stanza,
    public_key_files,
    repo_checks,
)
from mailauth_dns.policy.declared_senders import PolicyBodies, catalogue_of
from mailauth_dns.policy.domain_list import domains_of
from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_files import Mention, RepoFiles
from mailauth_dns.policy.repo_layout import (
    DEFAULTS,
    KEY_DIR,
    LOCK_FILE,
    POLICY_DIR,
    PROVIDER_DIR,
)
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.typed_yaml import overlay, yaml_reader
from mailauth_dns.typed_yaml.yaml_tree import Mapping, value_place

RESERVED = "_absent"  # zones/compiled/_absent.yaml


def load_repo(root: Path, *, may_be_empty: bool = False, today: date | None = None) -> Repo:
    """Read the zone repo in `root`; one without a policy is a problem unless it `may_be_empty`.

    `today`, in UTC, decides whether a retired sender's records are still needed. Without it the
    clock does.

    Raises:
        PolicyError: with every problem of every file.
    """
    return _sound(_Loader(root, may_be_empty, today or datetime.now(UTC).date()))


def load_some(root: Path, names: Iterable[str]) -> Repo:
    """Read what the policy files of these names need; what others say is not looked at.

    Of zones/keys, only what these policies name is read. `_defaults.yaml` is always read.

    Raises:
        PolicyError: with every problem of what was read.
    """
    return _sound(_Loader(root, may_be_empty=True, today=datetime.now(UTC).date(), names=names))


def _sound(loader: _Loader) -> Repo:
    repo = loader.load()
    if problems := dict.fromkeys(loader.files.problems):
        raise PolicyError(
            sorted(problems, key=lambda problem: (problem.path, problem.line, problem.column))
        )
    return repo


def load_sound(root: Path, *, today: date | None = None) -> tuple[Repo, tuple[str, ...]]:
    """Read what is sound in the zone repo in `root`; also return the paths of the broken files.

    `today` is as in `load_repo`.
    """
    loader = _Loader(root, may_be_empty=True, today=today or datetime.now(UTC).date())
    repo = loader.load()
    broken = {problem.path for problem in loader.files.problems}
    sound = tuple(policy for policy in repo.policies if policy.path not in broken)
    return replace(repo, policies=sound), tuple(sorted(broken))


def load_catalogue(root: Path) -> Catalogue:
    """Read the catalogue of senders, with the repo's own in `root`; no policy need be there.

    Raises:
        PolicyError: with every problem of the repo's own.
    """
    files = RepoFiles(root)
    catalogue = catalogue_of(files)
    if files.problems:
        raise PolicyError(files.problems)
    return catalogue


def read_defaults(path: str, data: bytes) -> Mapping:
    """Return what every policy inherits; a file of comments alone gives nothing to inherit.

    Raises:
        DocumentError: as `document.read`.
    """
    return yaml_reader.read(
        path, data, "defaults hold keys of policies, such as `ttl: 3600`", may_be_empty=True
    )


class _Loader:
    def __init__(
        self, root: Path, may_be_empty: bool, today: date, names: Iterable[str] | None = None
    ) -> None:
        self.root = root
        self.files = RepoFiles(root)
        self._problems = self.files.problems
        self._may_be_empty = may_be_empty
        self._key_paths: set[Path] = set()
        self._today = today
        self._names = names  # of the policy files to read; None: all
        self._catalogue = Catalogue()

    def load(self) -> Repo:
        folder = self.root / POLICY_DIR
        if not folder.is_dir() and not self._may_be_empty:
            message = (
                f"there is no such folder in {self.root}; run in a zone repo, or name one with -C"
            )
            raise PolicyError([FileProblem(str(POLICY_DIR), 0, 0, "", message)])
        stanzas = self._stanzas()
        self._catalogue = catalogue_of(self.files)
        policies = list(self._all_policies(folder))
        if self._names is None:
            self._check_keys_folder()
        self._problems.extend(repo_checks.problems_together(policies))
        broken = frozenset(problem.path for problem in self._problems)
        for policy in policies:
            self._problems.extend(repo_checks.provider_problems(policy, stanzas.keys(), broken))
        ordered = tuple(sorted(policies, key=lambda policy: policy.domain))
        return Repo(self.root, ordered, stanzas, self._lock(), self._catalogue)

    def _stanzas(self) -> dict[str, provider_stanza.Stanza]:
        folder = self.root / PROVIDER_DIR
        found: dict[str, provider_stanza.Stanza] = {}
        for path in self.files.walk(folder) if folder.is_dir() else ():
            if path.parent != folder or path.suffix != ".yaml":
                continue
            read = self.files.parsed(path, partial(provider_stanza.read, path.stem))
            if read is not None:
                found[path.stem] = read
        return found

    def _lock(self) -> Lock:
        path = self.root / LOCK_FILE
        if not path.exists() and not path.is_symlink():
            return Lock()
        from mailauth_dns.policy import spf_lock_file  # also loads what proves its entries

        return self.files.parsed(path, spf_lock_file.read, spf_lock_file.MAX_FILE) or Lock()

    def _all_policies(self, folder: Path) -> Iterator[Policy]:
        paths = list(self._paths(folder)) if folder.is_dir() else []
        defaults = None
        if folder / DEFAULTS in paths:
            defaults = self.files.parsed(folder / DEFAULTS, read_defaults)
        if defaults is not None:
            self._problems.extend(repo_checks.defaults_problems(defaults))
        for path in paths:
            if path.name == DEFAULTS:
                continue
            own = self.files.parsed(path, yaml_reader.read)
            if own is not None:
                root = own if defaults is None else overlay.merged(defaults, own)
                yield from self._policies(path, root, own)
        if not paths and not self._problems and not self._may_be_empty:
            message = "holds no policy; write one, for example example.com.yaml"
            self._problems.append(FileProblem(POLICY_DIR.as_posix(), 0, 0, "", message))

    def _paths(self, folder: Path) -> Iterable[Path]:
        if self._names is None:
            return self.files.policy_files(folder)
        paths = (folder / name for name in sorted({DEFAULTS, *self._names}))
        return (path for path in paths if os.path.lexists(path))

    # One policy file

    def _policies(self, path: Path, root: Mapping, own: Mapping) -> Iterator[Policy]:
        root = self._whole(root, own)
        self._problems.extend(repo_checks.spelling_problems(root))
        bodies = PolicyBodies(root, self._catalogue, self._today)
        for text, place in domains_of(self.files, path, root, bodies.first):
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
        self._key_paths.add(self.root / path)
        data = self.files.octets(self.root / path, mention)
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

    def _check_keys_folder(self) -> None:
        """A private key anywhere in zones/keys is a problem, even if no policy names the file."""
        folder = self.root / KEY_DIR
        for path in self.files.walk(folder) if folder.is_dir() else ():
            if path in self._key_paths:
                continue  # read already, for the policy that names it
            data = self.files.octets(path)
            if data is not None and b"PRIVATE KEY" in data:
                try:
                    public_key_files.read(data)
                except public_key_files.KeyFileError as error:
                    self.files.complain(path, str(error))
