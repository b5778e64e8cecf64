"""The `bimi` section: logos by selector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mailauth_dns.policy.absent import AbsentWord, refuse_absent, section_or_absent
from mailauth_dns.policy.sections.other_tags import unlike
from mailauth_dns.records import bimi
from mailauth_dns.typed_yaml.scalars import (
    OwnTtl,
    Section,
    Selector,
    TagText,
    checked,
    fail,
    one_of,
    refuse_record,
)


def _bimi_tag(tag: str) -> AfterValidator:
    return checked(bimi.parse, f"v=BIMI1; {tag}=", "" if tag == "l" else "; l=", refused=";")


def _plain_selector(text: str) -> str:
    if "*" in text:
        fail("a BIMI selector is one or more labels such as default")
    return text


BimiName = Annotated[
    str,
    unlike("v", "l", "a", "avp", "lps"),
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
    avp: Annotated[Literal["brand", "personal"] | None, one_of("brand", "personal")] = Field(
        None, description="whether mail programs should prefer the brand's picture or the sender's"
    )
    lps: Annotated[str, _bimi_tag("lps")] | None = Field(
        None, description="local parts that choose this selector, as published"
    )
    other: dict[BimiName, Annotated[TagText, _bimi_tag("x")]] = Field(
        default_factory=dict, description="tags that are not known here"
    )
    ttl: OwnTtl = None

    @property
    def text(self) -> str:
        """The record as published."""
        avatar = bimi.Avatar(self.avp) if self.avp is not None else None
        return str(bimi.Record(self.l, self.a, avatar, self.lps, tuple(self.other.items())))


def _not_absent(value: object) -> object:
    refuse_absent(value, "default: absent")
    refuse_record(value)
    return value


def _without_state(value: object) -> object:
    if isinstance(value, dict) and "state" in value:
        fail(
            "a BIMI selector has no state, unlike a DKIM selector; write `absent` in "
            "place of the mapping to delete its record"
        )
    return value


BimiEntry = Annotated[
    BimiSection | AbsentWord, section_or_absent(BimiSection), BeforeValidator(_without_state)
]
BimiSections = Annotated[
    dict[Annotated[Selector, AfterValidator(_plain_selector)], BimiEntry],
    BeforeValidator(_not_absent),
]
