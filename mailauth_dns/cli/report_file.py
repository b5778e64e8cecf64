"""The file of `apply --report`: written before anything is asked, before the first write, and last.

So a name that cannot be written is refused early, and a run that is killed leaves a report that
says that it had begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mailauth_dns import __version__
from mailauth_dns.atomic_files import followed, replace_file
from mailauth_dns.cli.session import FAILED, INTERRUPTED
from mailauth_dns.deploy import reported_zones
from mailauth_dns.deploy.apply import ApplyResult
from mailauth_dns.deploy.git_commit import git_commit
from mailauth_dns.errors import MailAuthError, PlanRefused
from mailauth_dns.plan.apply_report import Outcome, Report, dumped, reported_plan
from mailauth_dns.plan.only import left_out
from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.plan.plan import Plan


class ReportFile:
    """A report that is written as the run goes on; without a path, nothing is."""

    def __init__(self, path: Path | None, report: Report) -> None:
        self._path = path
        self._report = report
        self._reviewed: Plan | None = None

    def of(self, whole: Plan, reviewed: Plan) -> None:
        """Note that this is an apply of the part `reviewed` of a plan."""
        self._reviewed = reviewed
        if self._path is not None:
            plan, others = reported_plan(whole), left_out(whole, reviewed)
            self._report = replace(self._report, plan=plan, left_out=others)

    def planned(self, fresh: Plan) -> None:
        """Write what is to be done."""
        if self._path is not None:
            zones = reported_zones.to_write(fresh, self._reviewed or fresh)
            self._report = replace(self._report, zones=zones)
            self.write()

    def ended(self, result: ApplyResult, allowed: Iterable[Allowance], code: int) -> None:
        """Write how the apply ended."""
        if self._path is None:
            return
        outcome: Outcome = "applied" if result.complete else "incomplete"
        reviewed = self._reviewed if self._reviewed is not None else result.plan
        self._report = replace(
            self._report,
            notes=result.notes,
            zones=reported_zones.written(result, reviewed, allowed),
        )
        self.closed("interrupted" if result.interrupted else outcome, code)

    def closed(self, outcome: Outcome, code: int, problem: str | None = None) -> None:
        """Write the end of the run."""
        self._report = replace(
            self._report, outcome=outcome, ended_at=_now(), exit_code=code, problem=problem
        )
        self.write()

    def write(self) -> None:
        """Write the report as it is.

        Raises:
            MailAuthError: it cannot be written.
        """
        if self._path is None:
            return
        try:
            replace_file(followed(self._path), dumped(self._report).encode(), durable=True)
        except OSError as error:
            raise MailAuthError(f"--report {self._path}: {error.strerror}") from None

    @property
    def is_closed(self) -> bool:
        """Tell whether the end of the run is written."""
        return self._report.ended_at is not None


@contextmanager
def reporting(
    path: Path | None, plan: Path | None, root: Path, allowed: Sequence[str], only: Sequence[str]
) -> Iterator[ReportFile]:
    """Write the report of an apply of `plan` as it begins, and close it where the run fails.

    Raises:
        MailAuthError: the report cannot be written, or would replace the plan.
    """
    if path is not None and plan is not None and _are_one(path, plan):
        raise MailAuthError(f"--report {path}: is the plan itself; name another file")
    commit = git_commit(root) if path is not None else None
    file = ReportFile(path, _begun(commit, allowed, only))
    file.write()
    try:
        yield file
    except (MailAuthError, OSError) as error:
        if not file.is_closed:
            _close(file, error)
        raise
    except KeyboardInterrupt:
        if not file.is_closed:
            with suppress(MailAuthError):
                file.closed("interrupted", INTERRUPTED)
        raise


def _are_one(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)


def _close(file: ReportFile, error: MailAuthError | OSError) -> None:
    """Write that a run failed; why it did is told also where the report cannot be written."""
    outcome: Outcome = "refused" if isinstance(error, PlanRefused) else "failed"
    try:
        file.closed(outcome, FAILED, str(error))
    except MailAuthError as lost:
        raise MailAuthError(f"{error}\n{lost}") from None


def _begun(commit: str | None, allowed: Sequence[str], only: Sequence[str]) -> Report:
    return Report(
        tool=__version__,
        outcome="begun",
        began_at=_now(),
        ended_at=None,
        exit_code=None,
        problem=None,
        commit=commit,
        plan=None,
        allowed=tuple(allowed),
        only=tuple(only) or None,
        left_out=(),
        notes=(),
        zones=(),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
