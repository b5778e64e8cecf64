"""What a file of the catalogue asks of a policy."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, model_validator

from mailauth_dns.senders.facts import Pattern, SourceIds
from mailauth_dns.typed_yaml.scalars import Flag, Section, fail, integer

# What a template may name beside the answers to `asks`. {dashes} is the domain with - for each dot.
GIVEN = frozenset({"domain", "dashes"})


# Keys of a sender in a policy, and places that the domain itself fills: no ask has such a name.
RESERVED = frozenset({"sender", "retired", *GIVEN})


class Ask(Section):
    """What only the user, or the sender's console, knows: a key that a policy may give."""

    find: str = Field(description="where it is found, for a newcomer")
    example: str = Field(description="a value as it looks")
    pattern: Pattern | None = Field(
        None, description="a regular expression that a value matches whole"
    )
    count: Annotated[int, integer(1, 20, "values")] | None = Field(
        None, description="the policy gives a list of so many values"
    )
    default: str | None = Field(None, description="what is taken where the policy gives none")
    optional: Flag = Field(False, description="may be missing; what needs it is then left out")
    source: SourceIds

    @model_validator(mode="after")
    def _whole(self) -> Ask:
        if self.default is not None and self.count is not None:
            fail("a list has no default; take default out, or count")
        if self.default is None or self.pattern is None:
            return self
        if not re.fullmatch(self.pattern, self.default):
            fail(f"the default {self.default!r} does not match the pattern")
        return self
