"""What `reports read --write` did to the files of evidence, as text and as JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from mailauth_dns.evidence.kept.kept_files import KeptFile, KeptFiles
from mailauth_dns.render.terminal_text import count, styled


def lines(kept: KeptFiles, *, all_files: bool) -> Iterator[Text]:
    """Yield the lines for people.

    Unless a run looked at `all_files`, it looked at those of the reports that it read. Then no file
    does not say that there is no evidence.
    """
    if not (kept.files or kept.left_out or kept.orphans):
        none = "There is no evidence yet" if all_files else "Nothing was added to the evidence"
        yield Text(none)
    told = [line for file in kept.files for line in _file(file)]
    same = sum(file.problem is None and not any(_file(file)) for file in kept.files)
    told += [f"nothing new in {count(same, 'file')}"] if same else []
    old = sum(file.too_old for file in kept.files)
    told += [f"too old to keep: {count(old, 'report')}"] if old else []
    yield from section("Evidence", told, "green")
    problems = (line for problem in kept.problems for line in problem.splitlines())
    yield from section("Not written", problems, "red")
    left = (
        f"{domain}: {count(number, 'report')}, and no policy"
        for domain, number in kept.left_out.items()
    )
    orphans = (f"{path}: there is no policy; delete the file" for path in kept.orphans)
    yield from section("Left out", [*left, *orphans], "yellow")


def _file(file: KeptFile) -> Iterator[str]:
    """Yield what happened to a file."""
    if file.added:
        yield f"{file.path}: {count(file.added, 'report')} added, {file.reports} in all"
    elif file.written:
        yield f"{file.path}: put in order, {count(file.reports, 'report')}"
    if file.other_policy:
        yield (
            f"{file.path}: {count(file.other_policy, 'report')} of another policy than yours, "
            "which count for no step"
        )


def section(title: str, lines: Iterable[str], style: str) -> Iterator[Text]:
    """Yield a heading and the lines below it; nothing where there are none."""
    found = list(lines)
    if found:
        yield styled(0, (title, "bold"))
        yield from (styled(2, (line, style)) for line in found)


def data(kept: KeptFiles) -> dict[str, Any]:
    """Return the same as JSON data."""
    return {
        "files": [
            {
                "domain": file.domain,
                "path": file.path,
                "reports": file.reports,
                "added": file.added,
                "other_policy": file.other_policy,
                "too_old": file.too_old,
                "written": file.written,
                "problem": file.problem,
            }
            for file in kept.files
        ],
        "left_out": [
            {"domain": domain, "reports": number} for domain, number in kept.left_out.items()
        ],
        "without_policy": list(kept.orphans),
    }
