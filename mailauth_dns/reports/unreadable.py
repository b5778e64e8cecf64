"""What makes a report unreadable."""

from __future__ import annotations

from mailauth_dns.errors import MailAuthError


class UnreadableReport(MailAuthError):
    """A text is no report, or breaks off, or asks for more than the bounds; it says which.

    The text of the error follows the name of the file. What was read of the report before is to be
    forgotten.
    """


class NoReport(UnreadableReport):
    """A text is whole, or would be, and is something else than a report."""
