"""Names are dealt out to shards: each to one, evenly, and the same on every machine."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.spread.shard import Shard, number_of, parsed

# Never to be changed: machines of two versions would make shards that do not fit.
DEALT = {"a.example": (1, 7), "b.example": (2, 4), "c.example": (1, 7), "example.com": (1, 7)}


@pytest.mark.parametrize("name", DEALT)
def test_the_choice_never_changes(name: str) -> None:
    assert (number_of(name, 2), number_of(name, 8)) == DEALT[name]


@given(st.lists(st.text(min_size=1), min_size=1), st.integers(1, 1000))
def test_a_group_is_in_one_shard_in_whatever_order_it_is_told(group: list[str], of: int) -> None:
    mine = [number for number in range(1, of + 1) if Shard(number, of).has(group)]
    assert len(mine) == 1
    assert Shard(mine[0], of).has(sorted(group, reverse=True))


def test_names_are_dealt_out_evenly() -> None:
    counts = Counter(number_of(f"d{number}.example", 8) for number in range(8000))
    assert sorted(counts) == list(range(1, 9))
    assert max(counts.values()) < 1.15 * min(counts.values())


@given(st.integers(1, 1000).flatmap(lambda of: st.tuples(st.integers(1, of), st.just(of))))
def test_a_shard_is_read_as_it_is_written(numbers: tuple[int, int]) -> None:
    assert parsed(str(Shard(*numbers))) == Shard(*numbers)
