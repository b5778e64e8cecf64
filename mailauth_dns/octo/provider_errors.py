"""What a provider's class or its client library raised, in words for a user.

Most errors come from an answer that the class did not expect: no JSON, half of it, or an error page
of something in between. Python's own words ("'NoneType' object is not iterable") tell a user
nothing, so our text names the answer.
"""

from __future__ import annotations

import json
import re

_SHOWN = 60  # characters of an answer that tell what it is

# Python's own errors about code, with the names of its functions and types in them.
_OF_CODE = (
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    ArithmeticError,
)
_NOISE = re.compile(
    r"\w+(?:\.\w+)*\.__init__\(\):? ?|^Value error, |<[\w.]+ object at 0x[0-9a-f]+>:? ?"
)


def told(error: BaseException) -> str:
    """Return what went wrong, in one line or more; secrets may stand in it."""
    if isinstance(error, json.JSONDecodeError):
        return _no_json(error.doc)
    if isinstance(error, KeyError) and error.args:
        return f"the answer lacks {error.args[0]!r}, so it is not the provider's whole answer"
    if isinstance(error, _OF_CODE):
        return (
            "the answer has another form than the provider's class expects "
            f"({type(error).__name__}): is it the provider that answers?"
        )
    if isinstance(error, EOFError):
        return "the server closed the connection"
    if isinstance(error, UnicodeError):
        encoding = error.encoding if hasattr(error, "encoding") else "text"
        return f"a value holds characters that cannot be sent or read as {encoding}"
    return _NOISE.sub("", str(error)).strip() or type(error).__name__


def _no_json(answer: object) -> str:
    text = " ".join(answer.split()) if isinstance(answer, str) else ""
    if not text:
        return "the answer is empty where JSON belongs"
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return (
        f"the answer is no JSON, or only a part of it; it begins with {shown!r}: "
        "is it the provider that answers?"
    )
