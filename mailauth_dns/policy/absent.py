"""The word `absent`, which says that a record of ours is to be deleted."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, WithJsonSchema

from mailauth_dns.typed_yaml.scalars import Section, fail, refuse_record, said


class Absent(Enum):
    """The type of `ABSENT`, which stands where a policy has `absent` in place of a section."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
AbsentWord = Annotated[
    Literal[Absent.ABSENT], WithJsonSchema({"const": "absent", "type": "string"})
]


def section_or_absent(section: type[Section]) -> BeforeValidator:
    """Return a validator that reads `absent`, and says what else may stand here.

    Without it, each arm of the union would complain.
    """

    def check(value: object) -> object:
        if value == ABSENT.value:
            return ABSENT
        if not isinstance(value, dict | section | Absent):
            refuse_record(value)
            fail(f"{said(value)} is neither a mapping nor `absent`")
        return value

    return BeforeValidator(check)


def refuse_absent(value: object, instead: str) -> None:
    """Refuse `absent` for all selectors together; `instead` is what to write for each."""
    if value == ABSENT.value:
        fail(
            "undeclared selectors are never touched; declare each one that you want to "
            f"delete as `{instead}`"
        )
