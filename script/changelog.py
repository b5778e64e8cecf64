"""Print what CHANGELOG.md says of a version; refuse a changelog that is not ready for it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path("CHANGELOG.md")
_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<day>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


def sections(text: str) -> dict[str, tuple[str | None, str]]:
    """Return the day and the text of each version."""
    headings = list(_HEADING.finditer(text))
    ends = [each.start() for each in headings[1:]] + [len(text)]
    return {
        each["name"]: (each["day"], text[each.end() : end].strip())
        for each, end in zip(headings, ends, strict=True)
    }


def notes(text: str, version: str) -> str:
    """Return what is said of `version`.

    Raises:
        ValueError: it is not said, has no day, or something is left in Unreleased.
    """
    known = sections(text)
    day, said = known.get(version, (None, ""))
    if not said:
        raise ValueError(f"there is no text for {version}: write '## [{version}] - YYYY-MM-DD'")
    if day is None:
        raise ValueError(f"{version} has no day: write '## [{version}] - YYYY-MM-DD'")
    if known.get("Unreleased", (None, ""))[1]:
        raise ValueError(f"text is left below [Unreleased]: move it to [{version}]")
    return said


if __name__ == "__main__":
    try:
        print(notes(CHANGELOG.read_text(), sys.argv[1]))
    except ValueError as error:
        sys.exit(f"{CHANGELOG}: {error}")
