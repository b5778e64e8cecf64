"""A team at each forge, whose pipeline is run step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from tests.ci.forge_server import ForgeServer, Kind
from tests.ci.hub_workflow import HubWorkflow
from tests.ci.lab_pipeline import LabPipeline
from tests.ci.team import Team
from tests.ci.zones import AtBind, Files
from tests.conftest import need
from tests.lab.bind import Bind
from tests.lab.servers import missing

PATHS = {"github": ".github/workflows/mailauth.yml", "forgejo": ".forgejo/workflows/mailauth.yml"}


@dataclass
class Story:
    """A team, and the pipeline that its forge runs."""

    team: Team
    pipeline: HubWorkflow | LabPipeline

    @property
    def comments(self) -> list[str]:
        """What stands under pull requests, all of them."""
        return [each["body"] for those in self.team.forge.comments.values() for each in those]


Begin = Callable[..., Story]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begin a story at a forge, with zones in files or at BIND."""
    with ExitStack() as stack:

        def begun(kind: Kind, zones: Callable[[Path], Files | AtBind] = Files) -> Story:
            if zones is AtBind:
                need(missing(Bind))
            forge = stack.enter_context(ForgeServer(kind))
            provider = zones(tmp_path)
            stack.enter_context(provider)
            team = Team(tmp_path, forge, provider)
            team.begin(kind)
            pipeline = LabPipeline(team) if kind == "gitlab" else HubWorkflow(team, PATHS[kind])
            return Story(team, pipeline)

        yield begun


@pytest.fixture(params=get_args(Kind))
def story(request: pytest.FixtureRequest, begin: Begin) -> Story:
    """A story at each forge."""
    return begin(request.param)
