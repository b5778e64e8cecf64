"""The `dmarc` section: the DMARC record of a domain (RFC 9989 §4.7)."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.policy.sections.dmarc_gate import DmarcGate
from mailauth_dns.records import dmarc
from mailauth_dns.typed_yaml.scalars import (
    OwnTtl,
    ReportAddress,
    Section,
    TagText,
    checked,
    fail,
)

_TAGS = ("p", "sp", "np", "adkim", "aspf", "fo", "rua", "ruf", "psd", "t", "pct", "rf", "ri")


def _tag_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]+", text):
        fail(f"{text!r} is not a tag's name; it holds letters only")
    if text.lower() in ("v", *_TAGS):
        fail(f"{text} is known; give it as the key {text.lower()}")
    return text


def _dmarc_tag(tag: str) -> AfterValidator:
    return checked(dmarc.parse, f"v=DMARC1; {tag}=", refused=";")


ReportUri = Annotated[ReportAddress, _dmarc_tag("rua")]
TagName = Annotated[str, AfterValidator(_tag_name)]
DmarcPolicy = Annotated[
    str, _dmarc_tag("p"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})
]
Alignment = Annotated[str, _dmarc_tag("adkim"), WithJsonSchema({"enum": ["r", "s"]})]


class DmarcSection(Section):
    """The DMARC record of the domain (RFC 9989 §4.7)."""

    p: DmarcPolicy | None = Field(
        None,
        description="what receivers should do with mail that fails: nothing, spam folder, refuse",
    )
    sp: (
        Annotated[str, _dmarc_tag("sp"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})]
        | None
    ) = Field(None, description="the same for subdomains; default: `p`")
    np: (
        Annotated[str, _dmarc_tag("np"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})]
        | None
    ) = Field(None, description="the same for subdomains that do not exist; default: `sp`")
    adkim: Alignment | None = Field(
        None,
        description="alignment of DKIM: r takes the whole organization, s the very domain; "
        "default: r",
    )
    aspf: Alignment | None = Field(None, description="alignment of SPF, as `adkim`; default: r")
    fo: Annotated[TagText, _dmarc_tag("fo")] | None = Field(
        None, description="which failures are reported to `ruf`, as published; default: 0"
    )
    rua: tuple[ReportUri, ...] | None = Field(
        None, description="addresses that take aggregate reports, each with its scheme"
    )
    ruf: tuple[ReportUri, ...] | None = Field(
        None, description="addresses that take reports of single failures; few receivers send them"
    )
    psd: Annotated[str, _dmarc_tag("psd"), WithJsonSchema({"enum": ["y", "n", "u"]})] | None = (
        Field(
            None,
            description=(
                "y: a public suffix; n: the organization's own domain; u: the tree walk decides; "
                "default: u"
            ),
        )
    )
    t: Annotated[str, _dmarc_tag("t"), WithJsonSchema({"enum": ["y", "n"]})] | None = Field(
        None, description="y: a test, in which receivers apply the next milder policy; default: n"
    )
    pct: Annotated[TagText, _dmarc_tag("pct")] | None = Field(
        None, description="historic: receivers ignore it since RFC 9989"
    )
    rf: Annotated[str, _dmarc_tag("rf")] | None = Field(
        None, description="historic: receivers ignore it since RFC 9989"
    )
    ri: Annotated[TagText, _dmarc_tag("ri")] | None = Field(
        None, description="historic: receivers ignore it since RFC 9989"
    )
    other: dict[TagName, Annotated[TagText, _dmarc_tag("x")]] = Field(
        default_factory=dict, description="tags that no RFC knows"
    )
    ttl: OwnTtl = None
    gate: DmarcGate | None = Field(
        None, description="what reports have to show before the policy is tightened"
    )

    @model_validator(mode="after")
    def _whole(self) -> DmarcSection:
        if self.rua == () or self.ruf == ():
            fail("rua and ruf need an address; leave the key out to ask for no reports")
        if self.gate is not None and self._joined() == "v=DMARC1":
            fail("gate says when a policy may be tightened, and there is none; give p too")
        try:
            self.record  # noqa: B018 - read for its errors, and kept
        except RecordSyntaxError as error:
            fail(str(error))
        return self

    def _joined(self) -> str:
        parts = ["v=DMARC1"]
        for tag in _TAGS:
            value = getattr(self, tag)
            if value is not None:
                parts.append(f"{tag}={','.join(value) if isinstance(value, tuple) else value}")
        parts += [f"{tag}={value}" for tag, value in self.other.items()]
        return "; ".join(parts)

    @cached_property
    def record(self) -> dmarc.Record:
        """The record that is published."""
        return dmarc.parse(self._joined())

    @cached_property
    def text(self) -> str:
        """The record as published."""
        return str(self.record)
