"""A few rounds of script/soak; the whole of it is for people."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import need
from tests.lab.bind import Bind
from tests.lab.powerdns import PowerDns
from tests.lab.servers import missing

sys.path.append(str(Path(__file__).parents[2] / "script"))
import soak


@pytest.mark.parametrize("kind", [Bind, PowerDns], ids=lambda kind: kind.id)
def test_no_zone_ends_wrong_beside_a_second_writer(kind: type[Bind] | type[PowerDns]) -> None:
    need(missing(kind))
    seen, writes = soak.beside_a_second_writer(kind, 3)
    assert seen.applies == 3
    assert writes > 0
    assert (seen.wrong, seen.lost if kind is Bind else 0) == (0, 0)
    assert seen.lost <= seen.told  # each loss is told


def test_an_apply_that_is_killed_is_finished_by_the_next() -> None:
    need(missing(Bind) or missing(PowerDns))
    ended = soak.killed(2, zones=3)
    assert (ended.kills, ended.wrong) == (2, 0)
