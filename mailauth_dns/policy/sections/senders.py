"""The `senders` section: who sends mail for the domain, by the names of the catalogue."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mailauth_dns.senders.use import Said
from mailauth_dns.typed_yaml.scalars import Day, fail, said


def is_sender_name(text: str) -> bool:
    """Tell whether a policy can name a sender so."""
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text) is not None


def _key(text: str) -> str:
    if not is_sender_name(text):
        fail(
            f"{text!r} is not a sender's name; write one of `mailauth-dns senders`, in lower "
            "case, or a name of your own with `sender: NAME` below it"
        )
    return text


def _answer(value: object) -> object:
    items = value if isinstance(value, list | tuple) else (value,)
    if wrong := [each for each in items if not isinstance(each, str)]:
        fail(f"expected a value, or a list of values, not {said(wrong[0])}")
    return value


Answer = Annotated[str | tuple[str, ...], BeforeValidator(_answer)]
SenderKey = Annotated[str, AfterValidator(_key)]


class SenderSection(BaseModel):
    """One sender. What else it asks for is given as keys: `mailauth-dns senders NAME` lists them.

    For hosts of your own (`sender: server`), `ip` lists addresses and networks, and `dkim` the
    selectors that they sign with.
    """

    model_config = ConfigDict(
        frozen=True, extra="allow", hide_input_in_errors=True, defer_build=True
    )
    __pydantic_extra__: dict[str, Answer]

    sender: SenderKey | None = Field(
        None, description="the sender's name in the catalogue; default: the key"
    )
    retired: Day | None = Field(
        None,
        description="the first day, in UTC, on which it sends no more; after `sender_grace` its "
        "records go",
    )

    def said(self, key: str) -> Said:
        """Return what the policy says of the sender that it calls `key`."""
        answers = dict(self.__pydantic_extra__ or {})
        return Said(key, self.sender or key, answers, self.retired)
