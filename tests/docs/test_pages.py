"""The docs are true: every command that a page shows is run, and says what the page shows.

`pytest tests/docs -k NAME` runs one page, and with `--update-docs` writes what was said into it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import need
from tests.docs import machine
from tests.docs.page import ROOT, Page, Skipped, read
from tests.docs.walk import Walk, rewritten

PATHS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

# Pages and blocks that nothing runs, each with its reason on the page. A longer list is a choice
# that somebody reviews.
NOT_RUN = {
    "README.md": 2,
    "docs/how-to/dask.md": 3,
    "docs/how-to/opendkim-debian.md": 1,
    "docs/how-to/opendkim-rhel.md": 4,
    "docs/how-to/pre-commit.md": 1,
    "docs/tutorials/bind.md": 1,
    "docs/tutorials/parked-fleet.md": 1,
    "docs/tutorials/powerdns.md": 1,
    "docs/tutorials/registrar-form.md": 2,
    "docs/tutorials/team-pipeline.md": 1,
}


def test_what_is_not_run_is_listed() -> None:
    pages = [read(path) for path in PATHS]
    skipped = {
        page.name: sum(isinstance(step, Skipped) for step in page.steps) + (page.machine == "none")
        for page in pages
    }
    assert {name: count for name, count in skipped.items() if count} == NOT_RUN


def _shell(page: Page, scratch: Path) -> machine.Shell:
    return machine.lab(scratch, page.lab) if page.machine == "lab" else machine.plain(scratch)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_is_true(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = read(path)
    if page.machine == "none":
        return
    need(machine.missing(page.machine))
    with _shell(page, tmp_path) as shell:
        walk = Walk(page, shell, tmp_path)
        walk.take()
    if request.config.getoption("--update-docs"):
        path.write_text(rewritten(page, walk.outputs))
    assert not walk.problems, "\n\n".join(walk.problems)
