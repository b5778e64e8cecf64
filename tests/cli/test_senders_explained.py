"""What senders come to, explained: by `compile --explain`, and by the notes of a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers

GOLDEN = Path(__file__).parent / "golden"
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
POLICY = f"""\
domain: example.com
senders:
  box: {{}}
  cloud: {{region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}}
  bulk: {{return_path: em1234, target: u1.wl1.bulk.example}}
  letters: {{}}
  handed: {{}}
  server: {{ip: [192.0.2.10], dkim: [mx2026]}}
  later: {{sender: hoster, server: www1.hoster.example, retired: 2099-12-01}}
  former: {{sender: server, ip: [198.51.100.7], retired: 2020-01-01}}
spf: {{terms: [mx, "include:_spf.box.example"], all: fail}}
dkim: {{selectors: {{mx2026: {{k: ed25519, p: "{KEY}"}}}}}}
"""
HEAD = (
    "$TTL 3600\n"
    "@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)


def test_each_sender_is_explained(repo: RepoFolder, request: pytest.FixtureRequest) -> None:
    with_mailers(repo).policy(POLICY, "example.com")
    repo.policy("domain: example.net\nspf: {all: fail}\n", "example.net")
    ran = repo.run("compile", "--explain")
    golden = GOLDEN / "compile_explain.txt"
    if request.config.getoption("--update-golden"):
        golden.write_text(ran.out)
    assert ran.out == golden.read_text()
    assert ran.code == 0


def test_the_same_as_data(repo: RepoFolder) -> None:
    with_mailers(repo).policy(POLICY)
    ran = repo.run("compile", "--explain", "--check", "--format", "json")
    [policy] = json.loads(ran.out)["explained"]
    senders = {each["key"]: each for each in policy["senders"]}
    assert policy["own"] == {"spf": ["mx", "include:_spf.box.example"], "dkim": ["mx2026"]}
    assert senders["box"]["spf"] == ["include:_spf.box.example"]
    assert senders["cloud"]["records"][-1] == {
        "name": "bounce.example.com",
        "type": "TXT",
        "value": "v=spf1 include:_spf.cloud.example ~all",
    }
    assert (senders["later"]["retired"], senders["later"]["gone"]) == ("2099-12-01", False)
    assert (senders["former"]["line"], senders["former"]["gone"]) == (10, True)


def test_without_the_option_nothing_is_explained(repo: RepoFolder) -> None:
    with_mailers(repo).policy(POLICY)
    assert json.loads(repo.run("compile", "--format", "json").out)["explained"] is None
    assert "letters" not in repo.run("compile").out


WHY = [
    ("zendesk: {}", "the return path is probably example.com itself: nobody says whether SPF al"),
    (
        "help-scout: {}",
        "the return path is probably the sender's own: nobody says whether SPF aligns",
    ),
    ("mandrill: {}", "the return path is the sender's own, since the policy names none: SPF never"),
    (
        "mailchimp: {}",
        "the return path is the sender's own, mcsv.net: SPF never aligns, so DKIM alo",
    ),
]


@pytest.mark.parametrize(("sender", "why"), WHY)
def test_whose_domain_is_in_mail_from_is_told(sender: str, why: str, repo: RepoFolder) -> None:
    repo.policy(f"domain: example.com\nsenders: {{{sender}}}\n")
    assert why in repo.run("compile", "--explain").out


LETTERS = (
    "note: example.com: include of Letters (servers.letters.example) left out: its return path is "
    "bounces.letters.example, so it can never align"
)
BOX = "note: example.com: a DKIM key of Box is left out, since the policy does not give it"
BARE = "domain: example.com\nproviders: [local]\nsenders:\n"
NOTED = [
    ("  letters: {}\n", "", [LETTERS]),
    ("  letters: {}\n  box: {}\n", "", [LETTERS, BOX]),
    # An include that goes is the sender's, too.
    (
        "  letters: {}\nspf: {terms: [mx], all: fail}\n",
        '@ IN TXT "v=spf1 mx include:servers.letters.example -all"\n'
        "k2._domainkey IN CNAME dkim2.letters.example.\n"
        "k3._domainkey IN CNAME dkim3.letters.example.\n",
        [LETTERS],
    ),
    # What another part of the policy changes says nothing of a sender.
    (
        "  letters: {}\nspf: {terms: [mx], all: fail}\n",
        '@ IN TXT "v=spf1 a -all"\n'
        "k2._domainkey IN CNAME dkim2.letters.example.\n"
        "k3._domainkey IN CNAME dkim3.letters.example.\n",
        [],
    ),
    (
        "  letters: {retired: 2020-01-01}\n",
        "k2._domainkey IN CNAME dkim2.letters.example.\n",
        ["note: example.com: Letters is retired since 2020-01-01, so its records go"],
    ),
]


@pytest.mark.parametrize(("senders", "there", "notes"), NOTED)
def test_a_plan_notes_what_was_left_out(
    senders: str, there: str, notes: list[str], repo: RepoFolder
) -> None:
    repo.local("example.com", HEAD + there)
    with_mailers(repo).policy(BARE + senders)
    ran = repo.run("plan", "--no-live")
    assert [line for line in ran.out.splitlines() if line.startswith("note:")] == notes


def test_a_note_of_many_domains_is_told_once(repo: RepoFolder) -> None:
    domains = [f"d{number}.example" for number in range(8)]
    for domain in domains:
        repo.local(domain, HEAD)
    with_mailers(repo).policy(
        f"domains: [{', '.join(domains)}]\nproviders: [local]\nsenders: {{letters: {{}}}}\n"
    )
    said = repo.run("plan", "--no-live").out
    assert said.count("left out") == 1
    assert "d0.example, d1.example, d2.example, d3.example, d4.example and 3 more: incl" in said
    for format in ("markdown", "github", "html"):
        shown = repo.run("plan", "--no-live", "--format", format).out
        assert shown.count("left out: its return path") == 1, format
