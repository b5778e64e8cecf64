"""A clock for plans that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Self

import pytest

from mailauth_dns.deploy import make_plan

DAY = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Still(datetime):
    """It is always noon of one day."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(*DAY.timetuple()[:6], tzinfo=tz)


def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every plan be made in the same moment."""
    monkeypatch.setattr(make_plan, "datetime", Still)
