"""Load a zone repo: its folder to policies, with every problem of every file in one error."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from mailauth_dns.errors import FileProblem, PolicyError
from mailauth_dns.policy import (
    provider_stanza,
    public_key_files,
    repo_checks,
)
from mailauth_dns.policy.declared_senders import catalogue_of
from mailauth_dns.policy.places_only import places_only
from mailauth_dns.policy.policy_files import PolicyFiles
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_files import RepoFiles
from mailauth_dns.policy.repo_layout import (
    DEFAULTS,
    KEY_DIR,
    LOCK_FILE,
    POLICY_DIR,
    PROVIDER_DIR,
)
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.typed_yaml.yaml_tree import Mapping


def load_repo(
    root: Path, *, may_be_empty: bool = False, today: date | None = None, to_plan: bool = False
) -> Repo:
    """Read the zone repo in `root`; one without a policy is a problem unless it `may_be_empty`.

    `today`, in UTC, decides whether a retired sender's records are still needed. Without it the
    clock does. With `to_plan`, of each file's tree only what a plan needs is held.

    Raises:
        PolicyError: with every problem of every file.
    """
    loader = _Loader(root, may_be_empty, today or datetime.now(UTC).date(), to_plan=to_plan)
    return _sound(loader)


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


class _Loader:
    def __init__(
        self,
        root: Path,
        may_be_empty: bool,
        today: date,
        names: Iterable[str] | None = None,
        *,
        to_plan: bool = False,
    ) -> None:
        self.root = root
        self.files = RepoFiles(root)
        self._problems = self.files.problems
        self._may_be_empty = may_be_empty
        self._today = today
        self._names = names  # of the policy files to read; None: all
        self._to_plan = to_plan

    def load(self) -> Repo:
        folder = self.root / POLICY_DIR
        if not folder.is_dir() and not self._may_be_empty:
            message = (
                f"there is no such folder in {self.root}; run in a zone repo, or name one with -C"
            )
            raise PolicyError([FileProblem(str(POLICY_DIR), 0, 0, "", message)])
        stanzas = read_stanzas(self.files)
        catalogue = catalogue_of(self.files)
        paths = list(self._paths(folder)) if folder.is_dir() else []
        has_defaults = folder / DEFAULTS in paths
        reader = PolicyFiles(self.files, catalogue, self._today, has_defaults=has_defaults)
        policies = list(self._all_policies(paths, reader))
        if self._names is None:
            check_keys_folder(self.files, reader.key_paths)
        self._problems.extend(repo_checks.problems_together(policies))
        broken = frozenset(problem.path for problem in self._problems)
        for policy in policies:
            self._problems.extend(repo_checks.provider_problems(policy, stanzas.keys(), broken))
        ordered = tuple(sorted(policies, key=lambda policy: policy.domain))
        return Repo(self.root, ordered, stanzas, read_lock(self.files), catalogue)

    def _all_policies(self, paths: Sequence[Path], reader: PolicyFiles) -> Iterator[Policy]:
        for path in paths:
            if path.name != DEFAULTS:
                policies = reader.policies(path)
                yield from _to_plan(policies) if self._to_plan else policies
        if not paths and not self._problems and not self._may_be_empty:
            message = "holds no policy; write one, for example example.com.yaml"
            self._problems.append(FileProblem(POLICY_DIR.as_posix(), 0, 0, "", message))

    def _paths(self, folder: Path) -> Iterable[Path]:
        if self._names is None:
            return self.files.policy_files(folder)
        paths = (folder / name for name in sorted({DEFAULTS, *self._names}))
        return (path for path in paths if os.path.lexists(path))


def _to_plan(policies: Iterable[Policy]) -> Iterator[Policy]:
    """Yield policies with what a plan needs of their tree, which those of one file share."""
    was: Mapping | None = None
    for policy in policies:
        if policy.root is not was:
            was, root = policy.root, places_only(policy.root)
        yield policy.with_tree(root, policy.declared_at)


def read_stanzas(files: RepoFiles) -> dict[str, provider_stanza.Stanza]:
    """Return the provider stanzas of a repo by id."""
    folder = files.root / PROVIDER_DIR
    found: dict[str, provider_stanza.Stanza] = {}
    for path in files.walk(folder) if folder.is_dir() else ():
        if path.parent != folder or path.suffix != ".yaml":
            continue
        read = files.parsed(path, partial(provider_stanza.read, path.stem))
        if read is not None:
            found[path.stem] = read
    return found


def read_lock(files: RepoFiles) -> Lock:
    """Return what third-party SPF names resolved to when last reviewed."""
    path = files.root / LOCK_FILE
    if not path.exists() and not path.is_symlink():
        return Lock()
    from mailauth_dns.policy import spf_lock_file  # also loads what proves its entries

    return files.parsed(path, spf_lock_file.read, spf_lock_file.MAX_FILE) or Lock()


def check_keys_folder(files: RepoFiles, known: Collection[Path]) -> None:
    """A private key anywhere in zones/keys is a problem, even if no policy names the file.

    Files that are `known` were read for the policy that names them.
    """
    folder = files.root / KEY_DIR
    for path in files.walk(folder) if folder.is_dir() else ():
        if path in known:
            continue
        data = files.octets(path)
        if data is not None and b"PRIVATE KEY" in data:
            try:
                public_key_files.read(data)
            except public_key_files.KeyFileError as error:
                files.complain(path, str(error))
