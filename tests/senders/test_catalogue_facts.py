"""What the catalogue states: each fact has a source, and no file contradicts another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from mailauth_dns.senders.ask import GIVEN
from mailauth_dns.senders.catalogue_files import PACKAGED, Catalogue
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.facts import Grade
from mailauth_dns.senders.templates import places

SENDERS: Mapping[str, Entry] = dict(Catalogue().all())
each_sender = pytest.mark.parametrize("sender", SENDERS)

WHOLE: Any = {
    "name": "Example Mailer",
    "kind": "transactional",
    "sources": {
        "help": {"url": "https://mailer.example/help", "read": "2026-11-28", "grade": "A"},
    },
    "asks": {"token": {"find": "In the console.", "example": "abc", "source": "help"}},
    "return_path": {
        "class": "own-subdomain-cname",
        "at": "bounce",
        "cname": "{token}.mailer.example",
        "zones": ["mailer.example"],
        "aligns": {"relaxed": "yes", "strict": "no"},
        "source": "help",
    },
    "spf": {"include": "_spf.mailer.example", "useful": "unknown", "source": "help"},
    "dkim": {
        "form": "cname-fixed",
        "selectors": [{"selector": "m1", "cname": "m1.mailer.example"}],
        "source": "help",
    },
    "recognised_by": {"includes": ["mailer.example"], "source": "help"},
    "known_wrong": [
        {"include": "spf.mailer.example", "instead": "_spf.mailer.example", "source": "help"}
    ],
    "also": [
        {"type": "MX", "name": "@", "value": "mx.mailer.example", "why": "mail", "source": "help"}
    ],
    "remarks": [{"text": "Another account has another token.", "source": "help"}],
}
# Ids with a word that people use in place of the sender's own.
SHORT_FORMS = {
    "ovh": ("OVHcloud", "OVH"),
    "salesforce-own-return-path": ("its bounce management off", "own return path"),
    "scaleway-tem": ("Transactional Email", "TEM"),
}
FACTS = (
    ("asks", "token"),
    ("return_path",),
    ("spf",),
    ("dkim",),
    ("recognised_by",),
    ("known_wrong", 0),
    ("also", 0),
    ("remarks", 0),
)


def test_the_whole_entry_is_one() -> None:
    assert len(list(Entry.model_validate(WHOLE).facts())) == len(FACTS)


@pytest.mark.parametrize("fact", FACTS, ids=str)
@pytest.mark.parametrize("source", [None, [], "elsewhere", ["help", "elsewhere"]], ids=str)
def test_a_fact_without_a_source_is_refused(fact: tuple[str | int, ...], source: object) -> None:
    with pytest.raises(ValidationError, match="source"):
        Entry.model_validate(_changed((*fact, "source"), source))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", None),
        ("url", "http://mailer.example/help"),
        ("url", "their help page"),
        ("read", None),
        ("read", "last week"),
        ("read", "2026-02-30"),
        ("grade", None),
        ("grade", "E"),
        ("grade", "a"),
    ],
)
def test_a_source_without_page_day_and_grade_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=rf"sources\.help\.{key}"):
        Entry.model_validate(_changed(("sources", "help", key), value))


def test_an_entry_without_sources_is_refused() -> None:
    with pytest.raises(ValidationError, match="sources"):
        Entry.model_validate(_changed(("sources",), {}))


def test_sixty_senders_are_written_in_full_from_good_sources() -> None:
    good = [sender for sender, entry in SENDERS.items() if _is_well_sourced(entry)]
    assert len(good) >= 60


def test_one_hundred_and_fifty_senders_are_recognised_only() -> None:
    assert sum(not entry.is_compiled for entry in SENDERS.values()) >= 150


@each_sender
def test_every_source_is_that_of_a_fact(sender: str) -> None:
    entry = SENDERS[sender]
    assert entry.sources.keys() == {source for _, fact in entry.facts() for source in fact.source}


@each_sender
def test_what_is_only_recognised_is_recognised_by_something(sender: str) -> None:
    found = SENDERS[sender].recognised_by
    names = (found.includes, found.dkim, found.selectors, found.return_paths, found.reports)
    assert SENDERS[sender].is_compiled or any(names)


def test_no_two_senders_claim_one_name() -> None:
    claims = [
        (kind, name)
        for entry in SENDERS.values()
        for kind in ("includes", "dkim", "selectors", "return_paths", "reports")
        for name in getattr(entry.recognised_by, kind)
    ]
    assert [claim for claim, count in Counter(claims).items() if count > 1] == []


def test_no_two_senders_have_one_name() -> None:
    assert len({entry.name.casefold() for entry in SENDERS.values()}) == len(SENDERS)


@each_sender
def test_every_example_is_as_its_pattern_says(sender: str) -> None:
    for ask in SENDERS[sender].asks.values():
        for value in filter(None, (ask.example, ask.default)):
            assert ask.pattern is None or re.fullmatch(ask.pattern, value)


@each_sender
def test_every_place_is_asked_for_and_every_answer_has_a_place(sender: str) -> None:
    entry = SENDERS[sender]
    used = {place for template in _templates(entry) for place in places(template)}
    assert used - {"selector"} <= entry.asks.keys() | GIVEN
    assert entry.asks.keys() <= used


def test_no_name_known_to_be_wrong_is_somebodys_own() -> None:
    for sender, entry in SENDERS.items():
        wrong = {known.include for known in entry.known_wrong}
        for other, its in SENDERS.items():
            right = set(_includes(its)) | set(its.recognised_by.includes if other != sender else ())
            assert wrong & right == set(), f"{sender} and {other}"


@each_sender
def test_a_file_is_short_and_named_like_its_sender(sender: str) -> None:
    path = PACKAGED / f"{sender}.yaml"
    assert len(path.read_text().splitlines()) <= 80
    assert _is_short_for(sender, SENDERS[sender].name)


@pytest.mark.parametrize(
    ("sender", "name", "fits"),
    [
        ("mailer", "Mailer", True),
        ("example-mailer", "Example Mailer", True),
        ("ses", "Amazon SES", True),
        ("zix", "Zix (OpenText)", True),
        ("opentext", "Zix (OpenText)", True),
        ("zix-opentext", "Zix (OpenText)", True),
        ("opentext-zix", "Zix (OpenText)", False),
        ("mailer-example", "Example Mailer", False),
        ("exam", "Example Mailer", False),
    ],
)
def test_what_a_file_may_be_called(sender: str, name: str, fits: bool) -> None:
    assert _is_short_for(sender, name) is fits


def _changed(path: tuple[str | int, ...], value: object) -> Any:
    """Return the whole entry with one value replaced, or taken away where it is None."""
    entry = at = deepcopy(WHOLE)
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return entry


def _is_well_sourced(entry: Entry) -> bool:
    parts = [part for part in (entry.return_path, entry.spf, entry.dkim) if part is not None]
    grades = [entry.sources[source].grade for part in parts for source in part.source]
    return entry.is_compiled and Grade.GUIDE not in grades


def _templates(entry: Entry) -> Iterator[str]:
    if path := entry.return_path:
        yield from filter(None, (path.at, path.cname, *path.spf, *path.ns))
        yield from (each.exchange for each in path.mx)
    if entry.spf:
        yield from entry.spf.templates
    for each in entry.dkim.selectors if entry.dkim else ():
        yield from filter(None, (each.selector, each.cname, each.p))


def _includes(entry: Entry) -> Iterator[str]:
    """Yield what a policy would publish."""
    if entry.spf:
        yield from entry.spf.includes
    if entry.return_path:
        yield from (term.removeprefix("include:") for term in entry.return_path.spf)


def _is_short_for(sender: str, name: str) -> bool:
    """Whether an id is the words of a name, or some of them in their order."""
    name = name.replace(*SHORT_FORMS.get(sender, ("", "")))
    words = iter(re.findall(r"[a-z0-9]+", name.lower()))
    return all(word in words for word in sender.split("-"))
