"""A zone repo's folder to policies, with every problem of every file in one error."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from mailauth_dns.errors import FileProblem, PolicyError, RecordSyntaxError
from mailauth_dns.policy import document, provider_stanza, public_key_files, spf_lock_file
from mailauth_dns.policy.model import PolicyFile, SpfSection
from mailauth_dns.policy.model_errors import problems_of
from mailauth_dns.records import bimi, dkim, dmarc, mta_sts, tlsrpt
from mailauth_dns.records.name import (
    MAX_NAME,
    DomainName,
    ancestors,
    is_at_or_below,
    publishable_name,
)
from mailauth_dns.records.spf_parts import part_name

DEFAULTS = "_defaults.yaml"
POLICY_DIR = Path("zones/policy")
KEY_DIR = Path("zones/keys")
PROVIDER_DIR = Path("providers")
LIST_DIR = Path("zones")  # where lists of domains may lie
MAX_LIST = 64_000_000  # octets of a list; a million domains have about 20 MB
RESERVED = "_absent"  # zones/compiled/_absent.yaml

Route = tuple[str | int, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, eq=False, slots=True)
class Policy:
    """One domain's policy. Domains of one file share `body` and `root`."""

    domain: DomainName
    zone: DomainName
    body: PolicyFile
    root: document.Mapping = field(repr=False)
    path: str
    declared_at: document.Place
    keys: Mapping[str, public_key_files.PublicKey]  # selector -> the key in its file

    def place(self, route: Route) -> document.Place:
        """Return where the file says what `route` names."""
        return document.locate(self.root, route)


@dataclass(frozen=True, eq=False)
class Repo:
    """All that the files of a zone repo say."""

    root: Path
    policies: tuple[Policy, ...]
    stanzas: Mapping[str, provider_stanza.Stanza]
    lock: spf_lock_file.Lock


def load_repo(root: Path, *, may_be_empty: bool = False) -> Repo:
    """Read the zone repo in `root`; one without a policy is a problem unless it `may_be_empty`.

    Raises:
        PolicyError: with every problem of every file.
    """
    loader = _Loader(root, may_be_empty)
    repo = loader.load()
    if loader.problems:
        unique = dict.fromkeys(loader.problems)
        raise PolicyError(
            sorted(unique, key=lambda problem: (problem.path, problem.line, problem.column))
        )
    return repo


def read_defaults(path: str, data: bytes) -> document.Mapping:
    """Return what every policy inherits; nothing but comments is nothing to inherit.

    Raises:
        DocumentError: as `document.read`.
    """
    return document.read(
        path, data, "defaults hold keys of policies, such as `ttl: 3600`", may_be_empty=True
    )


class _Loader:
    def __init__(self, root: Path, may_be_empty: bool) -> None:
        self.root = root
        self._may_be_empty = may_be_empty
        self.problems: list[FileProblem] = []
        self._inside = root.resolve()
        self._folders: dict[str, bool] = {}
        self._key_paths: set[Path] = set()

    def load(self) -> Repo:
        folder = self.root / POLICY_DIR
        if not folder.is_dir() and not self._may_be_empty:
            problem = FileProblem(
                str(POLICY_DIR),
                0,
                0,
                "",
                f"there is no such folder in {self.root}; run in a zone repo, or name one with -C",
            )
            raise PolicyError([problem])
        stanzas = self._stanzas()
        paths = list(self._policy_files(folder)) if folder.is_dir() else []
        defaults = (
            self._read(folder / DEFAULTS, read_defaults) if folder / DEFAULTS in paths else None
        )
        if defaults is not None:
            self._check_defaults(defaults)
        policies: list[Policy] = []
        for path in paths:
            if path.name == DEFAULTS:
                continue
            root = self._read(path, document.read)
            if root is not None:
                policies.extend(
                    self._policies(
                        path, root if defaults is None else document.merged(defaults, root), root
                    )
                )
        if not paths and not self.problems and not self._may_be_empty:
            self.problems.append(
                FileProblem(
                    POLICY_DIR.as_posix(),
                    0,
                    0,
                    "",
                    "holds no policy; write one, for example example.com.yaml",
                )
            )
        self._check_keys_folder()
        self._check_together(policies, stanzas)
        return Repo(
            self.root,
            tuple(sorted(policies, key=lambda policy: policy.domain)),
            stanzas,
            self._lock(),
        )

    # Files

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _bytes(
        self,
        path: Path,
        place: document.Place | None = None,
        key: str = "",
        limit: int = document.MAX_FILE,
    ) -> bytes | None:
        """Read a file of the repo; a problem is put at `place`, the key that names the file, where there is one."""

        def complain(message: str) -> None:
            name = self._relative(path) if path.is_relative_to(self.root) else str(path)
            self.problems.append(
                place.problem(key, f"{name}: {message}")
                if place
                else FileProblem(name, 0, 0, key, message)
            )

        try:
            status = path.lstat()
            if not self._is_inside(path, status):
                complain("lies outside the repo; every file that a policy names must be inside it")
                return None
            if stat.S_ISLNK(status.st_mode):
                if not self._is_of_its_kind(path):
                    complain(
                        "is a link to a file of another kind, whose lines would be shown; put the file itself here"
                    )
                    return None
                status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                complain("not a regular file")  # to open a pipe would be to wait for ever
                return None
            if status.st_size > limit:
                complain(f"has {status.st_size} octets, at most {limit} are read; split it")
                return None
            return path.read_bytes()
        except FileNotFoundError:
            if place is None and not os.path.lexists(path):
                return None  # it was there when its folder was listed: the draft of another run, which has become a file since
            complain(
                "there is no such file"
                if path.parent.resolve().is_relative_to(self._inside)
                else "lies outside the repo"
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = (
                getattr(error, "strerror", None)
                or "symbolic links go in a circle, or the name is not a file's"
            )
            complain(f"cannot be read: {reason}")
        return None

    def _is_inside(self, path: Path, status: os.stat_result) -> bool:
        """Tell whether a file lies in the repo, symbolic links followed; folders are remembered. `status` is that of a link itself.

        Raises:
            OSError: there is no such file.
        """
        if stat.S_ISLNK(status.st_mode) or ".." in path.parts:
            return path.resolve(strict=True).is_relative_to(self._inside)
        folder = os.path.dirname(path)  # noqa: PTH120 - a Path for each of many files costs more than to read them
        if folder not in self._folders:
            self._folders[folder] = path.parent.resolve().is_relative_to(self._inside)
        return self._folders[folder]

    def _is_of_its_kind(self, link: Path) -> bool:
        """Tell whether a link leads to a file with the same ending, and not into a hidden folder such as .git, which can hold secrets."""
        real = Path(os.path.realpath(link)).relative_to(self._inside)
        return real.suffix == link.suffix and not any(part.startswith(".") for part in real.parts)

    def _read(
        self, path: Path, read: Callable[[str, bytes], _T], limit: int = document.MAX_FILE
    ) -> _T | None:
        data = self._bytes(path, limit=limit)
        if data is None:
            return None
        try:
            return read(self._relative(path), data)
        except document.DocumentError as error:
            self.problems.extend(error.problems)
            return None

    def _policy_files(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=attrgetter("name"))
        except OSError as error:
            self.problems.append(
                FileProblem(self._relative(folder), 0, 0, "", f"cannot be read: {error.strerror}")
            )
            return
        for entry in entries:
            path = folder / entry.name
            if (
                path.is_dir() if entry.is_symlink() else entry.is_dir()
            ):  # a circle of links is no folder, and told when it is read
                if any(path.glob("*.y*ml")):
                    self.problems.append(
                        FileProblem(
                            self._relative(path),
                            0,
                            0,
                            "",
                            "policies in sub-folders are not read; move them up",
                        )
                    )
            elif path.suffix == ".yml":
                self.problems.append(
                    FileProblem(
                        self._relative(path), 0, 0, "", "only *.yaml is read; rename the file"
                    )
                )
            elif path.suffix == ".yaml" and not path.name.startswith("."):
                yield path

    def _stanzas(self) -> dict[str, provider_stanza.Stanza]:
        folder = self.root / PROVIDER_DIR
        found: dict[str, provider_stanza.Stanza] = {}
        for path in self._walk(folder) if folder.is_dir() else ():
            if path.parent != folder or path.suffix != ".yaml":
                continue
            if (read := self._read(path, partial(provider_stanza.read, path.stem))) is not None:
                found[path.stem] = read
        return found

    def _lock(self) -> spf_lock_file.Lock:
        path = self.root / spf_lock_file.LOCK_FILE
        there = path.exists() or path.is_symlink()
        return (
            self._read(path, spf_lock_file.read, spf_lock_file.MAX_FILE) if there else None
        ) or spf_lock_file.Lock()

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Yield the files in and below a folder; one that cannot be looked into is a problem, not an empty one."""

        def complain(error: OSError) -> None:
            name = self._relative(Path(error.filename or folder))
            self.problems.append(FileProblem(name, 0, 0, "", f"cannot be read: {error.strerror}"))

        for parent, folders, files in os.walk(folder, onerror=complain):
            folders.sort()
            yield from (Path(parent) / name for name in sorted(files))

    # One policy

    def _check_defaults(self, defaults: document.Mapping) -> None:
        for key in ("domain", "domains", "domains_file", "zone"):
            if key in defaults.items:
                self.problems.append(
                    defaults.keys[key].problem(key, "belongs into a policy, not into the defaults")
                )

    def _policies(
        self, path: Path, root: document.Mapping, own: document.Mapping
    ) -> Iterator[Policy]:
        whole = document.without_nulls(root)
        root, own = whole, whole if own is root else document.without_nulls(own)
        root = _with_one_ending(self._without_inherited_mail(root, own), own)
        self._check_spellings(root)
        try:
            body = PolicyFile.model_validate(document.plain(root))
        except ValidationError as error:
            self.problems.extend(problems_of(error, root, PolicyFile))
            return
        for text, place in self._domains(path, root, body):
            domain = DomainName(text)
            zone = DomainName(body.zone) if body.zone else domain
            if not is_at_or_below(domain, zone):
                self.problems.append(
                    document.value_place(root, ("zone",)).problem(
                        "zone", f"{domain} does not lie in the zone {zone}"
                    )
                )
                continue
            if zone == RESERVED:
                self.problems.append(
                    place.problem(
                        "zone", f"{RESERVED} cannot be a zone: compile has a file of that name"
                    )
                )
                continue
            self._check_lengths(domain, body, place)
            yield Policy(
                domain,
                zone,
                body,
                root,
                own.place.source.path,
                place,
                self._key_files(domain, body, root),
            )

    def _check_spellings(self, root: document.Mapping) -> None:
        """One selector in two spellings is two keys to YAML and one name to DNS: one of them would silently not be published."""
        dkim_section = root.items.get("dkim")
        selectors = document.child(dkim_section, "selectors") if dkim_section is not None else None
        first: dict[str, str] = {}
        for name, place in (
            selectors.keys.items() if isinstance(selectors, document.Mapping) else ()
        ):
            known = first.setdefault(name.lower().rstrip("."), name)
            if known != name:
                self.problems.append(
                    place.problem(
                        f"dkim.selectors.{name}", f"the same name in DNS as {known}; keep one"
                    )
                )

    def _without_inherited_mail(
        self, root: document.Mapping, own: document.Mapping
    ) -> document.Mapping:
        """Return a parked policy without the mail sections it inherits; sections of its own are problems."""
        parked = root.items.get("parked")
        if not isinstance(parked, document.Scalar) or parked.text not in ("true", "True"):
            return root
        items, places = dict(root.items), root.keys
        for key in ("spf", "dkim", "mta_sts", "tls_rpt", "bimi"):
            if key in own.items:
                self.problems.append(
                    own.keys[key].problem(
                        key, "a parked domain has no mail sections; take this out, or `parked`"
                    )
                )
            items.pop(key, None)
        section, own_dmarc = items.get("dmarc"), own.items.get("dmarc")
        if isinstance(own_dmarc, document.Mapping):
            for key in own_dmarc.items.keys() - {"rua", "ruf"}:
                self.problems.append(
                    own_dmarc.keys[key].problem(
                        f"dmarc.{key}",
                        "a parked domain always asks for reject; only rua and ruf can be given",
                    )
                )
        elif own_dmarc is not None:
            self.problems.append(
                own.keys["dmarc"].problem(
                    "dmarc",
                    "a parked domain always has a DMARC record; give rua and ruf, or nothing",
                )
            )
            items.pop("dmarc")
        if isinstance(section, document.Mapping):
            kept = {key: node for key, node in section.items.items() if key in ("rua", "ruf")}
            items["dmarc"] = document.Mapping(section.place, kept, section.keys)
        elif own_dmarc is None:
            items.pop("dmarc", None)
        return document.Mapping(root.place, items, places)

    def _domains(
        self, path: Path, root: document.Mapping, body: PolicyFile
    ) -> Iterator[tuple[str, document.Place]]:
        if body.domain is not None:
            yield body.domain, document.value_place(root, ("domain",))
        for index, domain in enumerate(body.domains or ()):
            yield domain, document.value_place(root, ("domains", index))
        if body.domains_file is None:
            return
        where = document.value_place(root, ("domains_file",))
        listing = path.parent / body.domains_file
        data = self._bytes(listing, where, "domains_file", MAX_LIST)
        if data is None:
            return
        real = Path(os.path.realpath(listing)).relative_to(self._inside)
        if real.suffix != ".txt" or real.parts[0] != LIST_DIR.name:
            message = f"{body.domains_file}: not a *.txt file below {LIST_DIR}; other files hold more than names: put the list there"
            self.problems.append(where.problem("domains_file", message))
            return
        try:
            lines = tuple(data.decode("utf-8-sig").splitlines())
        except UnicodeDecodeError:
            self.problems.append(where.problem("domains_file", f"{body.domains_file} is not UTF-8"))
            return
        yield from self._listed(document.Source(real.as_posix(), lines))

    def _listed(self, source: document.Source) -> Iterator[tuple[str, document.Place]]:
        """Yield the names in a list. A line that is no name is not quoted: nobody knows what it is."""
        for number, line in enumerate(source.lines, 1):
            text = line.partition("#")[0].strip()
            if not text:
                continue
            place = document.Place(source, number, line.index(text) + 1, len(text))
            try:
                domain = publishable_name(text)
            except RecordSyntaxError as error:
                message = f"not a domain name: {error.expected.partition(':')[0]}"
                self.problems.append(
                    FileProblem(source.path, number, place.column + error.start, "", message)
                )
                continue
            if domain.startswith("*"):
                self.problems.append(
                    place.problem("", "a wildcard cannot have a policy of its own; name the domain")
                )
                continue
            yield domain, place

    def _check_lengths(self, domain: DomainName, body: PolicyFile, place: document.Place) -> None:
        names = [dmarc.owner_name(domain)]
        if body.dkim is not None:
            names += [dkim.owner_name(selector, domain) for selector in body.dkim.selectors]
        if isinstance(body.spf, SpfSection) and body.spf.flatten:
            names.append(part_name("", domain))
        if body.mta_sts is not None:
            names.append(mta_sts.owner_name(domain))
        if body.tls_rpt is not None:
            names.append(tlsrpt.owner_name(domain))
        names += [bimi.owner_name(selector, domain) for selector in body.bimi or ()]
        if body.parked is not None:
            names.append(dkim.owner_name("*", domain))
        for name in names:
            if len(name) > MAX_NAME:
                self.problems.append(
                    place.problem(
                        "", f"{name} would have {len(name)} octets; DNS allows {MAX_NAME}"
                    )
                )

    def _key_files(
        self, domain: DomainName, body: PolicyFile, root: document.Mapping
    ) -> dict[str, public_key_files.PublicKey]:
        found: dict[str, public_key_files.PublicKey] = {}
        for selector, section in (body.dkim.selectors if body.dkim else {}).items():
            if section.key is None or section.state == "absent":
                continue
            route = ("dkim", "selectors", selector, "key")
            where = f"dkim.selectors.{selector}.key"
            place = document.value_place(root, route)
            self._key_paths.add(self.root / KEY_DIR / domain / section.key)
            data = self._bytes(self.root / KEY_DIR / domain / section.key, place, where)
            if data is None:
                continue
            try:
                key = public_key_files.read(data)
            except public_key_files.KeyFileError as error:
                self.problems.append(
                    place.problem(where, f"{KEY_DIR.as_posix()}/{domain}/{section.key}: {error}")
                )
                continue
            if section.k is not None and section.k != key.k:
                self.problems.append(
                    place.problem(
                        where, f"the file holds an {key.k} key, but k is {section.k}; leave k out"
                    )
                )
            found[selector] = key
        return found

    # All policies

    def _check_keys_folder(self) -> None:
        """A private key anywhere in zones/keys is a problem, also when no policy names the file."""
        for path in self._walk(self.root / KEY_DIR) if (self.root / KEY_DIR).is_dir() else ():
            if path in self._key_paths:
                continue  # it was read for the policy that names it
            data = self._bytes(path)
            if data is not None and b"PRIVATE KEY" in data:
                try:
                    public_key_files.read(data)
                except public_key_files.KeyFileError as error:
                    self.problems.append(FileProblem(self._relative(path), 0, 0, "", str(error)))

    def _check_together(
        self, policies: list[Policy], stanzas: Mapping[str, provider_stanza.Stanza]
    ) -> None:
        zones = {policy.zone for policy in policies}
        first_of_domain: dict[DomainName, Policy] = {}
        first_of_zone: dict[DomainName, Policy] = {}
        for policy in policies:
            first = first_of_domain.setdefault(policy.domain, policy)
            if first is not policy:
                at = first.declared_at
                message = f"{policy.domain} is declared twice, first at {at.source.path}:{at.line}:{at.column}; keep one"
                self.problems.append(policy.declared_at.problem("domain", message))
            deeper = next(
                (
                    name
                    for name in (policy.domain, *ancestors(policy.domain, policy.zone))
                    if name in zones and name != policy.zone
                ),
                None,
            )
            if deeper is not None:
                message = f"{policy.domain} lies in the zone {deeper}, which this repo also holds; write `zone: {deeper}`"
                self.problems.append(policy.declared_at.problem("domain", message))
            sharer = first_of_zone.setdefault(policy.zone, policy)
            for key in ("providers", "nameservers"):
                if set(getattr(policy.body, key)) != set(getattr(sharer.body, key)):
                    message = f"policies of the zone {policy.zone} must have the same {key}; {sharer.path} has others"
                    self.problems.append(policy.place((key,)).problem(key, message))
            self._check_providers(policy, stanzas)

    def _broken_stanzas(self) -> frozenset[str]:
        """Return the stanzas that are there and have problems of their own."""
        return frozenset(problem.path for problem in self.problems)

    def _check_providers(
        self, policy: Policy, stanzas: Mapping[str, provider_stanza.Stanza]
    ) -> None:
        for index, id in enumerate(policy.body.providers):
            if (
                id not in stanzas
                and f"{PROVIDER_DIR.as_posix()}/{id}.yaml" not in self._broken_stanzas()
            ):
                place = document.value_place(policy.root, ("providers", index))
                known = ", ".join(sorted(stanzas)) or "none yet"
                self.problems.append(
                    place.problem(
                        "providers", f"there is no providers/{id}.yaml; there are: {known}"
                    )
                )


def _with_one_ending(root: document.Mapping, own: document.Mapping) -> document.Mapping:
    """Return a policy whose own `redirect` drops an inherited `all`, and the other way round."""
    spf, own_spf = root.items.get("spf"), own.items.get("spf")
    if not isinstance(spf, document.Mapping) or not isinstance(own_spf, document.Mapping):
        return root
    for key, other in (("redirect", "all"), ("all", "redirect")):
        if key in own_spf.items and other in spf.items and other not in own_spf.items:
            items = {name: node for name, node in spf.items.items() if name != other}
            return document.Mapping(
                root.place,
                {**root.items, "spf": document.Mapping(spf.place, items, spf.keys)},
                root.keys,
            )
    return root
