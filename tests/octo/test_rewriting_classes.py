"""Classes of octoDNS that cannot keep what is not ours: what is refused, and what is still done."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from octodns.provider.yaml import YamlProvider

from mailauth_dns.octo.rewriting_classes import WHOLE_ZONE
from tests.conftest import RepoFolder

ZONE = """\
? ""
: - {type: TXT, values: %s}
  - {type: NS, values: [ns1.example.net., ns2.example.net.]}
"""
POLICY = "domain: example.com\nproviders: [p]\nspf: {all: fail}\ndmarc: {p: none}\n"
APPLY = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")


@pytest.fixture
def held(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The zone at a provider whose class has the name of one that deletes first."""
    module = ModuleType("octodns_gandi")
    kind = type("GandiProvider", (YamlProvider,), {"__module__": "octodns_gandi"})
    module.GandiProvider = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "octodns_gandi", module)
    folder = repo.root / "held"
    repo.provider("p", {"class": "octodns_gandi.GandiProvider", "directory": str(folder)})
    repo.policy(POLICY)
    return repo.write("held/example.com.yaml", "")


def test_a_set_that_others_share_is_not_deleted_to_be_made_anew(
    repo: RepoFolder, held: Path
) -> None:
    held.write_text(ZONE % '[token=1, "v=spf1 ~all"]')
    planned = repo.run("plan", "--no-live", "--out", "plan.json")
    assert planned.code == 1
    assert "this provider's class deletes the set before it makes it anew" in planned.out
    assert repo.run(*APPLY).code == 1
    assert "token=1" in held.read_text()
    assert "v=spf1 ~all" in held.read_text()


def test_our_value_that_was_written_by_hand_is_taken_and_the_rest_is_done(
    repo: RepoFolder, held: Path
) -> None:
    held.write_text(ZONE % '[token=1, "v=spf1 -all"]')
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    applied = repo.run(*APPLY)
    assert applied.code == 0, applied.said
    assert "v=DMARC1" in held.read_text()
    assert "token=1" in held.read_text()


@pytest.mark.parametrize("name", sorted(WHOLE_ZONE))
def test_a_class_that_writes_whole_zones_is_refused_by_name(repo: RepoFolder, name: str) -> None:
    repo.provider("p", {"class": name})
    repo.policy(POLICY)
    planned = repo.run("plan", "--no-live")
    assert planned.code == 1
    assert f"class: {name} writes the whole zone anew" in planned.said
