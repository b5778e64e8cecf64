"""What the files of a zone repo hold, as one digest: machines with the same one did the same work.

It is of the octets: findings and plans say the lines at which something stands.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from mailauth_dns.errors import MailAuthError

_FOLDERS = ("zones", "providers")
_MADE = ("zones/compiled", "zones/mta-sts")  # by `compile`, from the rest


def repo_state(root: Path) -> str:
    """Return the SHA-256 over the names and the octets of all files that policies are read from.

    Raises:
        MailAuthError: a file cannot be read.
    """
    found = hashlib.sha256()
    for path in _files(root):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MailAuthError(f"{path}: {error.strerror}") from None
        name = path.relative_to(root).as_posix().encode(errors="surrogateescape")
        found.update(b"%d %s %d " % (len(name), name, len(data)))
        found.update(data)
    return found.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    made, seen = {root / each for each in _MADE}, set[str]()
    # Nothing that lies outside is read for a policy, and it may be the whole machine.
    inside = root.resolve()
    for top in _FOLDERS:
        for folder, folders, names in os.walk(root / top, followlinks=True):
            here, real = Path(folder), os.path.realpath(folder)
            if real in seen or here in made or not Path(real).is_relative_to(inside):
                folders.clear()  # a link that leads back or away, or what is made
                continue
            seen.add(real)
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for name in sorted(names):
                path = here / name
                if name.startswith(".") or not path.is_file():
                    continue
                if not path.is_symlink() or path.resolve().is_relative_to(inside):
                    yield path
