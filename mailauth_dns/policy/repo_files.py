"""The files of a zone repo: read only if they lie inside it, and every problem is collected."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

from mailauth_dns.errors import FileProblem
from mailauth_dns.typed_yaml.yaml_reader import MAX_FILE, DocumentError
from mailauth_dns.typed_yaml.yaml_tree import Place

_T = TypeVar("_T")


class Mention(NamedTuple):
    """The key of a policy that names a file, and where it stands."""

    place: Place
    key: str


class RepoFiles:
    """Reads files below `root`. What is wrong with a file is added to `problems`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[FileProblem] = []
        self._inside = root.resolve()
        self._below = f"{root}/"
        self._folders: dict[str, bool] = {}  # whether a folder lies inside the repo

    def relative(self, path: Path) -> str:
        """Return a path as messages show it."""
        text = str(path)
        if text.startswith(self._below):  # as nearly all do, and this takes no new Path
            return text[len(self._below) :]
        return path.relative_to(self.root).as_posix()

    def real(self, path: Path) -> Path:
        """Return the path inside the repo that a file has once symbolic links are followed."""
        return Path(os.path.realpath(path)).relative_to(self._inside)

    def complain(self, path: Path, message: str) -> None:
        """Add a problem with a whole file or folder."""
        self.problems.append(FileProblem(self.relative(path), 0, 0, "", message))

    def octets(
        self, path: Path, mention: Mention | None = None, limit: int = MAX_FILE
    ) -> bytes | None:
        """Return what a file holds; None, and a problem at its `mention`, if it cannot be read."""
        try:
            refusal = self._refusal(path, limit)
            if refusal is None:
                with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - quicker than a Path's
                    return file.read()
        except FileNotFoundError:
            if mention is None and not os.path.lexists(path):
                # The folder's listing had it: another run's draft, which has since become a file.
                return None
            inside = path.parent.resolve().is_relative_to(self._inside)
            refusal = "there is no such file" if inside else "lies outside the repo"
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None)
            refusal = "cannot be read: " + (
                reason or "symbolic links go in a circle, or the name is not a file's"
            )
        self._refuse(path, refusal, mention)
        return None

    def _refuse(self, path: Path, message: str, mention: Mention | None) -> None:
        name = self.relative(path) if path.is_relative_to(self.root) else str(path)
        self.problems.append(
            mention.place.problem(mention.key, f"{name}: {message}")
            if mention is not None
            else FileProblem(name, 0, 0, "", message)
        )

    def _refusal(self, path: Path, limit: int) -> str | None:
        """Return why a file must not be read; None if it may be.

        Raises:
            OSError: there is no such file.
        """
        status = path.lstat()
        if not self._is_inside(path, status):
            return "lies outside the repo; every file that a policy names must be inside it"
        if stat.S_ISLNK(status.st_mode):
            if not self._is_of_its_kind(path):
                return (
                    "is a link to a file of another kind, whose lines would be shown; "
                    "put the file itself here"
                )
            status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"  # opening a pipe would wait for ever
        if status.st_size > limit:
            return f"has {status.st_size} octets, at most {limit} are read; split it"
        return None

    def _is_inside(self, path: Path, status: os.stat_result) -> bool:
        """Tell whether a file lies in the repo once symbolic links are followed.

        `status` describes a link itself. Answers for folders are remembered.

        Raises:
            OSError: there is no such file.
        """
        if stat.S_ISLNK(status.st_mode) or ".." in path.parts:
            return path.resolve(strict=True).is_relative_to(self._inside)
        # A Path for each of many files would cost more than reading them.
        folder = os.path.dirname(path)  # noqa: PTH120
        if folder not in self._folders:
            self._folders[folder] = path.parent.resolve().is_relative_to(self._inside)
        return self._folders[folder]

    def _is_of_its_kind(self, link: Path) -> bool:
        """Tell whether a link leads to a file with the same ending, and not into a hidden folder.

        A hidden folder such as .git can hold secrets.
        """
        real = self.real(link)
        return real.suffix == link.suffix and not any(part.startswith(".") for part in real.parts)

    def parsed(
        self, path: Path, parse: Callable[[str, bytes], _T], limit: int = MAX_FILE
    ) -> _T | None:
        """Return what `parse` makes of a file; None, and its problems, if it refuses the file."""
        name = self.relative(path)
        if not name.isascii() and name != os.fsencode(name).decode(errors="replace"):
            self.complain(path, "its name is not UTF-8; rename the file")
            return None
        data = self.octets(path, limit=limit)
        if data is None:
            return None
        try:
            return parse(name, data)
        except DocumentError as error:
            self.problems.extend(error.problems)
            return None

    def walk(self, folder: Path) -> Iterator[Path]:
        """Yield the files in and below a folder. A folder that cannot be listed is a problem."""

        def complain(error: OSError) -> None:
            self.complain(Path(error.filename or folder), f"cannot be read: {error.strerror}")

        for parent, folders, files in os.walk(folder, onerror=complain):
            folders.sort()
            yield from (Path(parent) / name for name in sorted(files))

    def policy_files(self, folder: Path) -> Iterator[Path]:
        """Yield the *.yaml files of a folder, sorted; policies elsewhere are problems."""
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=attrgetter("name"))
        except OSError as error:
            self.complain(folder, f"cannot be read: {error.strerror}")
            return
        for entry in entries:
            path = folder / entry.name
            # A link that leads to itself is no folder; reading it reports the circle.
            if path.is_dir() if entry.is_symlink() else entry.is_dir():
                if any(path.glob("*.y*ml")):
                    self.complain(path, "policies in sub-folders are not read; move them up")
            elif path.suffix == ".yml":
                self.complain(path, "only *.yaml is read; rename the file")
            elif path.suffix == ".yaml" and not path.name.startswith("."):
                yield path
