"""How often an apply asks a provider where one zone of many changes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conftest import RepoFolder
from tests.deploy.provider import Remote
from tests.deploy.remote_zones import APPLY, ZONES, holds, remote

pytestmark = pytest.mark.usefixtures("remote_anew")

ALL = ("plan", "--no-live", "--out", "plan.json")


def test_a_zone_of_many_that_does_not_change_is_read_once(repo: RepoFolder) -> None:
    """All zones of the plan are checked first; only the one that changes is asked for again."""
    folder = remote(repo, *ZONES)
    assert repo.run(*ALL).code == 0
    assert repo.run(*APPLY).code == 0
    changed = folder / f"{ZONES[5]}.yaml"
    changed.write_text('? ""\n: - {type: TXT, value: token=kept}\n')
    assert repo.run(*ALL).code == 0
    Remote.forget()
    applied = repo.run(*APPLY)
    assert applied.code == 0, applied.said
    assert holds(folder, ZONES[5]) == (True, True)
    zone = f"{ZONES[5]}."
    others = {("read", f"{each}."): 1 for each in ZONES}
    assert Remote.asked == Counter({**others, ("read", zone): 3, ("write", zone): 1})


def test_one_zone_is_read_written_and_read_back(repo: RepoFolder) -> None:
    remote(repo, ZONES[0])
    assert repo.run(*ALL).code == 0
    Remote.forget()
    assert repo.run(*APPLY).code == 0
    zone = f"{ZONES[0]}."
    assert Remote.asked == Counter({("read", zone): 2, ("write", zone): 1})


def test_many_changed_zones_are_each_read_once_more_before_the_first_is_written(
    repo: RepoFolder,
) -> None:
    remote(repo, *ZONES)
    assert repo.run(*ALL).code == 0
    Remote.forget()
    assert repo.run(*APPLY).code == 0
    assert Remote.asked == Counter(
        {(act, f"{zone}."): times for zone in ZONES for act, times in (("read", 3), ("write", 1))}
    )
