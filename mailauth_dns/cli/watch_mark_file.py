"""The file in which `reports watch` keeps what it has told: runs take turns, and none loses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mailauth_dns import atomic_files
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.watch import mark as watch_mark
from mailauth_dns.evidence.watch.mark import Mark
from mailauth_dns.evidence.watch.watched_domains import WatchedDomain
from mailauth_dns.policy.repo_layout import EVIDENCE_DIR

MARK = EVIDENCE_DIR / "_watch.json"


class MarkFile:
    """What was told before, and the place for what has been told since."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MARK.name
        self._octets: bytes | None = None
        self.mark: Mark = {}
        if self._path.is_symlink():
            raise MailAuthError(f"{MARK}: is a link; put the file itself there, or delete it")
        if self._path.exists():
            with _told():
                self._octets = self._path.read_bytes()
            self.mark = watch_mark.parse(_decoded(self._octets), MARK.as_posix())

    def write(self, found: Sequence[WatchedDomain]) -> None:
        """Keep what was told of these domains; of others, what is there stays.

        Raises:
            MailAuthError: it cannot be written, or somebody else has changed it.
        """
        new = {each.domain: each.told for each in found if each.told is not None}
        octets = watch_mark.text_of({**self.mark, **new}).encode()
        if new and octets != self._octets:
            with _told():
                atomic_files.replace_file(self._path, octets, durable=True, instead_of=self._octets)


@contextmanager
def marked(root: Path) -> Iterator[MarkFile]:
    """Give the mark of a repo to one run at a time.

    Raises:
        MailAuthError: it is broken or cannot be read, or the repo has no evidence.
    """
    with ExitStack() as held:
        with _told():
            folder = atomic_files.own_folder(root, EVIDENCE_DIR)
            if not folder.is_dir():
                raise MailAuthError(
                    f"there is no {EVIDENCE_DIR}: `mailauth-dns reports read PATH --write` makes it"
                )
            held.enter_context(atomic_files.alone(folder))
        yield MarkFile(folder)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MailAuthError(f"{MARK}: {error.strerror}") from None


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return ""  # which is no JSON
