"""The `spf` section: the SPF record of a domain (RFC 7208)."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import spf, spf_term
from mailauth_dns.typed_yaml.pasted_records import rewritten
from mailauth_dns.typed_yaml.scalars import Domain, OwnTtl, Section, checked, fail, one_of


def _spf_term(text: str) -> str:
    if text[:2].lower() == "v=":
        instead = rewritten(text) if " " in text else None
        fail(
            f"the version is written for you; write {instead}"
            if instead
            else "the version is written for you; list the terms behind it"
        )
    return text


def _bare_name(text: object) -> object:
    if isinstance(text, str) and text.lower().startswith("include:"):
        fail("give the name alone, without include:", 0, len("include:"))
    return text


SpfName = Annotated[Domain, BeforeValidator(_bare_name)]
SpfTerm = Annotated[str, AfterValidator(_spf_term), checked(spf.parse_term)]


class SpfSection(Section):
    """The SPF record of the domain (RFC 7208)."""

    terms: tuple[SpfTerm, ...] = Field(
        (), description="terms and modifiers as published, in order, without `all`"
    )
    all: Annotated[
        Literal["pass", "fail", "softfail", "neutral"] | None,
        one_of("pass", "fail", "softfail", "neutral"),
    ] = Field(None, description="what to say of every other host")
    redirect: Annotated[str, checked(spf.parse_term, "redirect=")] | None = Field(
        None,
        description="the domain whose record decides where no term matches (RFC 7208 §6.1); in "
        "place of `all`",
    )
    flatten: tuple[SpfName, ...] = Field(
        (),
        description=(
            "names of includes in `terms` to be replaced by the addresses in "
            "zones/locks/spf.json, which `spf lock` writes"
        ),
    )
    ttl: OwnTtl = None

    @field_validator("flatten")
    @classmethod
    def _included(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "terms" in info.data:
            included = [
                term.domain.folded
                for term in map(spf.parse_term, info.data["terms"])
                if isinstance(term, spf_term.Include)
            ]
            known = ", ".join(name for name in included if "%" not in name)
            for name in names:
                if name not in included:
                    fail(
                        f"{name} is not included; `flatten` takes names of includes in `terms`: "
                        f"{known or 'there is none'}"
                    )
        if len(set(names)) != len(names):
            fail("a name is listed twice")
        return names

    @model_validator(mode="after")
    def _whole(self) -> SpfSection:
        if self.redirect is not None and self.all is not None:
            fail("receivers ignore `redirect` beside `all`; keep one of them")
        try:
            self.record  # noqa: B018 - read for its errors, and kept
        except RecordSyntaxError as error:
            fail(str(error))
        return self

    @property
    def words(self) -> tuple[str, ...]:
        """The terms and modifiers in order, with `all` and `redirect`, and without flattening."""
        closing = {"pass": "+all", "fail": "-all", "softfail": "~all", "neutral": "?all"}
        ending = (closing[self.all],) if self.all is not None else ()
        return (
            *self.terms,
            *ending,
            *((f"redirect={self.redirect}",) if self.redirect is not None else ()),
        )

    @cached_property
    def record(self) -> spf.Record:
        """The record as it is without flattening."""
        return spf.parse(self.text)

    @cached_property
    def text(self) -> str:
        """The text of `record`."""
        return " ".join([spf.VERSION, *self.words])
