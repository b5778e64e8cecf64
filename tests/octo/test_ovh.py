"""Records of OVH's own kinds, which octodns-ovh does not read: nothing is published beside them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from octodns.provider.yaml import YamlProvider

from tests.conftest import RepoFolder

POLICY = "domain: example.com\nproviders: [p]\nspf: {all: fail}\ndmarc: {p: none}\n"
NS = "? ''\n: {type: NS, values: [ns1.example.net., ns2.example.net.]}\n"
APPLY = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")


class _Ovh(YamlProvider):  # type: ignore[misc] # octoDNS has no types
    """A zone at OVH. As in octodns-ovh, `populate` leaves out kinds that it does not know."""

    own: tuple[tuple[str, str], ...] = ()  # the kind and the name of records of OVH's own kinds

    def get_records(self, zone_name: str) -> list[dict[str, Any]]:
        a = {"fieldType": "A", "subDomain": "www", "target": "192.0.2.1", "zone": zone_name}
        return [a, *({"fieldType": kind, "subDomain": name} for kind, name in self.own)]

    def populate(self, zone: Any, target: bool = False, lenient: bool = False) -> Any:
        self.get_records(zone.name[:-1])
        return super().populate(zone, target=target, lenient=lenient)


@pytest.fixture
def held(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Path:
    module = ModuleType("octodns_ovh")
    kind = type("OvhProvider", (_Ovh,), {"__module__": "octodns_ovh"})
    module.OvhProvider = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "octodns_ovh", module)
    repo.provider("p", {"class": "octodns_ovh.OvhProvider", "directory": str(repo.root / "held")})
    repo.policy(POLICY)
    return repo.write("held/example.com.yaml", NS)


@pytest.mark.parametrize(
    ("own", "told", "written"),
    [
        (("SPF", ""), "OVH has a record of its own kind SPF here", ["v=DMARC1"]),
        (("DMARC", "_dmarc"), "OVH has a record of its own kind DMARC here", ["v=spf1"]),
        (("SPF", "news"), "", ["v=DMARC1", "v=spf1"]),
    ],
    ids=["SPF", "DMARC", "elsewhere"],
)
def test_no_second_record_is_published_beside_one_that_is_not_read(
    repo: RepoFolder,
    held: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: tuple[str, str],
    told: str,
    written: list[str],
) -> None:
    monkeypatch.setattr(_Ovh, "own", (own,))
    planned = repo.run("plan", "--no-live", "--out", "plan.json")
    assert planned.code == (1 if told else 0), planned.said
    assert told in planned.out
    repo.run(*APPLY)
    there = held.read_text()
    assert [each for each in ("v=DMARC1", "v=spf1") if each in there] == written
