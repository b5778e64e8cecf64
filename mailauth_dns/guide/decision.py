"""The one thing to do now: the first row of a table that holds, from top to bottom.

The order is that of the work. Files come first, since everything else is made from them; then
DNS, the keys, the signing host, and last what only time brings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailauth_dns.guide import (
    dmarc_steps,
    dns_steps,
    file_steps,
    host_steps,
    key_steps,
    sender_steps,
)
from mailauth_dns.guide.situation import Here, Situation
from mailauth_dns.guide.step import Step


@dataclass(frozen=True, slots=True)
class Row:
    """A case: when it holds for a domain, and what to do about all domains for which it does."""

    name: str
    holds: Callable[[Here, Situation], bool]
    step: Callable[[Here, Sequence[Situation]], Step]


@dataclass(frozen=True, slots=True)
class RepoRow:
    """A case in which no domain can be looked at."""

    name: str
    holds: Callable[[Here], bool]
    step: Callable[[Here], Step]


REPO: tuple[RepoRow, ...] = (
    RepoRow("no repo", lambda here: here.place == "no repo", file_steps.make_repo),
    RepoRow("files are wrong", lambda here: here.place == "broken", file_steps.mend_files),
    RepoRow("no lock", lambda here: here.place == "no lock", file_steps.lock),
    RepoRow("no policy", lambda here: here.place == "empty", file_steps.write_policy),
    RepoRow(
        "a named domain has no policy",
        lambda here: bool(here.unknown_domains),
        file_steps.write_policy,
    ),
)

DOMAIN: tuple[Row, ...] = (
    Row("lint finds errors", lambda _, at: at.fault is not None, file_steps.mend_policy),
    Row("declares nothing", lambda _, at: not at.declares, file_steps.fill_policy),
    Row("no DMARC", lambda _, at: at.dmarc_missing, dmarc_steps.declare),
    Row("sends unsigned", key_steps.is_unsigned, key_steps.make_key),
    Row("a private key is not here", lambda _, at: bool(at.missing_halves), key_steps.find_private),
    Row("compiled files are stale", lambda here, at: here.stale or at.stale, file_steps.compile),
    Row("files are not committed", lambda here, _: bool(here.uncommitted), file_steps.commit),
    Row("the local server is down", dns_steps.server_is_down, dns_steps.serve),
    Row("DNS is unknown", dns_steps.is_unknown, dns_steps.ask_again),
    Row("DNS differs", dns_steps.differs_at_provider, dns_steps.publish),
    Row("DNS differs, no provider", dns_steps.differs_at_form, dns_steps.paste),
    Row("a key was never seen", key_steps.is_unseen, key_steps.look),
    Row("a key's time has come", key_steps.is_due, key_steps.rotate),
    Row("the signing host cannot be read", host_steps.is_unknown, host_steps.look_as_root),
    Row("the signing host has other files", host_steps.differs, host_steps.export),
    Row("Postfix passes the signer by", host_steps.is_passed_by, host_steps.export_postfix),
    Row("a private key is not safe", host_steps.is_unsafe, host_steps.check),
    Row("a key waits for caches", key_steps.waits, key_steps.wait),
    Row("an SPF part waits", lambda _, at: bool(at.records_in("waits")), dns_steps.wait),
    Row("a sender has no key", key_steps.is_left_by_sender, key_steps.ask_sender),
    Row(
        "a sender's key is unknown",
        key_steps.is_unseen_at_sender,
        key_steps.ask_sender_dns,
    ),
    Row("a retired sender is gone", lambda _, at: bool(at.gone_senders), sender_steps.take_out),
    Row("DMARC can be tightened", dmarc_steps.is_due, dmarc_steps.tighten),
    Row("the signing host is partly unseen", host_steps.is_unseen, host_steps.look_yourself),
)


DONE = "nothing to do"


def row_of(here: Here, situation: Situation) -> Row | None:
    """Return the case of a domain; None where nothing is left to do."""
    return next((row for row in DOMAIN if row.holds(here, situation)), None)


def urgency(row: Row | None) -> int:
    """Return where a case stands in the table; the smaller, the more urgent."""
    return DOMAIN.index(row) if row is not None else len(DOMAIN)


def repo_step(here: Here) -> Step | None:
    """Return what to do before any domain can be looked at; None where all can."""
    return next((row.step(here) for row in REPO if row.holds(here)), None)


def next_step(here: Here, situations: Sequence[Situation]) -> Step | None:
    """Return the one thing to do now; None where nothing is left.

    Where several domains are in the same case, the step is for all of them.
    """
    if (first := repo_step(here)) is not None:
        return first
    rows = [(row_of(here, each), each) for each in situations]
    row = min((row for row, _ in rows), key=urgency, default=None)
    if row is None:
        return None
    return row.step(here, [each for other, each in rows if other is row])
