"""The `mta_sts` section: the policy that a domain serves, and its record (RFC 8461)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.policy.sections.mta_sts_gate import MtaStsGate
from mailauth_dns.policy.sections.other_tags import unlike
from mailauth_dns.records import mta_sts
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.typed_yaml.scalars import (
    OwnTtl,
    Section,
    TagText,
    checked,
    fail,
    integer,
    one_of,
)


def _mx_pattern(text: str) -> str:
    if (reason := mta_sts.no_host(text)) is not None:
        fail(reason, 0, len(text))
    try:
        return mta_sts.mx_pattern(domain_name(text))
    except RecordSyntaxError as error:
        fail(error.expected, error.start, error.end)


_STS = "v=STSv1; id=x; "
MaxAge = Annotated[
    int,
    integer(0, mta_sts.MAX_AGE, "seconds"),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": mta_sts.MAX_AGE}),
]
StsName = Annotated[
    str,
    unlike("v", "id", "version", "mode", "mx", "max_age"),
    checked(mta_sts.parse, _STS, "=x", refused=";"),
]
StsValue = Annotated[TagText, checked(mta_sts.parse, f"{_STS}x=", refused=";")]


class MtaStsSection(Section):
    """The MTA-STS policy that the domain serves, and the record that announces it (RFC 8461)."""

    mode: Annotated[Literal["enforce", "testing", "none"], one_of("enforce", "testing", "none")] = (
        Field(
            description=(
                "enforce: senders do not deliver without verified TLS; testing: they only "
                "report; none: the way out"
            )
        )
    )
    mx: tuple[Annotated[str, AfterValidator(_mx_pattern)], ...] = Field(
        (),
        description="hosts that take the domain's mail; '*.example.com' for every host one label "
        "below",
    )
    max_age: MaxAge = Field(description="seconds that senders keep the policy")
    id: Annotated[TagText, checked(mta_sts.parse, "v=STSv1; id=", refused=";")] | None = Field(
        None,
        description=(
            "only to keep one that is already published; default: derived from the policy, so "
            "that it changes with it"
        ),
    )
    other: dict[StsName, StsValue] = Field(
        default_factory=dict, description="extension fields of the record"
    )
    ttl: OwnTtl = None
    gate: MtaStsGate | None = Field(
        None, description="what TLS reports have to show before the policy is enforced"
    )

    @model_validator(mode="after")
    def _whole(self) -> MtaStsSection:
        if self.mode != "none" and not self.mx:
            fail(
                "mx is missing: name the hosts that take the domain's mail; only mode none goes "
                "without"
            )
        return self

    @property
    def policy(self) -> mta_sts.Policy:
        """The policy to be served."""
        return mta_sts.Policy(
            mta_sts.Mode(self.mode), tuple(map(DomainName, self.mx)), self.max_age
        )

    @property
    def text(self) -> str:
        """The record as published."""
        return str(
            mta_sts.Record(self.id or mta_sts.derived_id(self.policy), tuple(self.other.items()))
        )
