"""The `tls_rpt` section: where senders report how TLS went (RFC 8460)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from mailauth_dns.policy.sections.other_tags import unlike
from mailauth_dns.records import tls_rpt
from mailauth_dns.typed_yaml.scalars import (
    OwnTtl,
    ReportAddress,
    Section,
    TagText,
    checked,
    fail,
)

_RPT = "v=TLSRPTv1; rua=mailto:x; "
RptName = Annotated[str, unlike("v", "rua"), checked(tls_rpt.parse, _RPT, "=x", refused=";")]
RptValue = Annotated[TagText, checked(tls_rpt.parse, f"{_RPT}x=", refused=";")]


class TlsRptSection(Section):
    """Where senders report how TLS went (RFC 8460)."""

    rua: tuple[
        Annotated[ReportAddress, checked(tls_rpt.parse, "v=TLSRPTv1; rua=", refused=";")], ...
    ] = Field(description="mailto and https addresses that take the reports")
    other: dict[RptName, RptValue] = Field(
        default_factory=dict, description="extension fields of the record"
    )
    ttl: OwnTtl = None

    @model_validator(mode="after")
    def _whole(self) -> TlsRptSection:
        if not self.rua:
            fail("rua needs an address; write `tls_rpt: absent` to take the record away")
        return self

    @property
    def text(self) -> str:
        """The record as published."""
        return str(tls_rpt.Record(self.rua, tuple(self.other.items())))
