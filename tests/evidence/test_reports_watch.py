"""`reports watch`, as cron and CI run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from mailauth_dns.evidence.evidence import MailReport, Row
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import AuthResult, DkimResult, PublishedPolicy, SpfResult
from tests.conftest import RepoFolder
from tests.evidence.evidence_repo import put, today
from tests.evidence.tls_reports import DOMAIN, daily, day, sts, window

MARK = "zones/evidence/_watch.json"
POLICY = 'domain: example.com\nspf: {terms: ["ip4:192.0.2.10"], all: fail}\ndmarc: {p: none}\n'
OURS = Row("192.0.2.10", DOMAIN, 50, False, True, None, spf=(SpfResult(DOMAIN, AuthResult.PASS),))
VENDOR = Row(
    "198.51.100.7",
    DOMAIN,
    40,
    False,
    False,
    None,
    dkim=(DkimResult(DomainName("vendor.example"), "s1", AuthResult.PASS),),
)
SPOOF = Row("203.0.113.66", DOMAIN, 5000, False, False, None)


def reports(
    days: Iterable[int] = range(1, 50), new: dict[int, Row] | None = None
) -> Iterable[MailReport]:
    """Mail of our server on each day, and of somebody else on some."""
    for back in days:
        for reporter in ("google.com", "yahoo.com"):
            rows = (OURS, *([new[back]] if new and back in new else ()))
            yield MailReport(window(day(back), reporter), PublishedPolicy(DOMAIN), rows)


NEW = {1: VENDOR, 2: VENDOR}


@pytest.fixture
def watched(repo: RepoFolder) -> RepoFolder:
    repo.policy(POLICY, "example.com")
    put(repo, reports(new=NEW))
    return repo


def test_tells_what_is_new_once(watched: RepoFolder) -> None:
    first, last = today() - timedelta(days=49), today() - timedelta(days=1)
    ran = watched.run("reports", "watch")
    assert (ran.code, ran.out) == (
        2,
        f"""example.com  {first} to {last}
  new-source  vendor.example is a new unknown source: 160 messages in 7 days, none in the 35 days before
Watch: 1 domain, 1 new
""",
    )
    assert ran.next == "reports show example.com  (its sources, and what they are)"
    mark = (watched.root / MARK).read_bytes()
    again = watched.run("reports", "watch")
    assert (again.code, again.out) == (
        0,
        f"example.com  {first} to {last}: nothing new\nWatch: 1 domain, 0 new\n",
    )
    assert (watched.root / MARK).read_bytes() == mark


def test_since_a_day_needs_no_file(watched: RepoFolder) -> None:
    for _ in range(2):
        for back, code in ((10, 2), (0, 0)):
            when = str(today() - timedelta(days=back))
            assert watched.run("reports", "watch", "--since", when).code == code
    assert not (watched.root / MARK).exists()


def test_data(watched: RepoFolder) -> None:
    ran = watched.run("reports", "watch", "example.com", "--format", "json")
    assert ran.code == 2
    [domain] = json.loads(ran.out)["domains"]
    assert (domain["domain"], domain["problem"]) == ("example.com", None)
    [new] = domain["new"]
    assert {key: new[key] for key in ("kind", "subject", "now", "before", "bound")} == {
        "kind": "new-source",
        "subject": "vendor.example",
        "now": 160,
        "before": 0,
        "bound": 20,
    }


def test_githubs_commands(watched: RepoFolder) -> None:
    ran = watched.run("reports", "watch", "--format", "github")
    assert ran.out == (
        "::warning file=zones/evidence/example.com.json,line=1,title=new-source%3A example.com::"
        "vendor.example is a new unknown source: 160 messages in 7 days, none in the 35 days before\n"
    )
    assert watched.run("reports", "watch", "--format", "github").out == ""


def test_tls_sessions_are_watched_too(repo: RepoFolder) -> None:
    repo.policy(POLICY, "example.com")
    put(
        repo,
        reports(),
        (
            *daily(sts(50), range(4, 40)),
            *daily(sts(40, ("certificate-expired", "mx1.example.com", 9)), range(1, 4)),
        ),
    )
    ran = repo.run("reports", "watch")
    assert ran.code == 2
    assert (
        "  sessions-fail  TLS sessions fail: certificate-expired at mx1.example.com: "
        "54 of 694 in 7 days, 0 of 3200 in the 35 days before\n"
    ) in ran.out


def test_a_young_domain_says_from_when_on_it_is_judged(repo: RepoFolder) -> None:
    repo.policy(POLICY, "example.com")
    put(repo, reports(range(1, 10), {1: VENDOR, 2: SPOOF}))
    ran = repo.run("reports", "watch")
    assert ran.code == 0
    assert (
        "  9 days of evidence: new sources, senders that stop aligning and spikes are told from 21 on\n"
        in ran.out
    )


def test_no_evidence_is_no_all_clear(repo: RepoFolder) -> None:
    repo.policy(POLICY, "example.com")
    ran = repo.run("reports", "watch")
    assert (ran.code, ran.err) == (
        1,
        "there is no zones/evidence: `mailauth-dns reports read PATH --write` makes it\n",
    )
    (repo.root / "zones/evidence").mkdir()
    for options in ((), ("--since", "2026-01-01")):
        ran = repo.run("reports", "watch", *options)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("there is no evidence: that says nothing about your mail; ")
    assert not (repo.root / MARK).exists()


def test_what_is_broken_in_one_domain_hides_no_other(watched: RepoFolder) -> None:
    watched.policy("domain: broken.example\nspf: {all: fail}\n", "broken.example")
    watched.write("zones/evidence/broken.example.json", "[{}\n")
    ran = watched.run("reports", "watch")
    assert ran.code == 1
    assert "new-source  vendor.example" in ran.out
    assert ran.err.startswith("zones/evidence/broken.example.json:")
    again = watched.run("reports", "watch", "--format", "github")
    assert again.out.startswith("::error file=zones/evidence/broken.example.json,line=1,")
    assert "vendor.example" not in again.out


def test_a_run_for_some_domains_keeps_what_was_told_of_others(watched: RepoFolder) -> None:
    watched.policy("domain: other.example\nspf: {all: fail}\n", "other.example")
    text = (watched.root / "zones/evidence/example.com.json").read_text()
    watched.write("zones/evidence/other.example.json", text.replace("example.com", "other.example"))
    assert watched.run("reports", "watch", "example.com").code == 2
    ran = watched.run("reports", "watch", "other.example")
    assert ran.code == 2
    assert watched.run("reports", "watch").code == 0
    assert [*json.loads((watched.root / MARK).read_text())["domains"]] == [
        "example.com",
        "other.example",
    ]


BROKEN_MARKS = [
    ("{", "zones/evidence/_watch.json: line 1: is no JSON; "),
    ("", "zones/evidence/_watch.json: line 1: is no JSON; "),
    ("[" * 100_000, "zones/evidence/_watch.json: is no JSON; "),
    ("[]", "zones/evidence/_watch.json: is not what `reports watch` writes; "),
    ('{"format": 1, "domains": []}', "zones/evidence/_watch.json: is not what "),
    ('{"format": 1, "domains": {"example.com": {}}}', "zones/evidence/_watch.json: is not what "),
    ('{"format": 1, "domains": {"a b": {}}}', "zones/evidence/_watch.json: is not what "),
    (
        '{"format": 1, "domains": {"example.com": {"until": "2026-13-01", "told": []}}}',
        "zones/evidence/_watch.json: is not what ",
    ),
    (
        '{"format": 1, "domains": {"example.com": {"until": "2026-11-01", "told": '
        '[{"kind": "moon", "subject": "x", "day": "2026-11-01"}]}}}',
        "zones/evidence/_watch.json: is not what ",
    ),
    (
        '{"format": 2, "domains": {}}',
        "zones/evidence/_watch.json: has format 2, and this version knows 1; use the version that wrote it, or delete the file\n",
    ),
    (
        '{"format": 1,\n<<<<<<< HEAD\n"domains": {}}\n=======\n"domains": {}}\n>>>>>>> b\n',
        "zones/evidence/_watch.json: holds both sides of a merge; ",
    ),
    (b"\xff\xfe", "zones/evidence/_watch.json: line 1: is no JSON; "),
]


@pytest.mark.parametrize(("text", "says"), BROKEN_MARKS, ids=range(len(BROKEN_MARKS)))
def test_a_broken_mark_is_told_and_left(watched: RepoFolder, text: str | bytes, says: str) -> None:
    mark = watched.write(MARK, text)
    ran = watched.run("reports", "watch")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(says)
    assert mark.read_bytes() == (text if isinstance(text, bytes) else text.encode())


def test_a_mark_that_is_ahead_of_the_evidence_is_told_and_left(watched: RepoFolder) -> None:
    watched.run("reports", "watch")
    mark = watched.root / MARK
    kept = mark.read_bytes()
    put(watched, reports(range(5, 50)))
    ran = watched.run("reports", "watch")
    assert ran.code == 1
    assert ran.err == (
        f"zones/evidence/_watch.json: example.com was judged until {today() - timedelta(days=1)}, "
        f"and its evidence ends on {today() - timedelta(days=5)}: this checkout is older than the "
        f"mark. Get the newest evidence; where {today() - timedelta(days=1)} is wrong, take "
        "example.com out of the file\n"
    )
    assert mark.read_bytes() == kept


@pytest.mark.parametrize("target", ["somewhere.json", "../outside.json"])
def test_a_mark_that_is_a_link_is_refused(watched: RepoFolder, target: str) -> None:
    (watched.root / MARK).symlink_to(target)
    ran = watched.run("reports", "watch")
    assert (ran.code, ran.err) == (
        1,
        "zones/evidence/_watch.json: is a link; put the file itself there, or delete it\n",
    )


def test_evidence_outside_of_the_repo_is_not_written_to(
    watched: RepoFolder, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (watched.root / "zones/evidence").rename(outside)
    (watched.root / "zones/evidence").symlink_to(outside)
    ran = watched.run("reports", "watch")
    assert ran.code == 1
    assert "lies outside the repo" in ran.err
    assert not (outside / "_watch.json").exists()


@pytest.mark.parametrize("name", ["_watch.json", "example.com.json"])
def test_a_folder_in_a_files_place_is_told(watched: RepoFolder, name: str) -> None:
    path = watched.root / "zones/evidence" / name
    path.unlink(missing_ok=True)
    path.mkdir()
    ran = watched.run("reports", "watch")
    assert ran.code == 1
    assert ran.err.startswith(f"zones/evidence/{name}: ")


def test_a_pipe_in_the_place_of_evidence_is_told(watched: RepoFolder) -> None:
    watched.policy("domain: pipe.example\nspf: {all: fail}\n", "pipe.example")
    os.mkfifo(watched.root / "zones/evidence/pipe.example.json")
    ran = watched.run("reports", "watch")
    assert (ran.code, ran.err) == (1, "zones/evidence/pipe.example.json: not a regular file\n")


def test_what_nobody_read_is_told_again(watched: RepoFolder) -> None:
    """The mark is written after the result, so that a reader who went away has lost nothing."""
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(watched.root), "reports", "watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.close()
        run.wait(timeout=60)
    assert watched.run("reports", "watch").code == 2


def test_a_day_that_has_not_come(watched: RepoFolder) -> None:
    ran = watched.run("reports", "watch", "--since", "2999-01-01")
    assert (ran.code, ran.err) == (
        1,
        f"--since 2999-01-01: that day has not come; today is {today()}\n",
    )
    assert watched.run("reports", "watch", "--since", "yesterday").code == 1


def test_of_many_runs_at_once_one_tells(watched: RepoFolder) -> None:
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(watched.root), "reports", "watch"]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outs = [run.communicate(timeout=60)[0] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 0, 0, 2]
    assert sum("new-source" in out for out in outs) == 1
    assert watched.run("reports", "watch").code == 0
