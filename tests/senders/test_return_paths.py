"""What senders declare of their own: return paths that move, end, or meet other names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Declared
from mailauth_dns.errors import PolicyError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import SenderValues
from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers

RETIRED = "retired: 2020-01-01"
CLOUD = "region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]"
BULK = "return_path: bounce, target: u1.bulk.example"
MX, TXT, CNAME = (("bounce.example.com", type) for type in ("MX", "TXT", "CNAME"))


def declared(
    repo: RepoFolder, senders: Iterable[str], rest: str = "", today: date | None = None
) -> dict[object, Declared]:
    lines = "".join(f"  {sender}\n" for sender in senders)
    with_mailers(repo).policy(f"domain: example.com\nsenders:\n{lines}{rest}")
    [publication] = compile_repo(load_repo(repo.root, today=today))
    return {entry.key: entry for entry in publication.declared}


def test_a_name_moves_from_one_sender_to_the_next(repo: RepoFolder) -> None:
    """What the first one left there is ours: it is replaced, and its alias goes."""
    for order in ((0, 1), (1, 0)):
        senders = [f"old: {{sender: bulk, {BULK}, {RETIRED}}}", f"cloud: {{{CLOUD}}}"]
        found = declared(repo, [senders[each] for each in order])
        assert found[MX].values == {"10 feedback.eu-1.cloud.example."}
        assert found[TXT].values
        assert not found[CNAME].values
        values = found[CNAME].sender_values
        assert values is not None
        assert (values.zones, values.texts) == ((), ("u1.bulk.example.",))


def test_a_sender_that_is_gone_takes_nothing_from_its_successor(repo: RepoFolder) -> None:
    """The same sender with another region: its old exchanger and keys are replaced, not kept."""
    successor = CLOUD.replace("eu-1", "us-1").replace("ccc", "ddd")
    found = declared(
        repo, [f"old: {{sender: cloud, {CLOUD}, {RETIRED}}}", f"cloud: {{{successor}}}"]
    )
    assert found[MX].values == {"10 feedback.us-1.cloud.example."}
    kept, gone = (found[f"{each}._domainkey.example.com", "CNAME"] for each in ("aaa", "ccc"))
    assert kept.values == {"aaa.dkim.cloud.example."}
    assert not gone.values
    assert gone.sender is not None
    assert gone.sender.still == "cloud"


def test_of_a_sender_that_is_gone_only_its_own_keys_go(repo: RepoFolder) -> None:
    found = declared(
        repo,
        [f"box: {{p: MIIB, {RETIRED}}}", f"letters: {{{RETIRED}}}"],
        "dkim: {selectors: {k3: {cname: mine.example.net}}}\n",
    )
    keys = {key: entry for key, entry in found.items() if "_domainkey" in str(key)}
    assert {key for key, entry in keys.items() if not entry.values and entry.sender} == {
        ("box._domainkey.example.com", "TXT"),
        ("k2._domainkey.example.com", "CNAME"),
    }
    assert keys["k3._domainkey.example.com", "CNAME"].values == {"mine.example.net."}
    alias, key = (
        keys[f"{each}._domainkey.example.com", type].sender_values
        for each, type in (("k2", "CNAME"), ("box", "TXT"))
    )
    assert alias is not None
    assert (alias.zones, alias.texts) == ((), ("dkim2.letters.example.",))
    assert key is not None
    assert key.texts == ("v=DKIM1; p=MIIB",)


# the policy's graces, the day on which the sender is gone, and until when its records are needed
GRACES = [
    ("", 31, 31),
    ("sender_grace: 23h\n", 2, 8),  # a part of a day counts as a whole one
    ("sender_grace: 1d\n", 2, 8),
    ("sender_grace: 25h\n", 3, 8),
    ("sender_grace: 0s\n", 1, 8),
    ("sender_grace: 0s\ndkim: {rotation: {grace: 36h}}\n", 1, 2.5),
    ("sender_grace: 10d\ndkim: {rotation: {grace: 1d}}\n", 11, 11),
]


@pytest.mark.parametrize(("rest", "gone", "needed"), GRACES)
def test_mail_may_be_on_its_way_for_longer_than_the_grace(
    rest: str, gone: int, needed: float, repo: RepoFolder
) -> None:
    senders = [f"cloud: {{{CLOUD}, retired: 2026-01-01}}"]
    first = date(2026, 1, 1)
    before = declared(repo, senders, rest, first + timedelta(days=gone - 2))
    assert before[MX].values
    found = declared(repo, senders, rest, first + timedelta(days=gone - 1))
    for key in (MX, TXT, ("aaa._domainkey.example.com", "CNAME")):
        assert not found[key].values
        assert found[key].needed_until == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
            days=needed - 1
        )


def test_what_the_policy_says_is_ours_wherever_it_leads(repo: RepoFolder) -> None:
    """The console may show a target that the catalogue does not know."""
    found = declared(repo, ["bulk: {return_path: bounce, target: u1.elsewhere.example}"])
    values = found[CNAME].sender_values
    assert values is not None
    assert values.zones == ("bulk.example", "u1.elsewhere.example")


def test_of_a_vendors_zone_only_what_the_entry_could_make_is_ours(repo: RepoFolder) -> None:
    [live, gone] = [
        declared(repo, [f"cloud: {{{CLOUD}{more}}}"])[MX].sender_values
        for more in ("", f", {RETIRED}")
    ]
    assert live == SenderValues(zones=(DomainName("feedback.*.cloud.example"),))
    assert gone == SenderValues(texts=("10 feedback.eu-1.cloud.example.",))


@pytest.mark.parametrize(
    ("rest", "spf"),
    [
        ("", "v=spf1 ~all"),  # without the section, the record of the senders alone would stay
        ("spf: {terms: [mx], all: fail}\n", "v=spf1 mx -all"),
        ('spf: {terms: ["include:_spf.box.example"]}\n', "v=spf1 include:_spf.box.example"),
        ("spf: absent\n", None),
    ],
)
def test_the_terms_of_a_sender_that_is_gone_go(
    rest: str, spf: str | None, repo: RepoFolder
) -> None:
    found = declared(repo, [f"box: {{{RETIRED}}}"], rest)
    assert found["example.com", "TXT"].values == (set() if spf is None else {spf})


WRONG = [
    ({"other": "domain: bounce.example.com\nspf: {all: fail}\n"}, "has a policy of its own"),
    (
        {"other": "domain: bounce.example.com\nzone: example.com\nspf: {all: fail}\n"},
        "has a policy of its own",
    ),
    (
        {"other": "domain: x.bounce.example.com\nzone: bounce.example.com\nspf: {all: fail}\n"},
        "lies in the zone bounce.example.com",
    ),
]


@pytest.mark.parametrize(("others", "said"), WRONG)
def test_a_return_path_is_nothing_else(others: dict[str, str], said: str, repo: RepoFolder) -> None:
    for name, text in others.items():
        repo.policy(text, name)
    with pytest.raises(PolicyError) as raised:
        declared(repo, [f"cloud: {{{CLOUD}}}"])
    [problem] = raised.value.problems
    assert said in problem.message
    assert "give Cloud another one" in problem.message
    assert (problem.path, problem.line) == ("zones/policy/policy.yaml", 3)


def test_a_policy_takes_over_the_name_of_a_sender_that_is_gone(repo: RepoFolder) -> None:
    repo.policy("domain: bounce.example.com\nzone: example.com\nspf: {all: fail}\n", "other")
    found = declared(repo, [f"cloud: {{{CLOUD}, {RETIRED}}}"])
    assert found[TXT].values == {"v=spf1 -all"}
    assert found[TXT].domain == DomainName("bounce.example.com")
    assert not found[MX].values


def two_policies(repo: RepoFolder, of_domain: str, of_subdomain: str) -> dict[object, Declared]:
    """Compile a policy and one for a sub-domain, with a sender each at bounce.b.example.com."""
    at = {"example.com": "bounce.b", "b.example.com": "bounce"}
    for domain, rest in (("example.com", of_domain), ("b.example.com", of_subdomain)):
        answers = f"return_path: {at[domain]}, target: u1.bulk.example{rest}"
        text = f"domain: {domain}\nzone: example.com\nsenders:\n  bulk: {{{answers}}}\n"
        with_mailers(repo).policy(text, domain)
    [publication] = compile_repo(load_repo(repo.root))
    return {entry.key: entry for entry in publication.declared}


@pytest.mark.parametrize(("gone", "live"), [(0, "b.example.com"), (1, "example.com")])
def test_of_two_policies_the_sender_that_sends_has_the_name(
    gone: int, live: str, repo: RepoFolder
) -> None:
    rest = ["", ""]
    rest[gone] = f", {RETIRED}"
    entry = two_policies(repo, *rest)["bounce.b.example.com", "CNAME"]
    assert entry.values == {"u1.bulk.example."}
    assert entry.domain == live


def test_two_policies_whose_senders_take_one_name_are_told_where(repo: RepoFolder) -> None:
    with pytest.raises(PolicyError) as raised:
        two_policies(repo, "", "")
    [problem] = raised.value.problems
    assert (problem.key, problem.line) == ("senders.bulk", 4)
    assert "bounce.b.example.com is also declared by another policy" in problem.message


ZONE = """\
$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300
@ IN NS ns1.example.net.
"""


@pytest.mark.parametrize(
    ("there", "option", "shown"),
    [
        ("bounce IN CNAME x.other.example.", "holds", "does not lead to Bulk"),
        ("bounce IN CNAME u1.bulk.example.", "nothing", ""),
    ],
)
def test_a_local_zone_is_planned_and_applied(
    there: str, option: str, shown: str, repo: RepoFolder
) -> None:
    repo.local("example.com", ZONE + there + "\n")
    with_mailers(repo).policy(
        f"domain: example.com\nproviders: [local]\nsenders:\n  bulk: {{{BULK}}}\n"
    )
    planned = repo.run("plan", "--no-live", "--format", "json", "--out", "plan.json")
    [zone] = json.loads(planned.out)["zones"]
    assert [shown in each["reason"] for each in zone["blocked"]] == [True] * (option == "holds")
    assert planned.code == (1 if option == "holds" else 0)
    repo.run("apply", "plan.json", "--allow", "live-unknown", "--wait", "0s")
    assert f"{there}\n" in (repo.root / "served/example.com.zone").read_text()


def test_the_spf_record_of_a_host_of_yours_stays(repo: RepoFolder) -> None:
    """The return path was meant for the sender, and the name is a mail server's."""
    there = 'bounce IN A 192.0.2.7\nbounce IN TXT "v=spf1 ip4:192.0.2.7 -all"\n'
    repo.local("example.com", ZONE + there)
    with_mailers(repo).policy(
        f"domain: example.com\nproviders: [local]\nsenders:\n  cloud: {{{CLOUD}}}\n"
    )
    planned = repo.run("plan", "--no-live", "--format", "json", "--out", "plan.json")
    assert planned.code == 1
    [zone] = json.loads(planned.out)["zones"]
    said = {each["type"]: each["reason"] for each in zone["blocked"]}
    assert "not Cloud's alone (v=spf1 ip4:192.0.2.7 -all)" in said["TXT"]
    assert said["MX"] == "goes with the TXT at bounce.example.com, which is blocked"
    repo.run("apply", "plan.json", "--allow", "live-unknown", "--wait", "0s")
    served = (repo.root / "served/example.com.zone").read_text()
    assert there in served
    assert "feedback" not in served


def test_the_plan_file_has_what_is_needed_to_see_that_it_is_done(repo: RepoFolder) -> None:
    repo.local("example.com", ZONE)
    with_mailers(repo).policy(
        f"domain: example.com\nproviders: [local]\nsenders:\n  cloud: {{{CLOUD}}}\n"
    )
    planned = repo.run("plan", "--no-live", "--format", "json", "--out", "plan.json")
    [zone] = json.loads(planned.out)["zones"]
    [change] = [each for each in zone["changes"] if each["type"] == "MX"]
    assert change["sender"] == "Cloud"
    assert change["sender_values"] == {"zones": ["feedback.*.cloud.example"], "texts": []}
    for _ in range(2):  # the second run finds everything done
        applied = repo.run("apply", "plan.json", "--allow", "live-unknown", "--wait", "0s")
        assert "Cloud" not in applied.err, applied.said
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0
