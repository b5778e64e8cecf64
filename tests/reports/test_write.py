"""`reports read --write`, as its users see it, and what strangers do to it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from mailauth_dns.cli import evidence_keeper
from mailauth_dns.evidence.kept.keep import keep
from mailauth_dns.policy.repo_layout import EVIDENCE_DIR
from tests.conftest import RepoFolder
from tests.reports import made
from tests.reports.made import OTHER_DOMAIN, RECORD, aggregate, on_day, wrote
from tests.reports.test_parsedmarc import REPORT

FILE = EVIDENCE_DIR / "example.com.json"
FAILING = RECORD.replace(">pass</", ">fail</").replace("192.0.2.10", "203.0.113.66")


def text(repo: RepoFolder) -> str:
    return (repo.root / FILE).read_text()


WRITTEN = """\
example.com
  Receiver Example: 1 TLS report, 2025-11-28: 42 sessions, 95.2 % secured
  receiver.example: 2 reports, 2025-11-28 to 2025-11-29: 6 messages, 100 % aligned
Read 3 reports
Evidence
  zones/evidence/example.com.json: 3 reports added, 3 in all
"""


def test_keeps_what_reports_say(kept: RepoFolder) -> None:
    ran = kept.run("reports", "read", "--write", "reports")
    assert (ran.code, ran.out, ran.told) == (0, WRITTEN, "")
    assert text(kept).count("\n") == 5
    assert kept.run("lint").code == 0
    assert kept.run("compile").code == 0
    assert sorted(path.name for path in (kept.root / EVIDENCE_DIR).iterdir()) == [
        ".gitattributes", "example.com.json",
    ]  # fmt: skip


def test_the_second_time_changes_nothing(kept: RepoFolder) -> None:
    kept.run("reports", "read", "--write", "reports")
    before = (kept.root / FILE).stat()
    for more in (["reports"], []):
        ran = kept.run("reports", "read", "--write", *more)
        assert ran.code == 0
        assert ran.out.endswith("Evidence\n  nothing new in 1 file\n")
    after = (kept.root / FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_says_the_same_as_json(kept: RepoFolder) -> None:
    kept.write("reports/4.xml", aggregate(OTHER_DOMAIN))
    kept.write(f"{EVIDENCE_DIR}/old.example.json", "[]")
    ran = kept.run("reports", "read", "--write", "reports", "--format", "json")
    assert json.loads(ran.out)["evidence"] == {
        "files": [
            {
                "domain": "example.com",
                "path": "zones/evidence/example.com.json",
                "reports": 3,
                "added": 3,
                "other_policy": 0,
                "too_old": 0,
                "written": True,
                "problem": None,
            }
        ],
        "left_out": [{"domain": "example.net", "reports": 1}],
        "without_policy": [],
    }
    ran = kept.run("reports", "read", "--write", "--format", "json")
    assert json.loads(ran.out)["evidence"]["without_policy"] == ["zones/evidence/old.example.json"]
    ran = kept.run("reports", "read", "reports", "--format", "json")
    assert json.loads(ran.out)["evidence"] is None


def test_reports_in_any_order_and_in_many_runs_make_the_same_file(kept: RepoFolder) -> None:
    kept.run("reports", "read", "--write", "reports")
    at_once = text(kept)
    (kept.root / FILE).unlink()
    for name in ("3.json", "2.xml", "1.xml", "3.json"):
        kept.run("reports", "read", "--write", f"reports/{name}")
    assert text(kept) == at_once


def test_a_report_of_parsedmarc_is_the_same_as_its_xml(kept: RepoFolder) -> None:
    kept.run("reports", "read", "--write", "reports/1.xml")
    before = text(kept)
    kept.write("aggregate.json", json.dumps([REPORT]))
    ran = kept.run("reports", "read", "--write", "--parsedmarc", "aggregate.json")
    assert ran.code == 0, ran.said
    assert text(kept) == before


def test_a_report_about_a_domain_without_a_policy_is_left_out(kept: RepoFolder) -> None:
    wrote(
        kept.root / "reports", {"4.xml": aggregate(OTHER_DOMAIN), "5.xml": on_day(5, OTHER_DOMAIN)}
    )
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 0
    assert "Left out\n  example.net: 2 reports, and no policy\n" in ran.out
    assert [path.name for path in (kept.root / EVIDENCE_DIR).glob("*.json")] == [FILE.name]


def test_a_report_that_contradicts_one_that_is_kept(kept: RepoFolder) -> None:
    """Whichever comes first, and in one run or in two, the one that says less good is kept."""
    wrote(kept.root / "false", {"1.xml": aggregate(records=(RECORD, FAILING))})
    texts = set()
    for runs in (["reports", "false"], ["false", "reports"]):
        for path in runs:
            ran = kept.run("reports", "read", "--write", path)
        assert ran.code == 1
        assert (
            f"{runs[1]}/1.xml: says something else than the report with its id in zones/evidence/example.com.json; the one that says less good is kept\n"
            in ran.out
        )
        texts.add(text(kept))
        (kept.root / FILE).unlink()
        ran = kept.run("reports", "read", "--write", *runs)
        assert ran.code == 1
        assert (
            f"{runs[1]}/1.xml: says something else than {runs[0]}/1.xml, which is the same report by its id\n"
            in ran.out.replace(f"{kept.root}/", "")
        )
        texts.add(text(kept))
        (kept.root / FILE).unlink()
    [only] = texts
    assert "203.0.113.66" in only


def test_a_report_that_found_another_policy_is_told(kept: RepoFolder) -> None:
    wrote(kept.root / "reports", {"4.xml": on_day(4, ("<p>none", "<p>reject"))})
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 0
    assert (
        "  zones/evidence/example.com.json: 1 report of another policy than yours, "
        "which count for no step\n" in ran.out
    )


def test_a_report_of_a_time_to_come_is_left_out(kept: RepoFolder) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=3)
    changes = [
        (str(made.BEGIN), str(int(tomorrow.timestamp()))),
        (str(made.END), str(int(tomorrow.timestamp()) + 86399)),
    ]
    wrote(kept.root / "reports", {"4.xml": aggregate(*changes)})
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "4.xml: is of a time that is still to come: it ends on 2" in ran.out
    assert text(kept).count("\n") == 5


def test_a_file_from_a_time_to_come_stays_what_it_is(kept: RepoFolder) -> None:
    """With a wrong clock, all of it is."""
    kept.run("reports", "read", "--write", "reports")
    later = text(kept).replace("2025-11-29", "2987-11-29")
    kept.write(str(FILE), later)
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "zones/evidence/example.com.json:4:1: end: 2987-11-29 is still to come" in ran.out
    assert text(kept) == later


def test_old_reports_make_room(kept: RepoFolder) -> None:
    wrote(kept.root / "reports", {"4.xml": on_day(-399), "5.xml": on_day(-400)})
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 0
    assert "  too old to keep: 1 report\n" in ran.out
    assert "4 reports added, 4 in all" in ran.out


def test_without_evidence_there_is_nothing_to_put_in_order(kept: RepoFolder) -> None:
    ran = kept.run("reports", "read", "--write")
    assert (ran.code, ran.out) == (0, "There is no evidence yet\n")


def test_no_report_that_counts_says_nothing_about_the_evidence_that_is_there(
    kept: RepoFolder,
) -> None:
    kept.run("reports", "read", "--write", "reports")
    before = text(kept)
    ran = kept.run("reports", "read", "--write", "nowhere")
    assert (ran.code, text(kept)) == (1, before)
    assert "There is no evidence yet" not in ran.out
    assert ran.out.endswith("Nothing was added to the evidence\n")
    assert "Next:" not in ran.err


def test_what_cannot_be_read_is_not_to_be_kept(kept: RepoFolder) -> None:
    ran = kept.run("reports", "read", "nowhere")
    assert ran.code == 1
    assert "Next:" not in ran.err


def test_the_next_step_is_to_keep_it(kept: RepoFolder) -> None:
    ran = kept.run("reports", "read", "reports/1.xml")
    assert ran.next.startswith("reports read reports/1.xml --write  (")


DOMAINS = 60


def test_a_run_that_is_killed_leaves_whole_files(kept: RepoFolder) -> None:
    kept.write(
        "zones/policy/many.yaml",
        f"domains: [{', '.join(f'd{n}.example' for n in range(DOMAINS))}]\n",
    )
    for number in range(DOMAINS):
        change = (OTHER_DOMAIN[0], OTHER_DOMAIN[1].replace("example.net", f"d{number}.example"))
        kept.write(f"reports/d{number}.xml", aggregate(change))
    command = [
        sys.executable,
        "-m",
        "mailauth_dns",
        "-C",
        str(kept.root),
        "reports",
        "read",
        "--write",
        "reports",
    ]
    folder = kept.root / EVIDENCE_DIR
    killed = 0
    for _ in range(20):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while (
            not any(folder.glob("*.json")) and time.monotonic() < until and process.poll() is None
        ):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        for path in folder.glob("*.json"):
            assert path.read_text().endswith("]\n")
            path.unlink() if killed < 3 else None
        if killed >= 3:
            break
    assert killed
    (folder / ".d1.example.json.abc.draft").write_text("[{")
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 0
    assert len(list(folder.glob("*.json"))) == DOMAINS + 1
    whole = {path.name: path.read_text() for path in folder.glob("*.json")}
    assert all(content.count("\n,") >= 1 for content in whole.values())
    assert not list(folder.glob(".*.draft"))


def test_what_is_written_in_several_goes_is_the_same(
    kept: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.run("reports", "read", "--write", "reports")
    at_once = text(kept)
    (kept.root / FILE).unlink()
    monkeypatch.setattr(evidence_keeper, "_WAITING", 1)
    ran = kept.run("reports", "read", "--write", "reports")
    assert (ran.code, ran.out) == (0, WRITTEN)
    assert text(kept) == at_once
    kept.write(str(FILE), "[")
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert ran.out.count("zones/evidence/example.com.json:1:2: not JSON") == 1


def test_a_reporter_that_sends_more_than_its_share_is_told(
    kept: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_keeper, "keep", partial(keep, room=1500))
    other = ("receiver.example", "other.example")
    for number in range(6):
        one = on_day(number, ("<report_id>", f"<report_id>{number}"))
        kept.write(f"reports/{number}.xml", one if number else one.replace(*other))
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "zones/evidence/example.com.json: no room for" in ran.out
    assert (
        "of mail.receiver.example of the last 60 days, which sends more than its share" in ran.out
    )
    assert '"reporter": "mail.other.example"' in text(kept)
