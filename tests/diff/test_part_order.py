"""In which order a flattened SPF record and its parts change."""

from __future__ import annotations

from tests.diff.flattened_spf import COM, OLD, OTHER, PART, TEXT, changed, part, root


def test_a_part_goes_in_a_later_plan_than_the_record_that_included_it() -> None:
    before = {COM: f"v=spf1 include:{OLD} -all", OLD: OTHER}
    changes, blocked = changed(
        before, root(f"v=spf1 include:{PART} -all"), part(PART, TEXT), part(OLD, None)
    )
    assert [change.key[0] for change in changes] == [COM, PART]
    assert blocked == [
        "the SPF record of example.com at this provider still includes it; "
        "it goes in a later plan than that record changes"
    ]
    after = {COM: f"v=spf1 include:{PART} -all", OLD: OTHER, PART: TEXT}
    changes, blocked = changed(
        after, root(f"v=spf1 include:{PART} -all"), part(PART, TEXT), part(OLD, None)
    )
    assert ([change.key[0] for change in changes], blocked) == ([OLD], [])
