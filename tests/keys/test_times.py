"""Times as policies write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.keys.times import moment


@given(st.datetimes(datetime(2000, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)))
def test_a_time_is_never_written_earlier_than_it_is(time: datetime) -> None:
    """Rounded down, a gate would open before its time."""
    written = datetime.fromisoformat(moment(time))
    assert timedelta() <= written - time < timedelta(seconds=1)
