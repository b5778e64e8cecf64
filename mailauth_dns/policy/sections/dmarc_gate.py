"""The `gate` of the `dmarc` section: what reports have to show before the policy is tightened."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mailauth_dns.policy.sections.gate_values import ReportsAge, percent, whole
from mailauth_dns.typed_yaml.scalars import Section


class DmarcGate(Section):
    """What reports have to show before the policy is tightened; it is not published."""

    days: Annotated[int, *whole(1, 365, "days")] | None = Field(
        None, description="days of reports without a gap; default: 14"
    )
    volume: Annotated[int, *whole(1, 10**9, "messages")] | None = Field(
        None, description="messages of declared senders; default: 100"
    )
    aligned: Annotated[float, *percent(50)] | None = Field(
        None, description="percent of these that pass; default: 98"
    )
    each: Annotated[float, *percent(50)] | None = Field(
        None, description="percent that pass of every declared sender; default: 95"
    )
    reporters: Annotated[int, *whole(1, 100, "reporters")] | None = Field(
        None, description="reporters that say so; default: 2"
    )
    newest: ReportsAge | None = Field(
        None, description="how old the last report may be, and how long a gap; default: 3d"
    )
    unknown: Annotated[float, *percent(0)] | None = Field(
        None, description="percent of all mail from sources that nobody knows; default: 1"
    )
