"""The quickstart command over a served zone: what it keeps, what it refuses, what it writes."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailauth_dns.keys import keypair, private_files
from mailauth_dns.quickstart import write_files
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import Ran, RepoFolder

HEAD = (
    "$TTL 600\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 900\n"
    "@ IN NS ns1.example.net.\n@ IN MX 0 mx\nmx IN A 192.0.2.10\n"
)


class Newcomer:
    def __init__(self, repo: RepoFolder, private_dir: Path, server: str) -> None:
        self.repo, self.private_dir, self.server = repo, private_dir, server

    def run(self, *more: str, domain: str = "example.com", ip: str = "192.0.2.10") -> Ran:
        return self.repo.run(
            *("quickstart", domain, "--ip", ip, "--mail-host", "mx.example.com"),
            *("--dns", "registrar", "--signer", "opendkim"),
            *("--private-dir", str(self.private_dir), "--nameserver", self.server, *more),
        )

    def next(self, *more: str) -> Ran:
        return self.repo.run("next", "example.com", "--private-dir", str(self.private_dir), *more)

    @property
    def policy(self) -> str:
        return (self.repo.root / "zones/policy/example.com.yaml").read_text()

    @property
    def private_keys(self) -> list[str]:
        return sorted(path.stem for path in self.private_dir.glob("*/*.private"))


@pytest.fixture
def newcomer(
    repo: RepoFolder, private_dir: Path, tmp_path: Path, no_resolvers: None
) -> Iterator[Newcomer]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served/example.com.zone").write_text(HEAD)
    with LoopbackServer(tmp_path / "served", "127.0.0.1", 0) as server:
        yield Newcomer(repo, private_dir, f"127.0.0.1:{server.port}")


def publishes(newcomer: Newcomer, tmp_path: Path, *records: str) -> None:
    (tmp_path / "served/example.com.zone").write_text(HEAD + "\n".join(records) + "\n")


def test_a_first_run_writes_a_policy_that_lints_and_a_key(newcomer: Newcomer) -> None:
    ran = newcomer.run("--format", "json")
    assert ran.code == 0, ran.said
    said = json.loads(ran.out)
    selector = said["selector"]
    assert said["written"] == [
        "zones/policy/example.com.yaml",
        f"zones/keys/example.com/{selector}.pem",
        ".gitignore",
        "zones/policy.schema.json",
    ]
    assert (said["negative_ttl"], said["wait"]) == (600, 600)
    assert "10 minutes after every name server has the key, because" in json.dumps(said["steps"])
    private = Path(said["private"])
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert "PRIVATE" not in ran.said + newcomer.policy
    assert f"{selector}._domainkey" in said["steps"][0]["records"]
    lint = newcomer.repo.run("lint", "--fail-on", "warning")
    assert lint.code == 0, lint.said


def test_run_again_it_changes_nothing_and_says_what_next_says(newcomer: Newcomer) -> None:
    assert newcomer.run().code == 0
    before = newcomer.policy
    again = newcomer.run()
    assert (again.code, newcomer.policy) == (0, before)
    first, _, screen = again.out.partition("\n")
    assert first == (
        "example.com has a policy already: zones/policy/example.com.yaml; nothing was written"
    )
    assert screen == newcomer.next().out
    assert "Now: Paste the records of example.com" in screen
    assert len(newcomer.private_keys) == 1
    said, data = (
        json.loads(each.out)
        for each in (newcomer.run("--format", "json"), newcomer.next("--format", "json"))
    )
    assert said == {
        "format": 1,
        "domain": "example.com",
        "policy": "zones/policy/example.com.yaml",
        "written": [],
        "next": data,
    }


def test_what_is_published_is_kept_and_the_address_is_added(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    publishes(
        newcomer,
        tmp_path,
        '@ IN TXT "v=spf1 include:_spf.example.net -all"',
        '_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:d@example.net"',
        '_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:t@example.com"',
    )
    ran = newcomer.run()
    assert ran.code == 0, ran.said
    exported = newcomer.repo.run("export", "example.com", "--format", "bind").out
    assert '"v=spf1 ip4:192.0.2.10 include:_spf.example.net -all"' in exported
    assert '"v=DMARC1; p=reject; rua=mailto:d@example.net"' in exported
    assert '"v=TLSRPTv1; rua=mailto:t@example.com"' in exported


def test_a_wildcard_is_for_other_names_and_stays(newcomer: Newcomer, tmp_path: Path) -> None:
    publishes(newcomer, tmp_path, '* IN TXT "v=spf1 -all"')
    ran = newcomer.run()
    assert ran.code == 0, ran.said
    assert "Add the TXT record (SPF" in ran.out
    assert 'not said in the policy: *.example.com TXT "v=spf1 -all"' in ran.err


REFUSED = {
    "two SPF records": (
        ['@ IN TXT "v=spf1 mx -all"', '@ IN TXT "v=spf1 a -all"'],
        "2 values where there can be one",
    ),
    "a broken DMARC record": (['_dmarc IN TXT "v=DMARC1; p=rejct"'], "broken"),
    "a public suffix": (['_dmarc IN TXT "v=DMARC1; p=none; psd=y"'], "is a public suffix"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_have_to_be_guessed_is_refused(
    case: str, newcomer: Newcomer, tmp_path: Path
) -> None:
    records, message = REFUSED[case]
    publishes(newcomer, tmp_path, *records)
    ran = newcomer.run()
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert newcomer.private_keys == []


def test_dns_that_cannot_be_asked_stops_it_unless_that_is_said(newcomer: Newcomer) -> None:
    newcomer.server = "127.0.0.1:1"
    ran = newcomer.run()
    assert (ran.code, newcomer.private_keys) == (1, [])
    assert "nothing was written" in ran.err
    assert "--no-live" in ran.err
    ran = newcomer.run("--no-live")
    assert ran.code == 0, ran.said
    assert "DNS was not asked" in newcomer.policy


def test_keys_in_a_zone_of_their_own_are_told(newcomer: Newcomer, tmp_path: Path) -> None:
    """To run it again when DNS answers would not help."""
    publishes(newcomer, tmp_path, "_domainkey IN NS ns.sender.example.")
    ran = newcomer.run()
    assert (ran.code, newcomer.private_keys) == (1, [])
    assert "_domainkey.example.com is delegated to ns.sender.example" in ran.err
    assert "take the delegation (its NS records) away" in ran.err
    assert "when DNS answers" not in ran.err


DOMAINS = {"com": "is a top-level domain", "*.example.com": "a wildcard", "a b": "a b: "}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_that_has_no_mail_of_its_own(domain: str, newcomer: Newcomer) -> None:
    ran = newcomer.run(domain=domain)
    assert (ran.code, ran.out) == (1, "")
    assert DOMAINS[domain] in ran.err


def test_a_name_in_another_script(newcomer: Newcomer) -> None:
    ran = newcomer.run("--no-live", domain="bücher.example")
    assert ran.code == 0, ran.said
    assert (newcomer.repo.root / "zones/policy/xn--bcher-kva.example.yaml").exists()


def test_without_a_terminal_all_that_is_missing_is_listed(repo: RepoFolder) -> None:
    ran = repo.run("quickstart", "example.com", "--dns", "bind")
    assert (ran.code, ran.out) == (1, "")
    for option in ("--mail-host NAME", "--ip ADDRESS", "--dns-key-name NAME", "--signer "):
        assert f"\n  {option}" in ran.err
    assert "--dns registrar" not in ran.err


def test_a_key_in_the_repo_or_where_others_write_is_refused(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    """Everybody may write above the test's own folder."""
    for folder, message in (
        (newcomer.repo.root / "keys", "is inside"),
        (tmp_path / "keys", "everybody may write there"),
    ):
        newcomer.private_dir = folder
        ran = newcomer.run()
        assert ran.code == 1
        assert message in ran.err
        assert not (newcomer.repo.root / "zones/policy/example.com.yaml").exists()
        assert not folder.exists()


@pytest.mark.parametrize("step", ["write_beside", "write_policy"])
def test_a_run_that_was_cut_off_is_finished_with_its_own_key(
    step: str, newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(write_files, step, cut_off)
        assert newcomer.run().code == 130
    made = newcomer.private_keys
    assert len(made) == 1
    ran = newcomer.run()
    assert ran.code == 0, ran.said
    assert newcomer.private_keys == made
    assert f"key: {made[0]}.pem" in newcomer.policy


def test_files_that_are_there_stay(newcomer: Newcomer) -> None:
    newcomer.repo.write(".gitignore", "mine\n")
    ran = newcomer.run()
    assert ran.code == 0, ran.said
    assert "left as it is: .gitignore\n" in ran.out
    assert (newcomer.repo.root / ".gitignore").read_text() == "mine\n"


def test_what_receivers_do_not_like_is_told(newcomer: Newcomer) -> None:
    ran = newcomer.run(ip="10.0.0.1")
    assert "whether receivers take the names of your mail server is unknown: " in ran.err
    assert "look at this: 10.0.0.1: is an address inside your network" in ran.err


def test_a_domain_that_takes_no_mail_is_told_what_that_means(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    zone = tmp_path / "served/example.com.zone"
    zone.write_text(HEAD.replace("MX 0 mx", "MX 0 ."))
    ran = newcomer.run()
    assert ran.code == 0, ran.said
    told = " ".join(ran.err.split())
    assert "example.com says that it takes no mail (MX 0 .): receivers may refuse mail" in told
    assert "reports cannot arrive at postmaster@example.com" in told


@pytest.mark.parametrize(
    ("exchanger", "told"), [("MX 0 .", True), ("MX 0 mx", False)], ids=["null MX", "an MX"]
)
def test_reports_elsewhere_arrive(
    newcomer: Newcomer, tmp_path: Path, exchanger: str, told: bool
) -> None:
    (tmp_path / "served/example.com.zone").write_text(HEAD.replace("MX 0 mx", exchanger))
    ran = newcomer.run("--rua", "reports@example.net")
    assert ran.code == 0, ran.said
    assert ("takes no mail" in ran.err) is told
    assert "cannot arrive" not in ran.err


PARKED = (
    '@ 1800 IN TXT "v=spf1 -all"',
    '_dmarc IN TXT "v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:parked@example.com"',
    '*._domainkey IN TXT "v=DKIM1; p="',
)


def test_a_parked_domain_is_taken_back(newcomer: Newcomer, tmp_path: Path) -> None:
    zone = tmp_path / "served/example.com.zone"
    zone.write_text(HEAD.replace("MX 0 mx", "MX 0 .") + "\n".join(PARKED) + "\n")
    ran = newcomer.run("--rua", "postmaster@example.com")
    assert ran.code == 0, ran.said
    assert "\nparked: false\n" in newcomer.policy
    exported = newcomer.repo.run("export", "example.com", "--format", "bind").out
    assert '"v=spf1 ip4:192.0.2.10 ~all"' in exported
    assert '"v=DMARC1; p=none; rua=mailto:postmaster@example.com"' in exported
    steps = " ".join(ran.out.split())
    assert "Delete the MX record" in steps
    assert "Delete the TXT record" in steps
    assert "Wait 30 minutes after step 2 first" in steps
    told = " ".join(ran.err.split())
    assert "example.com is parked: the steps take that back, and its null MX (MX 0 .) goes" in told
    assert "reports cannot arrive at postmaster@example.com" in told
    assert "is not used" not in told


def test_a_domain_that_a_policy_parks_says_how_it_leaves(newcomer: Newcomer) -> None:
    newcomer.repo.write("zones/policy/parked.txt", "old.example\nexample.com\n")
    newcomer.repo.write("zones/policy/parked.yaml", "domains_file: parked.txt\nparked: true\n")
    ran = newcomer.run()
    assert (ran.code, ran.out) == (1, "")
    assert "take it out of zones/policy/parked.txt (line 2) and run quickstart again" in ran.err
    newcomer.repo.write("zones/policy/parked.txt", "old.example\n")
    assert newcomer.run().code == 0
    assert "parked" not in newcomer.policy  # what DNS has decides, and there it is not parked


@pytest.mark.parametrize("rua", [(), ("--rua", "me@example.net")])
def test_who_gets_reports_is_not_asked_where_a_record_says_it(
    newcomer: Newcomer, tmp_path: Path, rua: tuple[str, ...]
) -> None:
    publishes(newcomer, tmp_path, '_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:d@example.net"')
    ran = newcomer.run(*rua)
    assert ran.code == 0, ran.said
    assert "me@example.net" not in newcomer.policy
    assert ("--rua me@example.net is not used: the DMARC record stays" in ran.err) is bool(rua)


INHERITED = {
    "a record above": '_dmarc IN TXT "v=DMARC1; p=reject; sp=reject"',
    "an alias": '_dmarc.news IN CNAME d\nd IN TXT "v=DMARC1; p=reject"',
}


@pytest.mark.parametrize("case", INHERITED)
def test_a_dmarc_policy_from_elsewhere_is_not_replaced_by_none(
    case: str, newcomer: Newcomer, tmp_path: Path
) -> None:
    publishes(newcomer, tmp_path, INHERITED[case])
    ran = newcomer.run("--zone", "example.com", domain="news.example.com")
    assert ran.code == 0, ran.said
    policy = (newcomer.repo.root / "zones/policy/news.example.com.yaml").read_text()
    assert "p: none" not in policy
    assert "# DMARC is left as it is: " in policy
    assert "(DMARC" not in ran.out
    assert "p: quarantine" not in ran.out


def test_the_public_key_is_of_the_private_key_that_another_run_wrote_first(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs at once: both find no key, and both make one under the same name."""
    first = keypair.generate(KeyType.RSA)

    def slow(type: KeyType) -> keypair.KeyPair:
        made = generate(type)
        path = next((newcomer.private_dir / "example.com").glob("*.private"), None)
        assert path is None
        selector = f"{datetime.now(UTC):%Y%m%d}"
        path = newcomer.private_dir / f"example.com/{selector}.private"
        private_files.write(path, newcomer.repo.root, first)
        return made

    generate = keypair.generate
    monkeypatch.setattr(keypair, "generate", slow)
    ran = newcomer.run()
    assert ran.code == 0, ran.said
    [public] = (newcomer.repo.root / "zones/keys/example.com").iterdir()
    assert public.read_bytes() == first.public_pem


def test_a_relative_folder_is_named_whole(newcomer: Newcomer) -> None:
    """The steps are run in the repo, whatever folder this run is in."""
    whole = newcomer.private_dir
    newcomer.private_dir = Path(os.path.relpath(whole, newcomer.repo.root))
    ran = newcomer.run()
    assert ran.code == 0, ran.said
    assert str(newcomer.private_dir) not in ran.out
    assert f"not in it: {whole}." in ran.out
