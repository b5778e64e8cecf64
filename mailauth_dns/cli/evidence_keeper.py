"""Reports put into zones/evidence while they are read.

What waits to be written is bounded. So a run over many reports takes no more memory than one over
few, and what is on disk after a kill is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from mailauth_dns import atomic_files
from mailauth_dns.compile.declarations import dmarc_text
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.evidence import MailReport
from mailauth_dns.evidence.figures import count
from mailauth_dns.evidence.gate.counted import is_about
from mailauth_dns.evidence.kept import evidence_files, fold
from mailauth_dns.evidence.kept.evidence_text import text_of
from mailauth_dns.evidence.kept.keep import keep, size
from mailauth_dns.evidence.kept.kept_files import KeptFile, KeptFiles
from mailauth_dns.evidence.kept.room import NEWEST
from mailauth_dns.evidence.kept.together import AnyReport
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.repo_layout import EVIDENCE_DIR
from mailauth_dns.records import dmarc_received
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import Record, Report
from mailauth_dns.reports.containers import Unread
from mailauth_dns.reports.read_reports import Outcome, ReadAggregate, ReadTls, Repeated
from mailauth_dns.reports.tally import Counting, Tally

_WAITING = 100_000  # rows, before they are written
_CLOCKS = timedelta(days=1)  # reporters' clocks, and days that end elsewhere

# Both branches add lines at the same place, at the end: that is a conflict for git. Who takes the
# file out gets these, and they can be read as well.
_ATTRIBUTES = b"""\
# Reports of both branches count; `mailauth-dns reports read --write` puts them in order.
*.json merge=union
_*.json !merge
"""


class Short(NamedTuple):
    """An aggregate report in five numbers, and as it is kept."""

    tally: Tally
    report: MailReport


def short(report: Report, records: Iterator[Record]) -> Short:
    """Count a report, and make it what is kept of it, in one go."""
    counting = Counting()
    found = fold.short(report, counting.through(records))
    return Short(counting.tally, found)


class _Came(NamedTuple):
    """A report that came, from where; no place where it is told already what is odd about it."""

    report: AnyReport
    place: str | None


class EvidenceKeeper:
    """Takes what was read, and keeps it in the files of a repo.

    `unread` is what it found wrong with reports that could be read.
    """

    def __init__(self, repo: Repo, now: datetime) -> None:
        self._root = repo.root
        self._policies = {policy.domain: policy for policy in repo.policies}
        self._latest = (now + _CLOCKS).timestamp()
        self._waiting: dict[DomainName, list[_Came]] = {}
        self._rows = 0
        self._files: dict[DomainName, KeptFile] = {}
        self._left_out: dict[str, int] = {}
        self._orphans: list[str] = []
        self.unread: list[Unread] = []

    def add(self, outcome: Outcome[Short]) -> Outcome[Tally]:
        """Take one outcome in, and return it with its numbers alone."""
        match outcome:
            case ReadAggregate() | ReadTls():
                return self._taken(outcome, outcome.place)
            case Repeated(other=other) if other is not None:
                self._taken(other, None)
                return Repeated(outcome.place, outcome.first, _counted(other))
            case Repeated():
                return Repeated(outcome.place, outcome.first)
        return outcome

    def _taken(
        self, read: ReadAggregate[Short] | ReadTls, place: str | None
    ) -> ReadAggregate[Tally] | ReadTls | Unread:
        reporter = read.report.reporter
        if reporter.end > self._latest:
            why = f"is of a time that is still to come: it ends on {reporter.last_day}"
            return Unread(read.place, why)
        found: Iterable[tuple[DomainName, AnyReport]] = (
            [(read.report.policy.domain, read.value.report)]
            if isinstance(read, ReadAggregate)
            else fold.sessions(read.report).items()
        )
        for domain, report in found:
            if domain in self._policies:
                self._waiting.setdefault(domain, []).append(_Came(report, place))
                self._rows += 1 + (len(report.rows) if isinstance(report, MailReport) else 0)
            else:
                self._left_out[domain] = self._left_out.get(domain, 0) + 1
        if self._rows >= _WAITING:
            self._flush()
        return _counted(read)

    def finish(self, *, all_files: bool) -> None:
        """Write what waits.

        With `all_files`, those of other domains are put in order too, as after a merge.
        """
        for path in sorted((self._root / EVIDENCE_DIR).glob("*.json")) if all_files else ():
            if (domain := DomainName(path.stem)) in self._policies:
                self._waiting.setdefault(domain, [])
            elif not path.name.startswith("_"):
                self._orphans.append((EVIDENCE_DIR / path.name).as_posix())
        self._flush()

    @property
    def kept(self) -> KeptFiles:
        """What became of the files so far."""
        files = tuple(self._files[domain] for domain in sorted(self._files))
        return KeptFiles(files, dict(sorted(self._left_out.items())), tuple(self._orphans))

    def _flush(self) -> None:
        waiting, self._waiting, self._rows = self._waiting, {}, 0
        if not waiting:
            return
        try:
            folder = _folder(self._root)
            with atomic_files.alone(folder):
                atomic_files.sweep(folder, "*.json")
                for domain, came in sorted(waiting.items()):
                    before = self._files.get(domain)
                    if before is None or before.problem is None:
                        self._files[domain] = _together(before, self._kept(folder, domain, came))
        except OSError as error:
            raise MailAuthError(f"{error.filename or EVIDENCE_DIR}: {error.strerror}") from None

    def _kept(self, folder: Path, domain: DomainName, came: list[_Came]) -> KeptFile:
        """Put reports into one file."""
        relative = evidence_files.path_of(domain)
        file = KeptFile(domain, relative.as_posix())
        try:
            before, data = evidence_files.read_to_change(self._root, domain, self._latest)
            kept = keep(before, [each.report for each in came])
            text = text_of(kept.evidence).encode()
            if written := text != data:
                path = folder / relative.name
                atomic_files.replace_file(path, text, durable=False, instead_of=data)
        except MailAuthError as error:
            return replace(file, problem=str(error))
        except OSError as error:
            return replace(file, problem=f"{relative}: {error.strerror}")
        self._tell(relative, came, kept.contradicted)
        self._tell_crowded(relative, kept.crowded)
        return replace(
            file,
            reports=size(kept.evidence),
            added=len(kept.added),
            other_policy=_of_another(self._policies[domain], kept.added),
            too_old=kept.too_old,
            written=written,
        )

    def _tell(self, path: Path, came: list[_Came], contradicted: Iterable[int]) -> None:
        for index in contradicted:
            if (place := came[index].place) is not None:
                why = f"says something else than the report with its id in {path.as_posix()}"
                self.unread.append(Unread(place, f"{why}; the one that says less good is kept"))

    def _tell_crowded(self, path: Path, crowded: Mapping[str, int]) -> None:
        for reporter, number in crowded.items():
            why = (
                f"no room for {count(number, 'report')} of {reporter} of the last {NEWEST.days} "
                "days, which sends more than its share: those that say less good are kept; look "
                "for false ones"
            )
            self.unread.append(Unread(path.as_posix(), why))


def _folder(root: Path) -> Path:
    """Return the folder of evidence, which need not exist yet.

    Raises:
        OSError: it lies outside the repo, or cannot be made.
    """
    folder = atomic_files.own_folder(root, EVIDENCE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("[!_]*.json")):
        with suppress(FileExistsError):
            atomic_files.create_file(folder / ".gitattributes", _ATTRIBUTES)
    return folder


def _counted(read: ReadAggregate[Short] | ReadTls) -> ReadAggregate[Tally] | ReadTls:
    if isinstance(read, ReadTls):
        return read
    return ReadAggregate(read.place, read.report, read.value.tally, read.told)


def _together(before: KeptFile | None, after: KeptFile) -> KeptFile:
    """Return what became of a file that was written in several goes."""
    if before is None:
        return after
    return replace(
        after,
        added=before.added + after.added,
        other_policy=before.other_policy + after.other_policy,
        too_old=before.too_old + after.too_old,
        written=before.written or after.written,
    )


def _of_another(policy: Policy, reports: Iterable[AnyReport]) -> int:
    """Return how many reports found another DMARC policy than the one that is declared."""
    text = dmarc_text(policy)
    received = dmarc_received.receive(text) if text is not None else None
    record = received.applied if received is not None else None
    return sum(
        record is not None and isinstance(each, MailReport) and not is_about(each.published, record)
        for each in reports
    )
