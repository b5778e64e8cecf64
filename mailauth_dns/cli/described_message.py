"""A message as options describe it, checked like the messages in a policy's tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.mail_tests import EnvelopeSection

_Described = TypeVar("_Described", bound=EnvelopeSection)


def described(
    kind: type[_Described], given: Mapping[str, object], labels: Mapping[str, str]
) -> _Described:
    """Return the message that `given` describes.

    `labels` names fields for the user where they are not the option of the same name.

    Raises:
        MailAuthError: naming every field that is wrong.
    """
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        problems = []
        for detail in error.errors(include_url=False, include_input=False):
            field = str(detail["loc"][0]) if detail["loc"] else "mail_from"
            label = labels.get(field, f"--{field.replace('_', '-')}")
            problems.append(f"{label}: {detail.get('ctx', {}).get('message', detail['msg'])}")
        raise MailAuthError("\n".join(problems)) from None
