"""The sections of a policy that are neither SPF, DKIM nor DMARC: MTA-STS, TLS-RPT and BIMI."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.policy.scalars import (
    ReportAddress,
    Section,
    Selector,
    TagText,
    Ttl,
    checked,
    fail,
    integer,
    one_of,
    refuse_record,
    section_or_absent,
)
from mailauth_dns.records import bimi, mta_sts, tlsrpt
from mailauth_dns.records.name import DomainName, domain_name


def _unlike(*known: str) -> AfterValidator:
    """Return a validator of the names in `other`: what has a key of its own stands there."""

    def check(text: str) -> str:
        if text.lower() in known:
            fail(
                f"{text} is known; give it as the key {text.lower()}"
                if text.lower() != "v"
                else "v is written by itself; leave it out"
            )
        return text

    return AfterValidator(check)


# MTA-STS


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
    _unlike("v", "id", "version", "mode", "mx", "max_age"),
    checked(mta_sts.parse, _STS, "=x", refused=";"),
]
StsValue = Annotated[TagText, checked(mta_sts.parse, f"{_STS}x=", refused=";")]


class MtaStsSection(Section):
    """The MTA-STS policy that the domain serves, and the record that announces it (RFC 8461)."""

    mode: Annotated[Literal["enforce", "testing", "none"], one_of("enforce", "testing", "none")] = (
        Field(
            description="enforce: senders do not deliver without verified TLS; testing: they only report; none: the way out"
        )
    )
    mx: tuple[Annotated[str, AfterValidator(_mx_pattern)], ...] = Field(
        (),
        description="hosts that take the domain's mail; '*.example.com' for every host one label below",
    )
    max_age: MaxAge = Field(description="seconds that senders keep the policy")
    id: Annotated[TagText, checked(mta_sts.parse, "v=STSv1; id=", refused=";")] | None = Field(
        None,
        description="only to keep one that is already published; default: derived from the policy, so that it changes with it",
    )
    other: dict[StsName, StsValue] = Field(
        default_factory=dict, description="extension fields of the record"
    )
    ttl: Ttl | None = None

    @model_validator(mode="after")
    def _whole(self) -> MtaStsSection:
        if self.mode != "none" and not self.mx:
            fail(
                "mx is missing: name the hosts that take the domain's mail; only mode none goes without"
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


# TLS-RPT


_RPT = "v=TLSRPTv1; rua=mailto:x; "
RptName = Annotated[str, _unlike("v", "rua"), checked(tlsrpt.parse, _RPT, "=x", refused=";")]
RptValue = Annotated[TagText, checked(tlsrpt.parse, f"{_RPT}x=", refused=";")]


class TlsRptSection(Section):
    """Where senders report how TLS went (RFC 8460)."""

    rua: tuple[
        Annotated[ReportAddress, checked(tlsrpt.parse, "v=TLSRPTv1; rua=", refused=";")], ...
    ] = Field(description="mailto and https addresses that take the reports")
    other: dict[RptName, RptValue] = Field(
        default_factory=dict, description="extension fields of the record"
    )
    ttl: Ttl | None = None

    @model_validator(mode="after")
    def _whole(self) -> TlsRptSection:
        if not self.rua:
            fail("rua needs an address; write `tls_rpt: absent` to take the record away")
        return self

    @property
    def text(self) -> str:
        """The record as published."""
        return str(tlsrpt.Record(self.rua, tuple(self.other.items())))


# BIMI


def _bimi_tag(tag: str) -> AfterValidator:
    return checked(bimi.parse, f"v=BIMI1; {tag}=", "" if tag == "l" else "; l=", refused=";")


def _plain_selector(text: str) -> str:
    if "*" in text:
        fail("a BIMI selector is one or more labels such as default")
    return text


BimiName = Annotated[
    str,
    _unlike("v", "l", "a", "avp", "lps"),
    checked(bimi.parse, "v=BIMI1; l=; ", "=x", refused=";"),
]


class BimiSection(Section):
    """One BIMI selector: the logo that mail programs may show, or that there shall be none."""

    l: Annotated[str, _bimi_tag("l")] = Field(  # noqa: E741 - the tag's name
        description="https address of the logo; '' declines to have one shown"
    )
    a: Annotated[str, _bimi_tag("a")] | None = Field(
        None, description="https address of the evidence (VMC or CMC)"
    )
    avp: Annotated[Literal["brand", "personal"] | None, one_of("brand", "personal")] = None
    lps: Annotated[str, _bimi_tag("lps")] | None = None
    other: dict[BimiName, Annotated[TagText, _bimi_tag("x")]] = Field(
        default_factory=dict, description="tags that are not known here"
    )
    ttl: Ttl | None = None

    @property
    def text(self) -> str:
        """The record as published."""
        avatar = bimi.Avatar(self.avp) if self.avp is not None else None
        return str(bimi.Record(self.l, self.a, avatar, self.lps, tuple(self.other.items())))


def _not_absent(value: object) -> object:
    if value == "absent":
        fail(
            "undeclared selectors are never touched; declare each one that shall go as `default: absent`"
        )
    refuse_record(value)
    return value


def _without_state(value: object) -> object:
    if isinstance(value, dict) and "state" in value:
        fail(
            "a BIMI selector has no states, as a DKIM one has; write `absent` in place of the mapping to take it away"
        )
    return value


BimiEntry = Annotated[
    BimiSection | Literal["absent"], section_or_absent(BimiSection), BeforeValidator(_without_state)
]
BimiSections = Annotated[
    dict[Annotated[Selector, AfterValidator(_plain_selector)], BimiEntry],
    BeforeValidator(_not_absent),
]
