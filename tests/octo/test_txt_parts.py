"""Parts of an SPF record at a provider are written before the record, which waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Network

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.diff.change import Hold
from mailauth_dns.octo.target import Proposal, Target
from mailauth_dns.policy import spf_lock_file as lockfile
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.spf_lock import Lock, LockedPart
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import Flat, laid_out, part_name
from mailauth_dns.records.spf_term import Qualifier
from mailauth_dns.records.zone import RRKey, quoted
from tests.conftest import RepoFolder
from tests.lab.zones import HEAD
from tests.policy.locks import locked_name

COM, SENDER = DomainName("example.com"), DomainName("_spf.sender.example")
ADDRESSES = addresses_of(IPv4Network((0xC6336400 + 2 * n, 32)) for n in range(50))
LAYOUT = laid_out(COM, [Flat(Qualifier.PASS, ADDRESSES), "-all"])
PARTS = [name for name, _ in LAYOUT.parts]
POLICY = f"""domain: example.com
providers: [local]
spf: {{terms: ["include:{SENDER}"], all: fail, flatten: [{SENDER}]}}
"""


def proposed(
    repo: RepoFolder,
    records: str,
    policy: str = POLICY,
    going: Mapping[DomainName, str] | None = None,
    held: Mapping[RRKey, Hold] | None = None,
) -> Proposal:
    """`going` are old parts that are to be deleted."""
    repo.local("example.com", HEAD + records)
    repo.policy(policy)
    parts = {name: LockedPart(text) for name, text in LAYOUT.parts}
    parts |= {
        name: LockedPart(text, datetime(2026, 5, 1, tzinfo=UTC), absent=True)
        for name, text in (going or {}).items()
    }
    repo.write(
        "zones/locks/spf.json",
        lockfile.text(Lock({SENDER: locked_name(SENDER, ADDRESSES)}, {COM: parts})),
    )
    loaded = load_repo(repo.root)
    [publication] = compile_repo(loaded)
    return Target(loaded.stanzas["local"], repo.root).propose(
        publication, datetime(2026, 6, 1, tzinfo=UTC), held or {}
    )


def test_parts_come_before_the_record_that_includes_them(repo: RepoFolder) -> None:
    for before in ("", '@ IN TXT "v=spf1 ~all"\n', f'@ IN TXT "v=spf1 include:{PARTS[0]} ~all"\n'):
        proposal = proposed(repo, before)
        assert [change.key[0] for change in proposal.difference.changes] == sorted(PARTS)
        [record] = proposal.difference.blocked
        assert (record.key[0], record.waits) == (COM, True)
        assert record.reason.startswith("its part _spf-")


PARTS_THERE = "".join(f"{name}. IN TXT {quoted(text)}\n" for name, text in LAYOUT.parts)


def test_a_record_goes_once_its_parts_are_not_held(repo: RepoFolder) -> None:
    assert [change.key[0] for change in proposed(repo, PARTS_THERE).difference.changes] == [COM]
    held = {(PARTS[1], "TXT"): Hold("not yet", waits=True)}
    proposal = proposed(repo, PARTS_THERE, held=held)
    assert [(entry.key[0], entry.reason, entry.waits) for entry in proposal.difference.blocked] == [
        (COM, "not yet", True)
    ]
    in_use = f'@ IN TXT "v=spf1 include:{PARTS[1]} ~all"\n'
    assert [
        change.key[0]
        for change in proposed(repo, PARTS_THERE + in_use, held=held).difference.changes
    ] == [COM]


def test_a_record_waits_for_a_part_that_is_blocked(repo: RepoFolder) -> None:
    difference = proposed(repo, f"{PARTS[0]}. IN CNAME elsewhere.example.\n").difference
    assert [change.key[0] for change in difference.changes] == PARTS[1:]
    reasons = {entry.key[0]: entry.reason for entry in difference.blocked}
    assert reasons.keys() == {COM, PARTS[0]}
    assert reasons[COM] == f"waits for the TXT at {PARTS[0]}, which is blocked"


@pytest.mark.parametrize(
    "there", ['_dmarc IN TXT "v=DMARC1; p=none"\n', '_dmarc IN TXT "v=DMARC1; p=none; fo:0"\n', ""]
)
@pytest.mark.parametrize("p", ["quarantine", "reject"])
def test_a_stricter_dmarc_waits_for_an_spf_record_that_is_blocked(
    repo: RepoFolder, there: str, p: str
) -> None:
    """Also where there was none: from no record to a policy is as much of a step."""
    blocked = f"{PARTS[0]}. IN CNAME elsewhere.example.\n"
    difference = proposed(repo, blocked + there, policy=POLICY + f"dmarc: {{p: {p}}}\n").difference
    assert [change.key[0] for change in difference.changes] == PARTS[1:]
    assert {entry.key[0] for entry in difference.blocked} == {COM, PARTS[0], f"_dmarc.{COM}"}


@pytest.mark.parametrize(
    "dmarc", ["{p: none}", "{p: quarantine, rua: ['mailto:d@example.com']}", "absent"]
)
def test_a_dmarc_that_asks_for_no_more_waits_for_nothing(repo: RepoFolder, dmarc: str) -> None:
    blocked = (
        f"{PARTS[0]}. IN CNAME elsewhere.example.\n"
        '_dmarc IN TXT "v=DMARC1; p=quarantine; rua=mailto:x@example.com"\n'
    )
    difference = proposed(repo, blocked, policy=POLICY + f"dmarc: {dmarc}\n").difference
    assert f"_dmarc.{COM}" in {change.key[0] for change in difference.changes}


def test_a_name_that_hides_its_parts_keeps_its_record(repo: RepoFolder) -> None:
    """A DNAME at the domain leaves its own TXT alone and hides everything below."""
    difference = proposed(repo, "@ IN DNAME elsewhere.example.\n").difference
    assert difference.changes == ()
    assert {entry.key[0] for entry in difference.blocked} == {COM, *PARTS}


OLD_TEXT = "v=spf1 ip4:192.0.2.1"
OLD = part_name(OLD_TEXT, COM)


def test_a_stricter_dmarc_waits_for_an_old_part_that_cannot_go(repo: RepoFolder) -> None:
    records = (
        f'@ IN TXT "v=spf1 include:{OLD} -all"\n'
        f'{OLD}. IN TXT "{OLD_TEXT}"\n'
        '_dmarc IN TXT "v=DMARC1; p=none"\n'
    )
    difference = proposed(
        repo, records, policy=POLICY + "dmarc: {p: quarantine}\n", going={OLD: OLD_TEXT}
    ).difference
    assert {change.key[0] for change in difference.changes} == {*PARTS}
    reasons = {entry.key[0]: entry.reason for entry in difference.blocked}
    assert reasons.keys() == {COM, OLD, f"_dmarc.{COM}"}
    assert "still includes it" in reasons[OLD]
    assert reasons[DomainName(f"_dmarc.{COM}")] == f"waits for the TXT at {OLD}, which is blocked"
