"""The dkim status command: each key, what DNS says of it, and its next step."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from mailauth_dns.cli import what_next_keys
from mailauth_dns.cli.options import Domains, OutputOrPage
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, PageFormat, domains, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import first_seen
from mailauth_dns.keys import status as key_status
from mailauth_dns.policy.load import load_repo
from mailauth_dns.render import keys


def command(
    context: typer.Context, domain: Domains = None, format: OutputOrPage = PageFormat.TEXT
) -> int:
    """Show each key's state, what DNS says, and the next step.

    It writes down when every server was first seen to serve a key.
    """
    session = session_of(context)
    repo = load_repo(session.root)
    policies = repo.of(domains(domain))
    now = datetime.now(UTC)
    with session.waiting("asking for the keys in DNS"):
        statuses = key_status.look(policies, now)
    written, problems = first_seen.write(repo, policies, statuses, now)
    if written:
        edited = load_repo(session.root).of(domains(domain))
        statuses = key_status.again(statuses, edited, now)
    match format:
        case PageFormat.JSON:
            session.json(keys.status_data(statuses, written))
        case PageFormat.HTML:
            from mailauth_dns.pages.keys_page import keys_page

            session.page(keys_page(statuses, now))
        case PageFormat.TEXT:
            session.show(keys.status(statuses, now), wrap=True)
    for each in written:
        session.say(f"written, to be committed: {each}")
    for remark in key_status.remarks(statuses):
        session.say(remark)
    if problems:  # after the keys' states, which are known
        raise MailAuthError("\n".join(problems))
    what_next_keys.after_status(session, statuses, domains(domain), now)
    if any(each.unknown for each in statuses):
        return FAILED
    return DIFFERS if any(each.wrong for each in statuses) else DONE
