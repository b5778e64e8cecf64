"""Times on the command line, such as 90s, 10m or 1h."""

from __future__ import annotations

import re
from datetime import date

from mailauth_dns.errors import MailAuthError

_SECONDS = {"s": 1, "m": 60, "h": 3600}


def seconds(duration: str, option: str) -> float:
    """Return a time in seconds.

    Raises:
        MailAuthError: naming `option`, where the text is no time.
    """
    match = re.fullmatch(r"([0-9]{1,6})(s|m|h)?", duration)
    if match is None:
        raise MailAuthError(f"{option} {duration}: write a time such as 90s, 10m or 1h")
    return float(match[1]) * _SECONDS[match[2] or "s"]


def day(text: str, option: str) -> date:
    """Return a day.

    Raises:
        MailAuthError: naming `option`, where the text is no day.
    """
    try:
        # Later versions of Python take other spellings too.
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.A) else None
    except ValueError:
        found = None
    if found is None:
        raise MailAuthError(f"{option} {text}: write a day such as 2026-11-01")
    return found
