"""When the record may include a part: every server has it, and no cache denies it."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.live.observe import Wanted
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset
from mailauth_dns.spf_relock.parts import Observe
from tests.conftest import RepoFolder
from tests.evaluate.spf_world import Sets
from tests.spf_relock.locking import COM, DAY, START, locked, policy, published, sender


def servers(*worlds: Sets | None) -> Observe:
    """Servers with these sets and a negative TTL of two hours; None is one that is silent."""

    def view(number: int, world: Sets | None, wanted: Wanted) -> ServerView:
        sets: dict[tuple[DomainName, str], RRset | Unknown | None] = {}
        for name, type in wanted.keys:
            values = (world or {}).get(f"{name} {type}")
            there = (
                RRset(name, type, 300, frozenset([values] if isinstance(values, str) else values))
                if values
                else None
            )
            sets[name, type] = Unknown("timeout") if world is None else there
        if world is not None:
            sets[wanted.zone, "SOA"] = RRset(
                wanted.zone, "SOA", 9000, frozenset({"ns. host. 1 2 3 4 7200"})
            )
        return ServerView(f"ns{number}", sets)

    return lambda wanted: {
        each.zone: Observation(
            each.zone, tuple(view(number, world, each) for number, world in enumerate(worlds)), None
        )
        for each in wanted
    }


READY = "every server has it; the SPF record may include it from 2026-06-01 14:00 UTC on"


def test_a_part_is_ready_when_every_server_has_served_it_for_the_longest_ttl(
    repo: RepoFolder,
) -> None:
    repo.policy(policy("example.com", "a.example"))
    world: Sets = {"a.example TXT": sender(0)}
    locked(repo, world)
    new = {key: values for key, values in published(repo).items() if key.startswith("_spf-")}
    old: Sets = {"example.com TXT": "v=spf1 include:a.example -all"}

    def rows(at: datetime, *worlds: Sets | None) -> set[tuple[str, bool, bool]]:
        return {
            (row.said, row.changed, row.unknown)
            for row in locked(repo, world, at, observe=servers(*worlds)).parts
        }

    def ready() -> set[datetime | None]:
        return {part.ready for part in load_repo(repo.root).lock.parts[COM].values()}

    lagging = "ns1 does not serve it yet; apply, then run this again"
    assert rows(START, old | new, old) == {(lagging, False, False)}
    assert rows(START, old | new, None) == {
        ("whether every server has it is unknown: ns1: timeout", False, True)
    }
    assert ready() == {None}
    two_hours = timedelta(hours=2)
    assert rows(START, old | new, old | new) == {(READY, True, False)}
    assert ready() == {START + two_hours}
    assert rows(START + DAY / 24, old | new, None) == {
        ("whether every server has it is unknown: ns1: timeout", False, True)
    }
    assert rows(START + DAY / 24, old | new, old | new) == {(READY, False, False)}
    assert ready() == {START + two_hours}
    assert rows(START + DAY / 24, old | new, old) == {(lagging, True, False)}
    assert ready() == {None}
    assert rows(START + DAY, old | new, old | new) == {
        (READY.replace("06-01", "06-02"), True, False)
    }
    assert rows(START + 2 * DAY, old | new, old) == set()  # asked again by plan, and no more here
    assert ready() == {START + DAY + two_hours}


def test_a_part_in_use_everywhere_needs_no_proof(repo: RepoFolder) -> None:
    """So is a lock that an earlier version wrote: nothing of it changes."""
    repo.policy(policy("example.com", "a.example"))
    world: Sets = {"a.example TXT": sender(0)}
    locked(repo, world)
    result = locked(repo, world, observe=servers(published(repo), published(repo)))
    assert (result.parts, result.stale) == ((), False)
