"""`reports show`: a table that says whose mail it is, a page, and what it says without evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailauth_dns.evidence.evidence import MailReport, Row
from mailauth_dns.evidence.kept.evidence_text import text_of
from mailauth_dns.live import host_names
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.evidence.reported import evidence, report, row
from tests.live.unanswering import closed_port

GOLDEN = Path(__file__).parent / "golden"
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
POLICY = f"""
domain: example.com
senders:
  server: {{ip: ["192.0.2.0/28", "2001:db8::/48"], dkim: [mx2026]}}
  zendesk: {{}}
  mailchimp: {{retired: 2026-02-17}}
spf: {{all: softfail}}
dkim: {{selectors: {{mx2026: {{p: {KEY}, k: ed25519}}}}}}
dmarc: {{p: none}}
"""
OTHERS = "domains: [quiet.example, silent.example]\nspf: {all: fail}\n"
MX = "mx2026._domainkey.example.com"
ZENDESK = "x._domainkey.zendesk.com pass"
NO_EVIDENCE = "no evidence: that says nothing about the mail"


def rows(day: int) -> list[Row]:
    """Return what one receiver saw on a day: as it is, with one of everything."""
    ours = [f"{MX} pass"]
    return [
        row("192.0.2.3", 400, by="dkim spf", signed=ours, path=["example.com pass"]),
        row("2001:db8::3", 20, by="dkim spf", signed=ours, path=["example.com pass"]),
        row("192.0.2.4", 7, by="spf", path=["example.com pass"]),
        row("198.51.100.7", 30, by="dkim", signed=["zendesk1._domainkey.example.com pass"],
            path=["zendesk.com pass"]),
        row("198.51.100.7", 12, by="", signed=[ZENDESK], path=["zendesk.com pass"]),
        row("198.51.100.80", 2, by="", path=["mail3.mcsv.net pass"]),
        row("203.0.113.5", 4, by="dkim", signed=ours, path=["alumni.example pass"]),
        row("203.0.113.66", 3, by="", signed=[f"{MX} fail", "d._domainkey.lists.example.org pass"],
            path=["lists.example.org pass"]),
        row("203.0.113.70", 5, by="", path=["app.mandrillapp.com pass"]),
        row("203.0.113.71", 1, by="", path=["example.com softfail"]),
        *(row(f"198.51.{10 * day + at}.9", 1, by="", path=["example.com softfail"])
          for at in range(3)),
    ]  # fmt: skip


def reports() -> Iterator[MailReport]:
    number = 0
    for day in (0, 1, 2, 5, 6):
        for reporter in ("mail.example", "receiver.example"):
            number += 1
            made = report(*rows(day), day=day, reporter=reporter)
            yield replace(made, window=replace(made.window, id=f"{number:012x}"))


@pytest.fixture
def kept(repo: RepoFolder) -> RepoFolder:
    """A repo that has evidence of one domain."""
    repo.policy(POLICY)
    repo.policy(OTHERS, "others")
    repo.write("zones/evidence/example.com.json", text_of(evidence(*reports())))
    return repo


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("one-domain", ("example.com",)),
        ("few-lines", ("example.com", "--max", "1")),
        ("since", ("example.com", "--since", "2026-02-21")),
        ("all-domains", ()),
    ],
)
def test_the_table(
    kept: RepoFolder, request: pytest.FixtureRequest, name: str, arguments: tuple[str, ...]
) -> None:
    ran = kept.run("reports", "show", *arguments)
    assert (ran.code, ran.told) == (0, "")
    golden = GOLDEN / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(ran.out)
    assert ran.out == golden.read_text()


def test_json_says_the_same(kept: RepoFolder) -> None:
    [found] = json.loads(kept.run("reports", "show", "example.com", "--format", "json").out)[
        "domains"
    ]
    assert (found["first"], found["last"], found["reports"]) == ("2026-02-16", "2026-02-22", 10)
    assert found["messages"]["all"] == sum(each["messages"]["all"] for each in found["sources"])
    assert found["messages"]["all"] == sum(each["messages"] for each in found["by_kind"])
    zendesk = [each for each in found["sources"] if each["name"] == "zendesk"]
    assert [(each["kind"], each["messages"]["all"]) for each in zendesk] == [
        ("declared, aligned", 300),
        ("declared, not aligned", 120),
    ]
    assert zendesk[1]["mend"][0].startswith("switch on DKIM for example.com at Zendesk")
    assert [day["day"] for day in found["days"]][2:4] == ["2026-02-18", "2026-02-21"]
    whole = json.loads(kept.run("reports", "show", "--format", "json").out)
    assert [each["sources"] for each in whole["domains"]] == [None]
    assert whole["without_evidence"] == ["quiet.example", "silent.example"]


def test_the_page_has_time_sources_and_reporters(kept: RepoFolder) -> None:
    ran = kept.run("reports", "show", "example.com", "--format", "html")
    assert ran.code == 0
    for words in ("In time", "Whose mail it is", "Who says so", "nobody reported", "zendesk"):
        assert words in ran.out
    assert len(re.findall(r'class="bar-planned"', ran.out)) == 2 * 2 + 1, "two days, and the legend"


def test_evidence_without_a_policy_is_told(kept: RepoFolder) -> None:
    kept.policy("domain: quiet.example\nspf: {all: fail}\n", "others")
    kept.policy("domain: other.example\nspf: {all: fail}\n")
    ran = kept.run("reports", "show")
    assert ran.code == 1
    assert "example.com  has evidence, and no policy here" in ran.out
    assert "there is no evidence: that says nothing about your mail" in ran.err


REFUSED = [
    (("quiet.example",), f"quiet.example: {NO_EVIDENCE}; `mailauth-dns reports read --write PATH`"),
    (("example.com", "--since", "2026-03-01"), "no report since 2026-03-01, the last one is of"),
    (("example.com", "--since", "yesterday"), "--since yesterday: write a day such as 2026-11-01"),
    (("example.com", "--since", "2026-02-30"), "--since 2026-02-30: write a day"),
    (("example.com", "--max", "0"), "--max"),
    (("other.example",), "there is no policy for other.example"),
    (("--live",), "--live is for one domain: give a DOMAIN"),
    (("--format", "html"), "--format html is for one domain: give a DOMAIN"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_it_cannot_show(kept: RepoFolder, arguments: tuple[str, ...], message: str) -> None:
    ran = kept.run("reports", "show", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err


def test_a_broken_file_is_told_with_its_line(kept: RepoFolder) -> None:
    path = kept.root / "zones/evidence/example.com.json"
    path.write_text(path.read_text().replace('"p": "none"', '"p": "nine"').replace(
        '"p":"none"', '"p":"nine"'))  # fmt: skip
    ran = kept.run("reports", "show", "example.com")
    assert (ran.code, ran.out) == (1, "")
    assert re.search(r"zones/evidence/example\.com\.json:\d+:", ran.err)


def test_a_broken_file_does_not_hide_the_others(kept: RepoFolder) -> None:
    kept.write("zones/evidence/quiet.example.json", "[")
    ran = kept.run("reports", "show")
    assert ran.code == 1
    assert "example.com  2026-02-16 to 2026-02-22: 4870 messages" in ran.out
    assert "zones/evidence/quiet.example.json:" in ran.err


def test_names_of_hosts_tell_senders(
    kept: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = "$TTL 60\n@ SOA ns.example. hostmaster.example. 1 60 60 60 60\n@ NS ns.example.\n"
    for zone, text in {
        "113.0.203.in-addr.arpa": "71 PTR out1.mandrillapp.com.\n5 PTR mx.alumni.example.\n",
        "100.51.198.in-addr.arpa": "",
        "2.0.192.in-addr.arpa": "",
        "mandrillapp.com": "out1 A 203.0.113.71\n",
        "example": "mx.alumni A 203.0.113.5\n",
    }.items():
        kept.write(f"zones-of-others/{zone}.zone", head + text)
    with LoopbackServer(kept.root / "zones-of-others") as server:
        there = (ServerAddress("127.0.0.1", server.port),)
        monkeypatch.setattr(host_names, "system_resolvers", lambda: there)
        ran = kept.run("reports", "show", "example.com", "--live", "--format", "json")
    assert ran.code == 1, "of some hosts, DNS here did not tell"
    assert ran.err.startswith("unknown: the names of ")
    sources = json.loads(ran.out)["domains"][0]["sources"]
    [mandrill] = [each for each in sources if each["name"] == "Mailchimp Transactional (Mandrill)"]
    assert mandrill["messages"]["all"] == 60, "10 of them told by the name of the host alone"


def test_where_dns_is_down_names_are_unknown_and_the_rest_is_shown(
    kept: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = kept.run("reports", "show", "example.com")
    with closed_port() as server:
        monkeypatch.setattr(host_names, "system_resolvers", lambda: (server,))
        ran = kept.run("reports", "show", "example.com", "--live")
    assert (ran.code, ran.out) == (1, without.out)
    assert "unknown: the names of" in ran.err
