"""Each rule that can refuse a plan says why, and what is safe instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mailauth_dns
from mailauth_dns.plan.permissions import GATES
from mailauth_dns.plan.plan import TEST_FAILS, TEST_UNKNOWN
from mailauth_dns.render import refusal_words

DIFF = Path(mailauth_dns.__file__).parent / "diff"
JUDGED = {
    id
    for path in DIFF.glob("*.py")
    for id in re.findall(r'"([A-Z]{2,8}[0-9]{3})"', path.read_text())
}
NEVER_ALONE = {"DMARC034"}  # beside a change that asks for caution: nothing is refused for it


@pytest.mark.parametrize("rule", sorted({*JUDGED - NEVER_ALONE, *GATES, TEST_FAILS, TEST_UNKNOWN}))
def test_a_rule_that_refuses_says_why_and_what_is_safe(rule: str) -> None:
    told = refusal_words.explained(rule)
    assert len(told.why) == 2
    assert told.why[1].startswith("The safe way: ")
    assert told.page == f"mailauth-dns rules {rule}"
    assert (told.allow is None) == (rule == "live-unknown")
