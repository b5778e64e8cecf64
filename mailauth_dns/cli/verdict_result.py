"""How simulate and check-message show verdicts, and their exit code."""

from __future__ import annotations

from collections.abc import Sequence

from mailauth_dns.cli import what_next
from mailauth_dns.cli.dns_before_after import AFTER, BEFORE
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, PageFormat, Session
from mailauth_dns.evaluate.verdict import DmarcResult, Verdict
from mailauth_dns.pages.identities import Identities
from mailauth_dns.render import message_verdict
from mailauth_dns.render.json_data import FORMAT

_KEYS = {BEFORE: "before", AFTER: "after"}


def show(
    session: Session,
    found: Sequence[tuple[str, Verdict]],
    identities: Identities,
    format: PageFormat,
) -> int:
    """Show the verdicts and return the exit code, which the last verdict decides.

    It is 2 where DMARC fails or cannot pass, and 1 where the result is unknown.
    """
    match format:
        case PageFormat.JSON:
            data = {_KEYS[title]: message_verdict.verdict_data(verdict) for title, verdict in found}
            session.json({"format": FORMAT, **data})
        case PageFormat.HTML:
            from mailauth_dns.pages.message_page import message_page

            session.page(message_page(found, identities))
        case PageFormat.TEXT:
            session.show(message_verdict.one(found), wrap=True)
    _, last = found[-1]
    author = last.discovery.author_domain if last.discovery is not None else None
    what_next.after_verdict(session, author)
    if last.dmarc is DmarcResult.TEMPERROR:
        return FAILED
    return DIFFERS if last.dmarc in (DmarcResult.FAIL, DmarcResult.PERMERROR) else DONE
