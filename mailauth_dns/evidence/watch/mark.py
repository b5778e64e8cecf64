"""What `reports watch` has told already: a file in git, or in the cache of a CI system.

It holds days of the evidence and no time of a run, so that the same evidence makes the same file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.evidence.watch.change import ChangeKind
from mailauth_dns.records.name import DomainName, domain_name

_FORMAT = 1
_KINDS = {kind.value: kind for kind in ChangeKind}
_MERGE = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")

_Name = TypeVar("_Name", bound=str)
_Value = TypeVar("_Value")

Key = tuple[ChangeKind, str]  # what is new, and about whom


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one domain, each with the last day on which it was so.

    `until` is the last day of the evidence that was judged.
    """

    until: date
    changes: Mapping[Key, date] = field(default_factory=dict)


Mark = Mapping[DomainName, Told]


def text_of(mark: Mark) -> str:
    """Return the file's text."""
    domains = {
        domain: {
            "until": told.until.isoformat(),
            "told": [
                {"kind": kind.value, "subject": subject, "day": day.isoformat()}
                for (kind, subject), day in sorted(told.changes.items())
            ],
        }
        for domain, told in sorted(mark.items())
    }
    return json.dumps({"format": _FORMAT, "domains": domains}, indent=1) + "\n"


def parse(text: str, path: str) -> Mark:
    """Return what a file says; `path` is for messages.

    Raises:
        MailAuthError: it is not what `reports watch` writes.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise MailAuthError(f"{path}: {_why(text, error)}; {_INSTEAD}") from None
    if isinstance(found, dict) and found.get("format") not in (None, _FORMAT):
        raise MailAuthError(
            f"{path}: has format {json.dumps(found['format'])}, and this version knows {_FORMAT}; "
            "use the version that wrote it, or delete the file"
        )
    try:
        return _once([(domain_name(name), _told(each)) for name, each in _items(found["domains"])])
    except _TwiceError as error:
        raise MailAuthError(f"{path}: {error}; {_INSTEAD}") from None
    except (KeyError, TypeError, ValueError, RecordSyntaxError):
        raise MailAuthError(f"{path}: is not what `reports watch` writes; {_INSTEAD}") from None


_INSTEAD = (
    "take it from git as it was, or delete it: then what was told in the last days is told again"
)


class _TwiceError(ValueError):
    """A key that stands twice: which of them holds is anybody's guess."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{json.dumps(key)} stands twice, as after a merge")


def _once(pairs: list[tuple[_Name, _Value]]) -> dict[_Name, _Value]:
    found: dict[_Name, _Value] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = value
    return found


def _why(text: str, error: Exception) -> str:
    if any(line.startswith(_MERGE) for line in text.splitlines()):
        return "holds both sides of a merge"
    if isinstance(error, _TwiceError):
        return str(error)
    line = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
    return f"{line}is no JSON"


def _items(found: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - anything JSON holds
    if not isinstance(found, dict):
        raise TypeError
    return list(found.items())


def _told(found: Any) -> Told:  # noqa: ANN401 - anything JSON holds
    changes: dict[Key, date] = {}
    for each in found["told"]:
        if not isinstance(each["subject"], str):
            raise TypeError
        key = _KINDS[each["kind"]], each["subject"]
        if key in changes:
            raise _TwiceError(each["subject"])
        changes[key] = date.fromisoformat(each["day"])
    return Told(date.fromisoformat(found["until"]), changes)
