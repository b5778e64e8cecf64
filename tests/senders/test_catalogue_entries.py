"""The catalogue's entries: what people are asked for."""

from __future__ import annotations

import re

import pytest

from mailauth_dns.senders.ask import Ask
from mailauth_dns.senders.catalogue_files import Catalogue

ENTRIES = tuple(Catalogue().all())
ASKS = tuple(
    pytest.param(ask, id=f"{sender}.{key}")
    for sender, entry in ENTRIES
    for key, ask in entry.asks.items()
)

# Policies as people write them: each key is one that the sender asks for, and nothing else is missing.
POLICIES = [
    ("google", {}),
    ("zendesk", {}),
    ("fastmail", {}),
    ("icloud", {}),
    ("mailchimp", {}),
    ("mandrill", {}),
    ("ses", {"region": "eu-west-1", "mail_from": "bounce", "tokens": "aaa"}),
    ("sendgrid", {"return_path": "em1234", "target": "u1.wl1.sender.example"}),
]


@pytest.mark.parametrize(("sender", "given"), POLICIES)
def test_a_policy_gives_all_that_is_asked(sender: str, given: dict[str, str]) -> None:
    entry = Catalogue().get(sender)
    assert entry is not None
    needed = {k for k, ask in entry.asks.items() if ask.default is None and not ask.optional}
    assert needed <= given.keys() <= entry.asks.keys()
    for key, value in given.items():
        assert re.fullmatch(entry.asks[key].pattern or ".*", value), key


@pytest.mark.parametrize("ask", ASKS)
def test_a_newcomer_is_told_where_to_look(ask: Ask) -> None:
    assert ask.find.startswith("In ")
    assert ask.find.endswith(".")
