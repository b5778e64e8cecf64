"""Attribution takes time in proportion to the rows, and little of it: a fleet has many."""

from __future__ import annotations

import time
from dataclasses import replace

from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import Declared, declared_of
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.evidence import cases_failed, cases_passed
from tests.evidence.reported import DOMAIN, evidence, report
from tests.evidence.senders_of_mail import with_everybody
from tests.growth import MOST

CASES = [*cases_passed.CASES, *cases_failed.CASES]
MANY = 20_000
EACH = 0.0005  # seconds of this process for one row; it takes 30 millionths


def many(number: int) -> Evidence:
    """Return rows of every kind, no two of them alike."""
    rows = [
        replace(CASES[at % len(CASES)].row, source=f"100.{at >> 16}.{at >> 8 & 255}.{at & 255}")
        for at in range(number)
    ]
    return evidence(*(report(*rows[at : at + 50], day=at // 500) for at in range(0, number, 50)))


def seconds(there: Evidence, declared: Declared) -> float:
    began = time.process_time()
    assert len(attributed(there, declared)) == sum(len(each.rows) for each in there.mail)
    return time.process_time() - began


def test_many_rows_take_seconds(repo: RepoFolder) -> None:
    loaded = load_repo(with_everybody(repo).root)
    declared = declared_of(loaded, loaded.of([DOMAIN])[0])
    fourth, whole = (
        min(seconds(many(number), declared) for _ in range(2)) for number in (MANY // 4, MANY)
    )
    assert whole < MANY * EACH
    assert whole / fourth < MOST
