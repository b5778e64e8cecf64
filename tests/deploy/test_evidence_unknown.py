"""What is not known never speaks for a stricter policy, wherever the plan is made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.conftest import RepoFolder
from tests.deploy.evidence_repo import own
from tests.deploy.served_zone import ZONE, edit_zone, zone_text
from tests.deploy.stricter_domain import COM, POLICY, dmarc_change, give, nothing, sends


def applied(repo: RepoFolder, *arguments: str) -> tuple[int, str]:
    ran = repo.run("apply", str(repo.root / "plan.json"), *arguments)
    return ran.code, ran.said


def test_a_broken_file_is_no_evidence_and_stops_no_other_zone(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    served.write("zones/evidence/example.com.json", "[\nno JSON\n]\n")
    served.write("served/b.example.zone", ZONE)
    served.policy("domain: b.example\nspf: {terms: [mx], all: fail}\n", "b")
    nothing(served)
    ran = served.run("plan", "--out", "plan.json")
    assert "what the evidence says is unknown: zones/evidence/example.com.json:2:1: " in ran.out, (
        ran.said
    )
    code, said = applied(served)
    assert (code, "b.example at local  applied, 1 change" in said) == (1, True)
    assert "p=none" in zone_text(served)


def test_without_git_nobody_knows_how_dns_was(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    give(own(COM))(served)
    shutil.rmtree(served.root / ".git")
    ran = served.run("plan", "--out", "plan.json")
    assert dmarc_change(served)["rules"] == ["DMARC032"], ran.out
    assert "40 reports while nobody knows how DNS was" in ran.out


def test_in_a_shallow_clone_nobody_knows_it_either(served: RepoFolder, tmp_path: Path) -> None:
    sends(served, "p=none", "p: quarantine")
    give(own(COM))(served)
    clone = tmp_path / "clone"
    url = f"file://{served.root}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", url, str(clone)], check=True)
    ran = RepoFolder(clone, served.capture).run("plan", "--live-only")
    assert "breaking DMARC032" in ran.out
    assert "this clone is shallow: git fetch --unshallow" in ran.out


def test_what_takes_mail_s_way_to_pass_away_leaves_no_evidence(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    edit_zone(served, "v=spf1 ip4:192.0.2.10", "v=spf1 ip4:192.0.2.10 ip4:203.0.113.9")
    give(own(COM))(served)
    ran = served.run("plan", "--out", "plan.json")
    assert dmarc_change(served)["rules"] == ["DMARC032"]
    assert "example.com TXT changes too, so no report is about what will be" in ran.out


def test_a_plan_of_live_dns_knows_it_too(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    nothing(served)
    ran = served.run("plan", "--live-only", "--fail-on", "breaking")
    assert (ran.code, "breaking DMARC032" in ran.out) == (2, True)
    give(own(COM))(served)
    ran = served.run("plan", "--live-only", "--fail-on", "breaking")
    assert (ran.code, "the gate is met" in ran.out) == (0, True)


def test_what_a_person_enters_at_a_form_needs_it_too(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    nothing(served)
    form = ("export", COM, "--format", "paste")
    ran = served.run(*form)
    said = " ".join(ran.out.split())
    assert (ran.code, "(DMARC032; --allow DMARC032:example.com if" in said) == (1, True), ran.said
    assert "v=DMARC1; p=quarantine" not in ran.out
    give(own(COM))(served)
    ran = served.run(*form)
    assert (ran.code, "v=DMARC1; p=quarantine" in ran.out) == (0, True), ran.said


def test_a_form_of_which_nothing_is_known_is_told_to_be_looked_at(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    nothing(served)
    said = " ".join(served.run("export", COM, "--format", "paste", "--no-live").out.split())
    assert (
        "if what is there asks for less, enter it only once `mailauth-dns dmarc status "
        "example.com` says that the step may come"
    ) in said
    served.policy(POLICY % "p: none", COM)
    said = served.run("export", COM, "--format", "paste", "--no-live").out
    assert "dmarc status" not in said
