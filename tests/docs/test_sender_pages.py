"""The pages of senders are true: what they tell to enter compiles to what they show."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.policy.load import load_repo
from mailauth_dns.senders.catalogue_files import Catalogue
from tests.conftest import RepoFolder
from tests.docs.page import ROOT

sys.path.append(str(ROOT / "script"))
PAGES: dict[str, str] = importlib.import_module("site_senders").pages()
COMPILED = [sender for sender, entry in Catalogue().all() if entry.is_compiled]


def _block(page: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return found[1] if found is not None else ""


def _shown(page: str) -> Iterator[tuple[str, str, str]]:
    for line in _block(page, "text").splitlines():
        name, type, value = line.split(None, 2)
        yield name, type, value


@pytest.mark.parametrize("sender", COMPILED)
def test_what_is_entered_compiles_to_what_is_shown(sender: str, repo: RepoFolder) -> None:
    page = PAGES[f"reference/senders/{sender}.md"]
    repo.policy(f"domain: example.com\n{_block(page, 'yaml')}")
    published = {
        (str(rrset.name), rrset.type, value)
        for publication in compile_repo(load_repo(repo.root))
        for rrset in publication.zone.rrsets
        for value in rrset.values
    }
    assert set(_shown(page)) == published


@pytest.mark.parametrize("sender", COMPILED)
def test_a_page_tells_each_answer_and_each_source(sender: str) -> None:
    page, entry = PAGES[f"reference/senders/{sender}.md"], Catalogue().get(sender)
    assert entry is not None
    assert [key for key in entry.asks if f"| `{key}`" not in page] == []
    assert [name for name in entry.sources if f"| [{name}](" not in page] == []
    assert [
        each for each in entry.known_wrong if f"`{each.include or each.cname}`" not in page
    ] == []


def test_every_sender_is_in_the_index() -> None:
    index = PAGES["reference/senders/index.md"]
    assert [sender for sender, _ in Catalogue().all() if f"`{sender}`" not in index] == []
