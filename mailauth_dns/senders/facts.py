"""What every fact of the catalogue has: its sources, and the kinds of values that it is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mailauth_dns.senders import patterns
from mailauth_dns.senders.templates import places
from mailauth_dns.typed_yaml.scalars import Day, Section, fail, host_name, one_of


class Grade(StrEnum):
    """How good a source is, best first."""

    SENDER = "A"  # the sender's own page
    SUBMITTED = "B"  # a set-up template that the sender submitted, or a list that cites its pages
    OBSERVED = "C"  # many zones, or a list whose author asked DNS
    GUIDE = "D"  # somebody else's guide


def _sources(value: object) -> object:
    return (value,) if isinstance(value, str) else value


SourceIds = Annotated[
    tuple[str, ...],
    BeforeValidator(_sources),
    Field(description="ids of `sources`", min_length=1),
]
Answer = Literal["yes", "no", "unknown"]
YesNoUnknown = Annotated[Answer, one_of("yes", "no", "unknown")]
Zone = Annotated[str, AfterValidator(host_name)]


def _own_zone(text: str) -> str:
    """Return a zone that one sender has; below a top-level domain everybody is."""
    name = host_name(text)
    if "." not in name:
        fail(f"{text!r} holds the names of others too; write the sender's own domain")
    return name


OwnZone = Annotated[str, AfterValidator(_own_zone)]
Template = Annotated[str, AfterValidator(lambda text: (places(text), text)[1])]


def _pattern(text: str) -> str:
    """Return a regular expression that can be a part of another."""
    try:
        patterns.check(text)
    except patterns.Unfit as error:
        fail(f"{text!r}: {error}")
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class Source(Section):
    """Where a fact stands."""

    url: str = Field(pattern=r"^https://\S+$", description="the public page")
    read: Day = Field(description="the day it was read there")
    grade: Annotated[Grade, one_of(*Grade)] = Field(description="A to D, how good it is")
