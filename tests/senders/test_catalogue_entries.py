"""The catalogue's entries: what each says holds together, and with the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import Ask, Entry
from mailauth_dns.senders.templates import places

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
def test_an_example_is_as_the_pattern_says(ask: Ask) -> None:
    for value in filter(None, (ask.example, ask.default)):
        assert re.fullmatch(ask.pattern or ".*", value)


@pytest.mark.parametrize("ask", ASKS)
def test_a_newcomer_is_told_where_to_look(ask: Ask) -> None:
    assert ask.find.startswith("In ")
    assert ask.find.endswith(".")


@pytest.mark.parametrize(("sender", "entry"), ENTRIES)
def test_every_ask_is_used(sender: str, entry: Entry) -> None:
    assert entry.asks.keys() <= {place for each in _templates(entry) for place in places(each)}


@pytest.mark.parametrize(("sender", "entry"), ENTRIES)
def test_what_a_sender_names_itself_is_not_wrong(sender: str, entry: Entry) -> None:
    assert entry.spf is None or not {*entry.spf.includes} & {
        each.include for each in entry.known_wrong
    }


def test_a_value_leads_to_one_sender() -> None:
    """Of two senders that the same name points to, nobody could tell which it is."""
    for key in ("includes", "dkim", "return_paths"):
        names = Counter(name for _, entry in ENTRIES for name in getattr(entry.recognised_by, key))
        assert not [name for name, number in names.items() if number > 1], key


def _templates(entry: Entry) -> Iterator[str]:
    path = entry.return_path
    if path is not None:
        yield from filter(None, (path.at, path.cname, *path.spf, *path.ns))
        yield from (each.exchange for each in path.mx)
    if entry.spf is not None:
        yield from entry.spf.templates
    for each in entry.dkim.selectors if entry.dkim is not None else ():
        yield from filter(None, (each.selector, each.cname, each.p))
