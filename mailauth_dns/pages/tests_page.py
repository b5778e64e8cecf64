"""The page of `test`: what receivers would say of each message, before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mailauth_dns.pages.page import Room, page
from mailauth_dns.render.message_verdict import ending_said
from mailauth_dns.simulate.before_after import Rehearsal
from mailauth_dns.simulate.run_mail_tests import TestResult

_ORDER = (TestResult.FAILED, TestResult.UNKNOWN, TestResult.PASSED)


def tests_page(found: Sequence[Rehearsal]) -> str:
    """Return the page of tests: those that do not pass come first."""
    room = Room()
    ordered = sorted(found, key=lambda each: _ORDER.index(each.after.outcome))
    told = [room.told("test.html", test=each, ending=ending_said) for each in ordered]
    tally = Counter(each.after.outcome for each in found)
    return page(
        "tests.html",
        total=len(found),
        tally=tally,
        tests=[made for made in told if made is not None],
        left=room.left,
    )
