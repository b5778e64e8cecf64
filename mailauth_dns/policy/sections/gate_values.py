"""Values of the gates: what reports have to show before a policy is tightened."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from mailauth_dns.typed_yaml.scalars import Duration, fail, integer, said


def whole(low: int, high: int, unit: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """Return what a number of a gate is checked by, and its shape."""
    shape = {"type": "integer", "minimum": low, "maximum": high}
    return integer(low, high, unit), WithJsonSchema(shape)


def percent(low: int) -> tuple[BeforeValidator, WithJsonSchema]:
    """Return what a share of a gate is checked by, and its shape."""

    def check(text: object) -> float:
        if isinstance(text, float):
            return text
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text):
            fail(f"{said(text)} is not a share in percent; write 98 or 99.5")
        if not low <= float(text) <= 100:
            fail(f"{text} is out of range; use {low} to 100 percent")
        return float(text)

    shape = {"type": "number", "minimum": low, "maximum": 100}
    return BeforeValidator(check), WithJsonSchema(shape)


def _reports_age(value: timedelta) -> timedelta:
    """Return how old the last report may be, or fail."""
    # Most reporters send once a day; and what nobody has seen for a month is not known.
    if not timedelta(days=1) <= value <= timedelta(days=30):
        fail("reports come once a day; use 1d to 30d")
    return value


ReportsAge = Annotated[
    Duration,
    AfterValidator(_reports_age),
    # A shape of its own: older pydantic writes another field's default into the one that is shared.
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}[smhd]$"}),
]
