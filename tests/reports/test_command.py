"""`reports read`, as its users see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RepoFolder
from tests.reports import made
from tests.reports.made import RECORD, aggregate, gzipped, mail, mbox, plain_mail, tls, wrote
from tests.reports.test_parsedmarc import REPORT

FAILING = RECORD.replace(">pass</", ">fail</").replace("192.0.2.10", "203.0.113.66")
SILENT = RECORD.replace("<dkim>pass</dkim>", "").replace("<spf>pass</spf>", "")


@pytest.fixture
def reports(repo: RepoFolder) -> RepoFolder:
    second = aggregate(
        ("20251128.1", "20251129.1"),
        (str(made.BEGIN), str(made.BEGIN + 86400)),
        (str(made.END), str(made.END + 86400)),
        records=(RECORD, FAILING, SILENT),
    )
    other = aggregate(
        ("<org_name>receiver.example", "<org_name>"),
        ("<domain>example.com</domain>\n    <adkim>", "<domain>example.net</domain><adkim>"),
        ("<dkim>pass", "<dkim>Pass"),
    )
    wrote(
        repo.root / "reports",
        {
            "1.xml": aggregate(),
            "2.xml.gz": gzipped(second),
            "3.mbox": mbox(mail(gzipped(aggregate())), plain_mail(), mail(gzipped(other))),
            "4.json": tls(),
            "5.xml": aggregate(("<count>3", "<count>30")),
            "6.xml.gz": gzipped(aggregate())[:-20],
            "NOTES": "nothing here\n",
        },
    )
    return repo


TEXT = """\
example.com
  Receiver Example: 1 TLS report, 2025-11-28: 42 sessions, 95.2 % secured
  receiver.example: 2 reports, 2025-11-28 to 2025-11-29: 12 messages, 50 % aligned, 3 unknown
example.net
  mail.receiver.example: 1 report, 2025-11-28: 3 messages, 100 % aligned
Tolerated
  reports/2.xml.gz: has records that do not say whether SPF or DKIM aligned
  reports/3.mbox: message 3: part 2: does not name its organization; the domain of its address stands for it
  reports/3.mbox: message 3: part 2: writes 'Pass' in capitals
Not counted
  reports/5.xml: says something else than reports/1.xml, which is the same report by its id
  reports/6.xml.gz: is gzip that breaks off
Passed over
  reports/3.mbox: message 2: is mail without a report
  reports/NOTES: is neither XML, JSON, gzip, zip nor mail
Read 4 reports; 1 repeated; 2 not counted
"""


def test_text(reports: RepoFolder) -> None:
    ran = reports.run("reports", "read", "reports")
    assert ran.out.replace(f"{reports.root}/", "") == TEXT
    assert ran.code == 1


def test_json_says_the_same(reports: RepoFolder) -> None:
    ran = reports.run("reports", "read", "reports", "--format", "json")
    assert ran.code == 1
    document: dict[str, Any] = json.loads(ran.out.replace(f"{reports.root}/", ""))
    assert document["read"] == 4
    first, second, *_ = document["reports"]
    assert first == {
        "place": "reports/1.xml",
        "kind": "dmarc",
        "org": "receiver.example",
        "org_domain": "mail.receiver.example",
        "id": "20251128.1@receiver.example",
        "begin": "2025-11-28T00:00:00Z",
        "end": "2025-11-28T23:59:59Z",
        "domains": ["example.com"],
        "policy": {
            "p": "none",
            "sp": "reject",
            "np": None,
            "adkim": "r",
            "aspf": "r",
            "psd": None,
            "testing": None,
            "discovery": None,
            "fo": None,
            "pct": None,
        },
        "records": 1,
        "messages": {"aligned": 3, "not_aligned": 0, "unknown": 0},
        "sessions": None,
        "tolerated": [],
    }
    assert second["messages"] == {"aligned": 3, "not_aligned": 3, "unknown": 3}
    assert [each["code"] for each in document["reports"][2]["tolerated"]] == ["no-org", "capitals"]
    assert document["reports"][3]["sessions"] == {"successful": 40, "failed": 2}
    assert [each["place"] for each in document["not_counted"]] == [
        "reports/5.xml",
        "reports/6.xml.gz",
    ]
    assert document["repeated"] == [
        {"place": "reports/3.mbox: message 1: part 2", "first": "reports/1.xml"}
    ]
    assert len(document["passed_over"]) == 2


CODES: list[tuple[tuple[str, ...], int, str]] = [
    (("reports/1.xml",), 0, "Read 1 report\n"),
    (("reports/1.xml", "reports/1.xml"), 0, "Read 1 report; 1 repeated\n"),
    (("reports/3.mbox",), 0, "Read 2 reports\n"),
    (("reports/6.xml.gz",), 1, "Read 0 reports; 1 not counted\n"),
    (("reports/NOTES",), 1, "Read 0 reports; 1 not counted\n"),
    (("nowhere",), 1, "Read 0 reports; 1 not counted\n"),
    (("empty",), 1, "Read 0 reports\n"),
    (("--parsedmarc", "parsedmarc.json"), 0, "Read 1 report\n"),
    (("reports/1.xml", "--parsedmarc", "parsedmarc.json"), 0, "Read 1 report; 1 repeated\n"),
    (("--parsedmarc", "reports/1.xml"), 1, "Read 0 reports; 1 not counted\n"),
    (("parsedmarc.json",), 1, "Read 0 reports; 1 not counted\n"),
]


@pytest.mark.parametrize(("words", "code", "total"), CODES)
def test_exit_codes(words: tuple[str, ...], code: int, total: str, reports: RepoFolder) -> None:
    (reports.root / "empty").mkdir()
    reports.write("parsedmarc.json", json.dumps([REPORT]))
    ran = reports.run("reports", "read", *words)
    assert (ran.code, ran.out.splitlines(keepends=True)[-1]) == (code, total)
    assert reports.run("reports", "read", *words, "--format", "json").code == code


def test_no_report_says_that_this_says_nothing_of_mail(reports: RepoFolder) -> None:
    """No data is not "no mail"."""
    (reports.root / "empty").mkdir()
    ran = reports.run("reports", "read", "empty")
    assert ran.err == "there was no report to read: that says nothing about your mail\n"


def test_without_a_path_it_says_what_to_give(reports: RepoFolder) -> None:
    ran = reports.run("reports", "read")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "give a PATH, or --parsedmarc FILE; see mailauth-dns reports read --help\n"


def test_it_needs_no_repo(tmp_path: Path, reports: RepoFolder) -> None:
    wrote(tmp_path / "elsewhere", {"1.xml": aggregate()})
    ran = reports.run("-C", str(tmp_path / "elsewhere"), "reports", "read", "1.xml")
    assert ran.code == 0
    assert ran.next.startswith("import example.com  (")


def test_what_reporters_write_is_no_command_to_a_terminal(reports: RepoFolder) -> None:
    text = aggregate(
        ("<org_name>receiver.example", "<org_name>::error::x&#x9b;31m\u202e"),
        ("<dkim>pass", "<dkim>\u009b2J##[error]"),
        ("20251128.1", "\u009b"),
    )
    reports.write("reports/\x1b[2J.xml", text)
    ran = reports.run("reports", "read", "reports")
    assert {character for character in ran.said if not character.isprintable()} == {"\n"}
    assert "##[error]" not in ran.out
    data = reports.run("reports", "read", "reports", "--format", "json").out
    assert data.isascii()


def test_many_files_that_are_none_are_counted(reports: RepoFolder) -> None:
    wrote(reports.root / "notes", {f"{number:02}": "nothing\n" for number in range(30)})
    ran = reports.run("reports", "read", "notes", "reports/1.xml")
    assert ran.out.count("is neither XML") == 20
    assert "  and 10 more\n" in ran.out
    assert ran.code == 0


def test_what_a_reporter_gets_wrong_each_day_is_one_line(reports: RepoFolder) -> None:
    texts = {
        f"{day:02}.xml": aggregate(("20251128.1", f"{day}"), ("<dkim>pass", "<dkim>Pass"))
        for day in range(30)
    }
    wrote(reports.root / "month", {**texts, "tls.json": tls(policies=[*made.TLS["policies"]] * 2)})
    out = reports.run("reports", "read", "month").out
    assert out.count("in capitals") == 1
    assert "month/00.xml: writes 'Pass' in capitals; 30 reports of receiver.example do so" in out
    assert "Receiver Example: 1 TLS report, 2025-11-28: 84 sessions, 95.2 % secured" in out


def test_the_same_problem_of_many_reports_is_told_with_their_number(reports: RepoFolder) -> None:
    broken = gzipped(aggregate())[:-20]
    wrote(reports.root, {f"days/{day:02}.xml.gz": broken for day in range(10, 70)})
    out = reports.run("reports", "read", "days").out.replace(f"{reports.root}/", "")
    assert out == (
        "Not counted\n"
        "  days/10.xml.gz: is gzip that breaks off\n"
        "  days/11.xml.gz: is gzip that breaks off\n"
        "  days/12.xml.gz: is gzip that breaks off\n"
        "  and 57 reports more with this problem\n"
        "Read 0 reports; 60 not counted\n"
    )
