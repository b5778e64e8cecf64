"""senders import-template: what a set-up template comes to."""

from __future__ import annotations

import json

import pytest

from tests.conftest import RepoFolder
from tests.senders.test_domain_connect import alias, template

ZENDESK = template(
    alias("zendesk1._domainkey", "zendesk1._domainkey.zendesk.com"),
    {"type": "TXT", "host": "_dmarc", "data": "v=DMARC1", "txtConflictMatchingMode": "All"},
)
NEW = template(alias("s1._domainkey", "s1.%account%.mailer.example"))


def test_a_known_sender_and_what_is_risky(repo: RepoFolder) -> None:
    repo.write("t.json", ZENDESK)
    ran = repo.run("senders", "import-template", "t.json")
    assert (ran.code, ran.out) == (2, "senders:\n  zendesk: {}\n")
    assert "_dmarc TXT: a DMARC policy replaces whatever is there: v=DMARC1" in ran.err


def test_a_draft_is_refused_until_its_source_is_told(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write("t.json", NEW)
    repo.write("zones/senders/mailer-example.yaml", "")  # as a shell makes it
    ran = repo.run("senders", "import-template", "t.json")
    assert ran.code == 0
    assert "a draft for zones/senders/mailer-example.yaml" in ran.err
    repo.write("zones/senders/mailer-example.yaml", ran.out)
    refused = repo.run("lint")
    assert refused.code == 1
    assert "sources.template.url" in refused.said


def test_json(repo: RepoFolder) -> None:
    repo.write("t.json", NEW)
    made = json.loads(repo.run("senders", "import-template", "t.json", "--format", "json").out)
    assert (made["sender"], made["variables"]) == (None, ["account"])
    assert made["path"] == "zones/senders/mailer-example.yaml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "t.json: line 1, column 2: is not JSON"),
        ("-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n", "a private key"),
    ],
)
def test_bad_input_is_told(text: str, said: str, repo: RepoFolder) -> None:
    repo.write("t.json", text)
    ran = repo.run("senders", "import-template", "t.json")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert repo.run("senders", "import-template", "none.json").code == 1
