"""`spf lock` step by step: what is resolved, what is kept, and when an old part may go."""

from __future__ import annotations

from datetime import date

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo_layout import LOCK_FILE
from mailauth_dns.spf_relock.relock import relock, write
from tests.conftest import RepoFolder
from tests.evaluate.spf_world import Sets
from tests.evaluate.zones import Recorded
from tests.spf_relock.locking import (
    COM,
    DAY,
    ORG,
    START,
    locked,
    nobody_asked,
    policy,
    published,
    said,
    sender,
)

NEW, USED = "new", "still in use: the record in live DNS refers to it; apply first"
GOES, GONE = "to be deleted by the next apply", "not in DNS, and forgotten"


def test_a_part_goes_step_by_step(repo: RepoFolder) -> None:
    one: Sets = {"a.example TXT": sender(0)}
    two: Sets = {"a.example TXT": sender(100)}
    repo.policy(policy("example.com", "a.example"))
    assert said(locked(repo, one)) == [NEW, NEW]
    first = published(repo)
    assert said(locked(repo, two | first)) == [NEW, NEW, USED, USED]
    both = published(repo)
    assert both.keys() > first.keys()
    until = "no longer in use; stays until 2026-06-02 12:00 UTC"
    assert said(locked(repo, two | both, START)) == [until, until]
    assert said(locked(repo, two | both, START + DAY / 2)) == [until, until]
    assert published(repo) == both
    assert said(locked(repo, two | both, START + DAY)) == [GOES, GOES]
    second = published(repo)
    assert both.keys() - second.keys() == {key for key in first if key.startswith("_spf-")}
    assert said(locked(repo, two | both, START + 2 * DAY)) == [GOES, GOES]
    assert said(locked(repo, two | second, START + 2 * DAY)) == [GONE, GONE]
    assert not locked(repo, two | second, START + 3 * DAY).stale


def test_a_part_that_comes_back_into_use_starts_anew(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example"))
    locked(repo, {"a.example TXT": sender(0)})
    first = published(repo)
    changed: Sets = {"a.example TXT": sender(100)}
    locked(repo, changed | first)
    second = published(repo)
    locked(repo, changed | second)
    rolled_back = second | {"example.com TXT": first["example.com TXT"]}
    assert said(locked(repo, changed | rolled_back, START + 2 * DAY)) == [USED, USED]
    assert (
        said(locked(repo, changed | second, START + 3 * DAY))
        == ["no longer in use; stays until 2026-06-05 12:00 UTC"] * 2
    )


def test_a_long_ttl_keeps_a_part_longer(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example", ttl=604800))
    locked(repo, {"a.example TXT": sender(0)})
    old = published(repo)
    repo.policy("domain: example.com\nttl: 604800\nspf: {all: fail}\n")
    world = old | {"example.com TXT": "v=spf1 -all"}
    assert said(locked(repo, world)) == ["no longer in use; stays until 2026-06-08 12:00 UTC"] * 2
    assert published(repo).keys() == old.keys()


LEFT = {
    "no flattening any more": (
        "domain: example.com\nspf: {terms: ['include:a.example'], all: fail}\n"
    ),
    "spf: absent": "domain: example.com\nspf: absent\n",
    "no spf section": "domain: example.com\ndmarc: {p: none}\n",
    "parked": "domain: example.com\nparked: true\n",
}


@pytest.mark.parametrize("case", LEFT)
def test_parts_outlive_what_made_them(repo: RepoFolder, case: str) -> None:
    repo.policy(policy("example.com", "a.example"))
    locked(repo, {"a.example TXT": sender(0)})
    old = published(repo)
    repo.policy(LEFT[case])
    assert {key for key in published(repo) if key.startswith("_spf-")} == {
        key for key in old if key.startswith("_spf-")
    }
    result = locked(repo, old)
    assert said(result) == [USED, USED]
    assert [(row.name, row.after) for row in result.names] == [("a.example", None)]


def test_a_domain_that_is_gone_is_forgotten_and_its_parts_are_left(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example"))
    locked(repo, {"a.example TXT": sender(0)})
    repo.policy("domain: example.org\nspf: {all: fail}\n")
    assert (
        said(locked(repo, {}))
        == ["no policy declares the domain any more; left as it is in DNS"] * 2
    )
    assert not locked(repo, {}).stale


def test_domains_that_are_not_named_keep_what_was_reviewed(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example", "shared.example"), "com")
    repo.policy(policy("example.org", "b.example", "shared.example"), "org")
    world: Sets = {
        "a.example TXT": sender(0),
        "b.example TXT": sender(100),
        "shared.example TXT": "v=spf1 ip4:192.0.2.1 -all",
    }
    locked(repo, world)
    moved: Sets = {
        "a.example TXT": sender(1),
        "b.example TXT": sender(101),
        "shared.example TXT": "v=spf1 ip4:192.0.2.2 -all",
    }
    result = locked(repo, moved | published(repo), START + DAY, COM)
    since = {row.name: row.after.since for row in result.names if row.after is not None}
    assert since == {
        "a.example": date(2026, 6, 2),
        "shared.example": date(2026, 6, 2),
        "b.example": date(2026, 6, 1),
    }
    compile_repo(
        load_repo(repo.root)
    )  # what the shared name changes for the other domain is in the lock as well


def test_the_same_addresses_from_the_same_records_change_nothing(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example"))
    locked(repo, {"a.example TXT": "v=spf1 ip4:192.0.2.0/24 -all"})
    before = (repo.root / LOCK_FILE).read_bytes()
    result = locked(repo, {"a.example TXT": "v=spf1 ip4:192.0.2.0/24 -all"}, START + 30 * DAY)
    assert not result.stale
    assert (repo.root / LOCK_FILE).read_bytes() == before
    result = locked(
        repo, {"a.example TXT": "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 -all"}, START + 30 * DAY
    )
    assert result.stale
    assert not result.names[0].drift


def test_every_name_that_cannot_be_resolved_is_told_and_nothing_is_written(
    repo: RepoFolder,
) -> None:
    repo.policy(policy("example.com", "a.example", "b.example", "c.example"))
    with pytest.raises(MailAuthError) as caught:
        locked(
            repo,
            {"a.example TXT": "v=spf1 exists:%{i}.a.example -all", "b.example TXT": sender(0)},
            dark=["c.example"],
        )
    assert str(caught.value) == (
        "the lock stays as it is:\n"
        "  a.example: exists:%{i}.a.example in a.example depends on the message and has no addresses; take the name out of `flatten`\n"
        "  c.example: c.example TXT: SERVFAIL"
    )
    assert not (repo.root / LOCK_FILE).exists()


def test_whether_a_part_is_in_use_is_never_guessed(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example"))
    locked(repo, {"a.example TXT": sender(0)})
    with pytest.raises(
        MailAuthError,
        match=r"example\.com: whether old parts of its record are still in use is unknown",
    ):
        locked(repo, {"a.example TXT": sender(100)}, dark=["example.com"])


def test_a_lock_that_was_changed_while_dns_was_asked_is_left(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example"))
    world = Recorded({"a.example TXT": sender(0)})
    loaded = load_repo(repo.root)
    first, second = (relock(loaded, world, nobody_asked, (), now) for now in (START, START + DAY))
    write(loaded, first)
    before = (repo.root / LOCK_FILE).read_bytes()
    for text in (before, b"{"):
        (repo.root / LOCK_FILE).write_bytes(text)
        with pytest.raises(
            MailAuthError, match="was changed while DNS was asked" if text == before else "not JSON"
        ):
            write(loaded, second)
        assert (repo.root / LOCK_FILE).read_bytes() == text


def test_a_domain_without_a_policy_is_refused(repo: RepoFolder) -> None:
    repo.policy(policy("example.com", "a.example"))
    with pytest.raises(
        MailAuthError, match=r"there is no policy for example\.org; see zones/policy"
    ):
        locked(repo, {}, START, ORG)
