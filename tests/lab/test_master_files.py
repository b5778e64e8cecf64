"""Knot and NSD with master files: provider `local` edits the file, and the server reads it again."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.conftest import RepoFolder
from tests.lab.master_files import FileServer, KnotFiles, Nsd
from tests.lab.publishing import OURS, nothing_to_do, publish, without
from tests.lab.zones import FULL, HARD, HEAD, POLICY, SPF

ServingFiles = Callable[..., FileServer]


class KnotWithoutWaiting(KnotFiles):
    """As many have it: `knotc zone-reload` says OK before the zone is read."""

    id = "knot-at-once"

    def reload_command(self, zone: str) -> list[str]:
        return [word for word in super().reload_command(zone) if word != "-b"]


class KnotSigning(KnotFiles):
    """Knot signs, and keeps what it adds in its journal: the file stays the operator's."""

    id = "knot-signing"
    settings = (
        "dnssec-signing: on\n    zonefile-sync: -1\n"
        "    zonefile-load: difference-no-serial\n    journal-content: all"
    )


class KnotSigningIntoFiles(KnotFiles):
    """Knot signs, and writes what it adds into the file, as it does if nothing else is said."""

    id = "knot-signing-into-files"
    settings = "dnssec-signing: on"


def only(*kinds: type[FileServer]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "serving_files", kinds, indirect=True, ids=[kind.id for kind in kinds]
    )


def lines(server: FileServer) -> set[str]:
    return set(server.file("example.com").read_text().splitlines())


def test_publishes_ours_and_leaves_everything_else(
    repo: RepoFolder, serving_files: ServingFiles
) -> None:
    server = serving_files(example_com=FULL)
    before, text = server.dump("example.com"), lines(server)
    repo.policy(POLICY)
    assert repo.run("plan", "--detailed-exitcode").code == 2
    applied = publish(repo)
    assert applied.code == 0, applied.said
    assert server.dump("example.com") == without(before, "v=spf1 a mx ~all") | OURS
    assert server.serial("example.com") == 2
    gone = sorted(text - lines(server))
    assert [line.split()[:3] for line in gone] == [["@", "300", "IN"], ["@", "IN", "SOA"]]
    nothing_to_do(repo)
    assert repo.run("verify").code == 0
    assert repo.run("diff").code == 0


def test_values_of_others_stay_as_they_are(repo: RepoFolder, serving_files: ServingFiles) -> None:
    hard = "".join(f"@ 300 IN TXT {value}\n" for value in HARD.values())
    server = serving_files(example_com=HEAD + '@ 300 IN TXT "v=spf1 ~all"\n' + hard)
    before, text = server.dump("example.com"), lines(server)
    repo.policy(POLICY)
    applied = publish(repo)
    assert applied.code == 0, applied.said
    assert server.dump("example.com") == without(before, "v=spf1 ~all") | OURS
    assert set(hard.splitlines()) <= text & lines(server)
    nothing_to_do(repo)


def test_a_reload_that_fails_is_told_and_the_next_run_does_it(
    repo: RepoFolder, serving_files: ServingFiles
) -> None:
    server = serving_files(example_com=FULL)
    repo.policy(POLICY)
    program, conf, *rest = server.reload_command("{zone}")
    repo.provider(server.id, server.stanza() | {"reload": [program, conf, "/nowhere", *rest[1:]]})
    failed = publish(repo)
    assert failed.code == 1
    told = f"example.com is written, but {program} failed with exit code 1: "
    assert f"partial: {server.id}: {told}" in failed.out
    assert "/nowhere" in failed.out
    assert SPF not in server.served("example.com", "TXT")
    repo.provider(server.id, server.stanza())
    again = publish(repo)
    assert again.code == 0, again.said
    until = time.monotonic() + 10  # nsd-control does not wait for what it starts
    while SPF not in server.served("example.com", "TXT"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert server.serial("example.com") == 2


BROKEN = FULL + "www IN A 192.0.2.9\n"  # beside a CNAME: no server loads that


def test_a_file_that_the_server_would_not_load_is_not_written(
    repo: RepoFolder, serving_files: ServingFiles
) -> None:
    """Somebody else's mistake lies in the file since the server read it last."""
    server = serving_files(example_com=FULL)
    server.file("example.com").write_text(BROKEN)
    repo.policy(POLICY)
    check = ["nsd-checkzone", "{zone}", "{file}"]
    repo.provider(server.id, server.stanza() | {"check": check})
    refused = publish(repo)
    assert refused.code == 1
    assert "is not written: the check of the new file says no: nsd-checkzone failed" in refused.out
    assert server.file("example.com").read_text() == BROKEN
    assert server.served("example.com", "SOA")


NOT_LIVE = "live DNS does not say it yet:"


@only(KnotWithoutWaiting, Nsd)
def test_a_reload_that_says_ok_too_early_is_found_out_by_asking(
    repo: RepoFolder, serving_files: ServingFiles
) -> None:
    server = serving_files(example_com=FULL)
    server.file("example.com").write_text(BROKEN)
    repo.policy(POLICY)
    applied = publish(repo)
    assert NOT_LIVE in applied.out
    # NSD does not go on with what it had: without `check` a broken file takes the zone away.
    gone = isinstance(server, Nsd)
    assert ("answers SERVFAIL" in applied.out) == gone
    assert applied.code == (1 if gone else 2)


@only(KnotFiles)
def test_a_reload_that_waits_tells_it_itself(repo: RepoFolder, serving_files: ServingFiles) -> None:
    server = serving_files(example_com=FULL)
    server.file("example.com").write_text(BROKEN)
    repo.policy(POLICY)
    applied = publish(repo)
    assert applied.code == 1
    assert "example.com is written, but knotc failed with exit code 1: " in applied.out
    assert SPF not in server.served("example.com", "TXT")


@only(KnotSigning)
def test_a_signing_knot_signs_what_we_write(repo: RepoFolder, serving_files: ServingFiles) -> None:
    server = serving_files(example_com=FULL)
    repo.policy(POLICY)
    assert publish(repo).code == 0
    assert server.serial("example.com") > 2  # Knot's own, ahead of the file's
    repo.policy(POLICY.replace("p: quarantine", "p: reject"))
    applied = publish(repo, "DMARC034")
    assert applied.code == 0, applied.said
    assert server.ask("_dmarc.example.com", "RRSIG").answer
    nothing_to_do(repo)
    assert repo.run("verify").code == 0
    assert "RRSIG" not in server.file("example.com").read_text()


@only(KnotSigningIntoFiles)
def test_a_file_that_knot_signs_is_not_edited(
    repo: RepoFolder, serving_files: ServingFiles
) -> None:
    server = serving_files(example_com=FULL)
    until = time.monotonic() + 10
    while "RRSIG" not in server.file("example.com").read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    before = server.file("example.com").read_bytes()
    repo.policy(POLICY)
    planned = repo.run("plan", "--out", "plan.json")
    assert planned.code == 1
    assert "the file is signed (" in planned.out
    assert repo.run("apply", "plan.json").code == 1
    assert server.file("example.com").read_bytes() == before
