"""The `gate` of the `mta_sts` section: what TLS reports have to show before mode enforce."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mailauth_dns.policy.sections.gate_values import ReportsAge, percent, whole
from mailauth_dns.typed_yaml.scalars import Section


class MtaStsGate(Section):
    """What TLS reports have to show before the policy is enforced; it is not published."""

    days: Annotated[int, *whole(1, 90, "days")] | None = Field(
        None, description="days with a report; default: 14"
    )
    sessions: Annotated[int, *whole(1, 10**9, "sessions")] | None = Field(
        None, description="sessions under the policy, in at most 90 days; default: 100"
    )
    secured: Annotated[float, *percent(50)] | None = Field(
        None, description="percent of these that were verified; default: 99"
    )
    reporters: Annotated[int, *whole(1, 100, "reporters")] | None = Field(
        None, description="reporters that say so; default: 2"
    )
    newest: ReportsAge | None = Field(
        None, description="how old the last report may be; default: 7d"
    )
