"""What is the same in many zones but for their names is held, and written, once."""

from __future__ import annotations

import io
import json
import pickle
import re
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.errors import PlanRefused
from mailauth_dns.plan import plan_file, plan_json
from mailauth_dns.plan.alike import Alike, distinct, parts
from mailauth_dns.plan.digests import Digests
from mailauth_dns.plan.json_stream import JsonStream
from mailauth_dns.plan.plan import AuthorityEntry, ChangeEntry, KeptEntry, Plan, ZoneEntry
from mailauth_dns.plan.same_zones import ZonesByPlace, places, zones_alike
from mailauth_dns.plan.totals import totals


@dataclass(frozen=True, slots=True)
class Row:
    zone: str
    texts: tuple[str, ...]
    keys: frozenset[tuple[str, str]]


def kind(row: Row) -> int:
    return len(row.texts)


# Few letters, so that a name is often a part of another text by chance.
names = st.text("ab.", min_size=1, max_size=4)
rows = st.builds(
    Row, names, st.lists(names, max_size=3).map(tuple), st.frozensets(st.tuples(names, names))
)


@given(st.lists(rows))
def test_a_sequence_gives_back_what_it_was_given(given_rows: list[Row]) -> None:
    alike = Alike(kind, given_rows)
    assert list(alike) == given_rows
    assert alike == given_rows
    assert alike[1:] == tuple(given_rows[1:])
    assert pickle.loads(pickle.dumps(alike)) == alike
    assert sum(number for _, number in distinct(alike)) == len(given_rows)
    for some in (alike, given_rows):
        assert list(parts(some, lambda row: row.texts)) == [row.texts for row in given_rows]


def test_rows_of_one_shape_are_held_once() -> None:
    given_rows = [
        Row(n, (f"_dmarc.{n}", "same"), frozenset({(f"x.{n}", n)})) for n in ("b.example", "c", "d")
    ]
    alike = Alike(kind, given_rows)
    assert [(row.zone, number) for row, number in distinct(alike)] == [("b.example", 3)]
    assert list(alike) == given_rows


def change(zone: str, name: str, before: str = "") -> ChangeEntry:
    return ChangeEntry(
        domain=zone,
        name=name,
        type="TXT",
        family="dmarc",
        before=(before,) if before else (),
        after=("v=DMARC1; p=reject",),
        ttl_before=None,
        ttl_after=3600,
        kept=0,
        meaning=f"mail of {zone} that fails is refused",
        risk="caution",
        rules=(),
    )


def entry(zone: str, before: str = "", provider: str = "local") -> ZoneEntry:
    return ZoneEntry(
        zone=zone,
        provider=provider,
        digests=Digests("0" * 64, "1" * 64, "2" * 64),
        changes=(change(zone, f"_dmarc.{zone}", before), change(zone, zone)),
        blocked=(),
        kept=(KeptEntry(f"www.{zone}", "CNAME", False, None, ("CNAME 00112233",)),),
        live=(),
        authority=AuthorityEntry("agrees", "the same NS set", True),
        tests=(),
    )


def plan_of(*zones: ZoneEntry) -> Plan:
    return Plan("0", "2026-11-28T12:00:00+00:00", None, None, False, zones, ())


MIXED = (
    *(entry(f"d{number}.example") for number in range(5)),
    entry("d5.example", before="v=DMARC1; p=none"),
    entry("d0.example", provider="other"),
    entry("d1.example", provider="other"),
    entry("d.d0.example"),
    entry("zone"),  # these names are also in the keys of the file
    entry("name"),
    entry("e"),
)


def test_a_file_says_once_what_is_the_same() -> None:
    plan = plan_of(*MIXED)
    text = "".join(plan_json.dumped(plan))
    data = json.loads(text)
    assert [zone.get("like") for zone in data["zones"]] == [
        None,
        *["d0.example"] * 4,
        None,
        None,
        *["d0.example"] * 5,
    ]
    assert (
        data["fingerprint"] == plan_json.fingerprint(plan) == plan_json.as_json(plan)["fingerprint"]
    )


@given(random=st.randoms(use_true_random=False))
def test_a_file_does_not_show_in_which_order_its_zones_were_planned(random: Random) -> None:
    """Zones are planned in batches and in parts, and more is alike than a few firsts hold."""
    several = [entry(f"d{number}.example", before="x" * (number % 7)) for number in range(30)]
    zones = [*MIXED, *several[6:]]
    made = zones_alike(())
    firsts = {each.where: made.first_like(each) for each in random.sample(zones, len(zones))}
    for each in zones:
        made.append_like(each.zone, firsts[each.where])
    assert "".join(plan_json.dumped(replace(plan_of(), zones=made))) == "".join(
        plan_json.dumped(plan_of(*zones))
    )


@pytest.mark.parametrize("zones", [MIXED, MIXED[::-1]], ids=["forwards", "backwards"])
def test_a_plan_reads_back_from_its_file_and_from_json(
    tmp_path: Path, zones: tuple[ZoneEntry, ...]
) -> None:
    plan = plan_of(*zones)
    (tmp_path / "plan.json").write_text("".join(plan_json.dumped(plan)))
    assert plan_file.read(tmp_path / "plan.json") == plan
    (tmp_path / "full.json").write_text(json.dumps(plan_json.as_json(plan)))
    assert plan_file.read(tmp_path / "full.json") == plan


@pytest.mark.parametrize("left", [slice(1, None), slice(0, 1), slice(3, 9)])
def test_a_part_of_a_plan_stands_on_its_own(tmp_path: Path, left: slice) -> None:
    plan = plan_of(*MIXED)
    part = replace(plan, zones=zones_alike(zones_alike(plan.zones)[left]))
    (tmp_path / "plan.json").write_text("".join(plan_json.dumped(part)))
    assert list(plan_file.read(tmp_path / "plan.json").zones) == list(MIXED[left])


def test_a_plan_of_very_many_zones_is_small(tmp_path: Path) -> None:
    """20 MB were the bound for 100 000 parked zones that all change."""
    zones = zones_alike(entry(f"parked-{number:06}.example") for number in range(2000))
    pieces = list(plan_json.dumped(replace(plan_of(), zones=zones)))
    assert sum(map(len, pieces)) / len(zones) < 120
    (tmp_path / "plan.json").write_text("".join(pieces))
    tracemalloc.start()
    read = plan_file.read(tmp_path / "plan.json")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read.zones) == 2000
    assert held / 2000 < 400, "octets that stay for each zone"


def test_sums_and_places_are_those_of_the_zones_in_full() -> None:
    plan = plan_of(*MIXED)
    held_once = replace(plan, zones=zones_alike(MIXED))
    assert totals(held_once) == totals(plan)
    assert (held_once.pending, held_once.waiting) == (plan.pending, plan.waiting)
    assert list(places(held_once.zones)) == [zone.where for zone in MIXED]
    assert dict(ZonesByPlace(held_once.zones)) == {zone.where: zone for zone in MIXED}


REFUSED: dict[str, tuple[Callable[[str], str], str]] = {
    "an old format": (
        lambda text: text.replace('"format": 3', '"format": 2'),
        "was made by another version (its format is 2, this one reads 3); plan again",
    ),
    "like one that is not there": (
        lambda text: text.replace('"like": "d0.example"', '"like": "d9.example"'),
        "is not a plan file of this version (1 problems); plan again",
    ),
    "another name": (
        lambda text: text.replace('"zone": "d1.example"', '"zone": "d7.example"'),
        "is not what plan wrote: its fingerprint is",
    ),
    "a name that is none": (
        lambda text: text.replace('"zone": "d1.example"', '"zone": "d1.exa\\u001bmple"'),
        "is not a plan file of this version (",
    ),
    "another total": (
        lambda text: text.replace('"breaking": 0', '"breaking": 1'),
        "is not what plan wrote: its fingerprint is",
    ),
    "two documents": (lambda text: text + "{}", "is not a plan file: not JSON"),
    "cut": (lambda text: text[: len(text) // 2], "is not a plan file: not JSON"),
    "no zones": (
        lambda text: re.sub(r'"zones": \[(.|\n)*\n \]', '"others": 1', text),
        "is not a plan file of this version (1 problems); plan again",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, case: str) -> None:
    edit, said = REFUSED[case]
    text = "".join(plan_json.dumped(plan_of(*MIXED)))
    assert edit(text) != text
    (tmp_path / "plan.json").write_text(edit(text))
    with pytest.raises(PlanRefused, match=re.escape(said)):
        plan_file.read(tmp_path / "plan.json")


class Dripping(io.StringIO):
    """A file that gives one character at a time, whatever is asked for."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def members(text: str) -> Iterator[tuple[str, object]]:
    stream = JsonStream(Dripping(text))
    for key in stream.members():
        yield key, list(stream.elements()) if key == "rows" else stream.value()
    stream.end()


@given(st.lists(json_values), json_values, st.sampled_from([None, 1]))
def test_a_stream_says_what_the_whole_says(
    elements: list[object], other: object, indent: int | None
) -> None:
    document = {"rows": elements, "other": other}
    assert dict(members(json.dumps(document, indent=indent))) == document


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a"', '{"a": 1', '{"a": 1,}', '{"rows": [1', '{"rows": [1,]}', "{} {}", "{1: 2}"],
)
def test_a_stream_refuses_what_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        dict(members(text))
