"""The `gate` of the `dmarc` section: what reports have to show before the policy is tightened."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from mailauth_dns.typed_yaml.scalars import Duration, Section, fail, integer, said


def _whole(low: int, high: int, unit: str) -> tuple[BeforeValidator, WithJsonSchema]:
    shape = {"type": "integer", "minimum": low, "maximum": high}
    return integer(low, high, unit), WithJsonSchema(shape)


def _percent(low: int) -> tuple[BeforeValidator, WithJsonSchema]:
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


def _age(value: timedelta) -> timedelta:
    # Most reporters send once a day; and what nobody has seen for a month is not known.
    if not timedelta(days=1) <= value <= timedelta(days=30):
        fail("reports come once a day; use 1d to 30d")
    return value


class DmarcGate(Section):
    """What reports have to show before the policy is tightened; it is not published."""

    days: Annotated[int, *_whole(1, 365, "days")] | None = Field(
        None, description="days of reports without a gap; default: 14"
    )
    volume: Annotated[int, *_whole(1, 10**9, "messages")] | None = Field(
        None, description="messages of declared senders; default: 100"
    )
    aligned: Annotated[float, *_percent(50)] | None = Field(
        None, description="percent of these that pass; default: 98"
    )
    each: Annotated[float, *_percent(50)] | None = Field(
        None, description="percent that pass of every declared sender; default: 95"
    )
    reporters: Annotated[int, *_whole(1, 100, "reporters")] | None = Field(
        None, description="reporters that say so; default: 2"
    )
    newest: Annotated[Duration, AfterValidator(_age)] | None = Field(
        None, description="how old the last report may be, and how long a gap; default: 3d"
    )
    unknown: Annotated[float, *_percent(0)] | None = Field(
        None, description="percent of all mail from sources that nobody knows; default: 1"
    )
