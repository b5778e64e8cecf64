"""The screen of what to do now, which `next` shows, and quickstart where a policy is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailauth_dns.cli.session import Session
from mailauth_dns.records.name import DomainName

if TYPE_CHECKING:
    from mailauth_dns.guide.overview import Overview


def look(
    session: Session, domains: Sequence[DomainName], private_dir: Path | None, now: datetime
) -> Overview:
    """Look where these domains are, all where none is named."""
    from mailauth_dns.guide import overview

    with session.waiting("looking at files and DNS"):
        return overview.look(session.root, domains, private_dir, now)


def show(session: Session, found: Overview) -> None:
    """Show the state of each area and the one thing to do now."""
    from mailauth_dns.render import guide

    session.show(guide.screen(found, session.spelled), wrap=True)


def data(session: Session, found: Overview) -> dict[str, Any]:
    """Return the same as data."""
    from mailauth_dns.render import guide

    return guide.data(found, session.spelled)
