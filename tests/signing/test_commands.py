"""The dkim commands over a zone that `serve` answers for: states, times, refusals, checks, and no private octet anywhere."""

from __future__ import annotations

import base64
import json
import os
import pwd
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailauth_dns.deploy.serve import Server
from tests.conftest import Ran, RepoFolder

ZONE = "$TTL {ttl}\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 {ttl}\n@ IN NS ns1.example.net.\n"
POLICY = """domain: example.com # ours
spf: {all: fail}
# keys
dkim:
  selectors:
    old: {key: old.pem}   # from before
"""


@dataclass
class Host:
    """A zone repo whose zone is served, and a folder of private keys."""

    repo: RepoFolder
    private_dir: Path

    def run(self, *arguments: str) -> Ran:
        return self.repo.run(*arguments)

    def keygen(self, *arguments: str) -> Ran:
        made = self.run("dkim", "keygen", "example.com", "--private-dir", str(self.private_dir), *arguments)
        assert made.code == 0, made.said
        return made

    def publish(self) -> None:
        applied = [self.run("plan", "--out", str(self.repo.root / "plan.json")), self.run("apply", str(self.repo.root / "plan.json"))]
        assert [each.code for each in applied] == [0, 0], applied[-1].said

    @property
    def path(self) -> Path:
        return self.repo.root / "zones/policy/policy.yaml"

    @property
    def policy(self) -> str:
        return self.path.read_text()

    def edit(self, before: str, after: str) -> None:
        assert before in self.policy
        self.path.write_text(self.policy.replace(before, after))


def served(repo: RepoFolder, private_dir: Path, ttl: int) -> Iterator[Host]:
    repo.local("example.com", ZONE.format(ttl=ttl))
    host = Host(repo, private_dir)
    repo.policy("domain: example.com # ours\nspf: {all: fail}\n")
    host.keygen("--selector", "old")
    repo.policy(POLICY)
    with Server(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write("zones/policy/_defaults.yaml", f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\nttl: {ttl}\n')
        host.publish()
        yield host


@pytest.fixture
def host(repo: RepoFolder, private_dir: Path) -> Iterator[Host]:
    """An hour of TTL: nothing happens by itself in a test."""
    yield from served(repo, private_dir, 3600)


def ago(**time: int) -> str:
    return (datetime.now(UTC) - timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


STAMP = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_keygen_adds_a_pending_selector_and_keeps_the_file(host: Host) -> None:
    host.keygen("--selector", "new")
    assert re.fullmatch(re.escape(POLICY) + rf"    new: \{{key: new\.pem, state: pending, since: {STAMP}\}}\n", host.policy)


def test_names_come_from_the_template_and_are_never_used_twice(host: Host) -> None:
    today = f"{datetime.now(UTC):%Y%m%d}"
    made = [json.loads(host.keygen("--type", "ed25519", "--format", "json").out)["selector"] for _ in range(3)]
    assert made == [today, f"{today}b", f"{today}c"]
    host.edit("dkim:\n", "dkim:\n  selector_template: mx{date}-{type}\n")
    assert json.loads(host.keygen("--type", "ed25519", "--format", "json").out)["selector"] == f"mx{today}-ed25519"
    host.edit(f"    {today}b:", f"    {today}z:")  # gone from the policy, and its files are still there
    assert json.loads(host.keygen("--selector", "x", "--format", "json").out)["selector"] == "x"
    refused = host.run("dkim", "keygen", "example.com", "--selector", "old", "--private-dir", str(host.private_dir))
    assert refused.code == 1
    assert "declares old already; a new key needs a new selector" in refused.err


REFUSED = {
    "a shared policy": ("domains: [example.com, example.org]\nspf: {all: fail}\n", "is the policy of 2 domains"),
    "a parked domain": ("domain: example.com\nparked: true\n", "is parked and sends no mail"),
    "keys taken out": ("domain: example.com\nspf: {all: fail}\ndkim: null\n", "there is no place for dkim.selectors"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_policies_that_a_key_cannot_be_added_to(host: Host, case: str) -> None:
    text, message = REFUSED[case]
    host.path.write_text(text)
    refused = host.run("dkim", "keygen", "example.com", "--selector", "new", "--private-dir", str(host.private_dir))
    assert refused.code == 1
    assert message in refused.err
    assert host.policy == text
    assert not list(host.private_dir.rglob("new.*"))


BAD_USAGE = [
    (["dkim", "keygen"], "Missing argument"),
    (["dkim", "keygen", "example.com", "--type", "dsa"], "'dsa' is not one of"),
    (["dkim", "keygen", "example.com", "--bits", "1024"], "--bits 1024: use one of 2048, 3072, 4096"),
    (["dkim", "keygen", "example.org"], "no policy is for example.org"),
    (["dkim", "keygen", "example.com", "--private-dir", "/x", "--selector", "*"], "selector *: one or more labels"),
    (["dkim", "keygen", "example.com", "--private-dir", "/x", "--selector", "a b"], "selector a b: "),
    (["dkim", "rotate", "example.org"], "no policy is for example.org"),
    (["dkim", "frobnicate"], "No such command"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_USAGE)
def test_bad_usage_is_told_and_is_1(host: Host, arguments: list[str], message: str) -> None:
    refused = host.run(*arguments)
    assert refused.code == 1
    assert message in refused.err


def test_status_writes_down_the_first_sighting_once(host: Host) -> None:
    first = host.run("dkim", "status")
    assert first.code == 0
    assert re.search(rf"    old: \{{key: old\.pem, seen: {STAMP}\}}   # from before\n", host.policy)
    assert "written, to be committed: zones/policy/policy.yaml: old: seen" in first.err
    after = host.policy
    second = host.run("dkim", "status", "example.com")
    assert (second.code, host.policy) == (0, after)
    assert "old._domainkey.example.com  rsa 2048, active\n    DNS: served, since 20" in second.out
    assert "next: may get a successor, now (dkim rotate)" in second.out


def test_a_selector_that_domains_share_is_seen_when_all_of_them_are(host: Host) -> None:
    for domain in ("example.org", "example.net"):
        host.repo.write(f"served/{domain}.zone", ZONE.format(ttl=60))
        host.repo.write(f"zones/keys/{domain}/s1.pem", (host.repo.root / "zones/keys/example.com/old.pem").read_bytes())
    shared = host.repo.policy("domains: [example.net, example.org]\ndkim: {selectors: {s1: {key: s1.pem}}}\n", "shared")
    host.publish()
    host.run("dkim", "status", "example.net")
    assert "seen" not in shared.read_text()
    host.run("dkim", "status")
    assert "seen" in shared.read_text()


def test_a_selector_that_is_inherited_is_shown_and_its_file_left_alone(host: Host) -> None:
    defaults = host.repo.root / "zones/policy/_defaults.yaml"
    inherited = defaults.read_text() + "dkim: {selectors: {old: {key: old.pem}}}\n"
    defaults.write_text(inherited)
    host.path.write_text("domain: example.com\n")
    status = host.run("dkim", "status")
    assert (status.code, "DNS: served" in status.out) == (0, True), status.said
    assert (defaults.read_text(), host.policy) == (inherited, "domain: example.com\n")


def test_a_selector_is_found_in_any_spelling(host: Host) -> None:
    host.edit("    old: {", '    "OLD": {')
    assert host.run("dkim", "status").code == 0
    assert re.search(rf'    "OLD": \{{key: old\.pem, seen: {STAMP}\}}   # from before\n', host.policy)


def test_status_as_data(host: Host) -> None:
    host.keygen("--selector", "new", "--type", "ed25519")
    said = json.loads(host.run("dkim", "status", "--format", "json").out)
    assert said["format"] == 1
    rows = {row["selector"]: row for row in said["keys"]}
    assert rows["old"]["dns"] == {"state": "served", "detail": None}
    assert rows["new"]["state"] == "pending"
    assert rows["new"]["type"] == "ed25519"
    assert rows["new"]["next"]["to"] == "active"
    assert rows["new"]["next"]["at"] is None
    assert [each["selector"] for each in said["written"]] == ["old"]


def test_unknown_dns_is_1_and_writes_nothing(host: Host) -> None:
    defaults = host.repo.root / "zones/policy/_defaults.yaml"
    defaults.write_text('providers: [local]\nnameservers: ["127.0.0.1:1"]\n')
    before = host.policy
    status = host.run("dkim", "status")
    assert status.code == 1
    assert "DNS: unknown" in status.out
    assert host.policy == before
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert "unknown  DKIM001" in checked.out


def test_a_whole_life(host: Host) -> None:
    """Every step is refused before its time, with the time, and written when it has come; times are moved by hand here."""
    new_key = host.run("dkim", "rotate", "example.com", "--private-dir", str(host.private_dir))
    assert new_key.code == 0, new_key.said
    [name] = re.findall(r"    (20\d{6}): \{", host.policy)
    early = host.run("dkim", "rotate", "example.com")
    assert early.code == 1
    assert f"{name}._domainkey.example.com: pending -> active cannot be taken yet: DNS has no such record" in early.out
    host.publish()
    seen = host.run("dkim", "rotate", "example.com")
    assert seen.code == 1
    assert re.search(rf"pending -> active may be taken from {STAMP}", seen.out)
    host.path.write_text(re.sub(rf"(state: pending, since: {STAMP}, seen): {STAMP}", rf"\1: {ago(hours=2)}", host.policy))
    assert f"{name}, seen" not in host.policy
    taken = host.run("dkim", "rotate", "example.com")
    assert taken.code == 0, taken.said
    assert re.search(
        rf"old: \{{key: old\.pem, seen: {STAMP}, state: retiring, since: {STAMP}, signed_until: {STAMP}\}}   # from before", host.policy
    )
    assert f"{name}: {{key: {name}.pem, state: active" in host.policy
    assert host.run("lint").code == 0
    assert host.run("plan", "--detailed-exitcode").code == 0  # both are published before and after
    wait = host.run("dkim", "rotate", "example.com")
    assert wait.code == 1
    assert re.search(rf"old\._domainkey\.example\.com: retiring -> revoked may be taken from {STAMP}", wait.out)
    host.path.write_text(re.sub(rf"signed_until: {STAMP}", f"signed_until: {ago(days=8)}", host.policy))
    assert host.run("dkim", "rotate", "example.com").code == 0
    assert "state: revoked" in host.policy
    assert "dkim status" not in host.run("dkim", "status").out
    host.publish()
    host.path.write_text(re.sub(rf"state: revoked, since: {STAMP}", f"state: revoked, since: {ago(days=31)}", host.policy))
    assert host.run("dkim", "rotate", "example.com").code == 0
    assert "state: absent" in host.policy
    host.publish()
    assert host.policy.startswith(POLICY.split("    old")[0])


def test_types_rotate_each_on_its_own(host: Host) -> None:
    host.keygen("--type", "ed25519", "--selector", "e1")
    # RSA has nothing under way, but to ask for the Ed25519 key must not begin a rotation.
    assert host.run("dkim", "rotate", "example.com").code == 1
    assert host.policy.count("pending") == 1
    rsa = host.run("dkim", "rotate", "example.com", "--type", "rsa", "--private-dir", str(host.private_dir))
    assert rsa.code == 0, rsa.said
    assert host.policy.count("pending") == 2


def test_check_finds_a_host_in_order(host: Host) -> None:
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert (checked.code, checked.out) == (0, "Check: 1 key, 0 wrong, 0 unknown\n")


def another_key(host: Host) -> None:
    host.keygen("--selector", "other")
    host.path.write_text(POLICY)
    (host.private_dir / "example.com/old.private").write_bytes((host.private_dir / "example.com/other.private").read_bytes())


def no_key(host: Host) -> None:
    (host.private_dir / "example.com/old.private").unlink()


def readable(host: Host) -> None:
    (host.private_dir / "example.com/old.private").chmod(0o640)


def writable_folder(host: Host) -> None:
    (host.private_dir / "example.com").chmod(0o777)


def group_folder(host: Host) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(host.private_dir / "example.com", -1, nobody.pw_gid)
    (host.private_dir / "example.com").chmod(0o770)


def others_folder(host: Host) -> None:
    os.chown(host.private_dir / "example.com", pwd.getpwnam("nobody").pw_uid, -1)


def in_git(host: Host) -> None:
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(host.private_dir), *command], check=True)


def other_dns(host: Host) -> None:
    host.keygen("--selector", "other")
    host.path.write_text(POLICY.replace("old.pem", "other.pem"))
    private = host.private_dir / "example.com/old.private"
    private.write_bytes((host.private_dir / "example.com/other.private").read_bytes())


def not_published(host: Host) -> None:
    host.repo.write("served/example.com.zone", ZONE.format(ttl=60))


BROKEN = {
    "another key": (another_key, "DKIM032: {private} is not the private half of the policy's key"),
    "no key": (no_key, "DKIM032: {private} is not there"),
    "readable by a group": (readable, "DKIM037: {private}: its mode is 0640"),
    "a folder that everybody may write in": (writable_folder, "DKIM037: {private.parent}: everybody may write there"),
    "a folder that a group may write in": (group_folder, "DKIM037: {private.parent}: a group may write there, and "),
    "a folder of somebody else": (others_folder, "DKIM037: {private.parent}: belongs to nobody and the key to root"),
    "kept in git": (in_git, "DKIM037: {private} is kept in git"),
    "another key in DNS": (other_dns, "DKIM032: DNS has another key than the policy"),
    "nothing in DNS": (not_published, "DKIM001: no authoritative server has the key"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_check_finds_what_is_wrong(host: Host, case: str) -> None:
    breaking, message = BROKEN[case]
    if breaking in (group_folder, others_folder) and os.geteuid() != 0:
        pytest.skip("only root may give files away")
    breaking(host)
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 2, checked.said
    assert message.format(private=host.private_dir / "example.com/old.private") in checked.out
    data = json.loads(host.run("dkim", "check", "--private-dir", str(host.private_dir), "--format", "json").out)
    assert {row["rule"] for row in data["problems"]} <= {"DKIM001", "DKIM032", "DKIM037"}


def test_check_tells_everything_about_a_key(host: Host) -> None:
    """A key that is broken, readable by all, in a folder that is open to all, and not published: each is told."""
    private = host.private_dir / "example.com/old.private"
    private.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    private.chmod(0o644)
    writable_folder(host)
    in_git(host)
    not_published(host)
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 2
    assert [line.removeprefix("old._domainkey.example.com  wrong  ") for line in checked.out.splitlines()] == [
        f"DKIM032: {private}: is not a private key, or is broken",
        f"DKIM037: {private} is kept in git; take it out of its history and make a new key",
        f"DKIM037: {private}: its mode is 0644: others than its owner may use it; chmod 600 {private}",
        f"DKIM037: {private.parent}: everybody may write there, so OpenDKIM refuses keys below it",
        "DKIM001: no authoritative server has the key: signatures with it fail",
        "Check: 1 key, 5 wrong, 0 unknown",
    ]


def test_what_cannot_be_looked_at_is_unknown_beside_what_is_wrong(host: Host) -> None:
    private = host.private_dir / "example.com/old.private"
    private.unlink()
    private.mkdir(mode=0o755)  # even root cannot read it
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert f"unknown  DKIM032: {private}: Is a directory" in checked.out
    assert f"wrong  DKIM037: {private}: its mode is 0755" in checked.out
    private.rmdir()
    host.repo.write(".git", "gitdir: /nowhere\n")
    (host.private_dir / ".git").write_text("gitdir: /nowhere\n")
    private.write_text("x")
    private.chmod(0o600)
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert f"unknown  DKIM037: {host.private_dir} lies in a git work tree, and git does not tell which files it keeps" in checked.out


def test_a_seed_that_is_missing_is_a_note(host: Host) -> None:
    """OpenDKIM does without. The command that the note gives makes it."""
    host.keygen("--selector", "e", "--type", "ed25519")
    seed = host.private_dir / "example.com/e.seed"
    before = seed.read_bytes()
    seed.unlink()
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 0
    [line] = [line for line in checked.out.splitlines() if "e._domainkey" in line]
    assert f"note  DKIM032: {seed} is not there: OpenDKIM does not need it, Rspamd cannot sign without" in line
    rows = json.loads(host.run("dkim", "check", "--private-dir", str(host.private_dir), "--format", "json").out)["problems"]
    assert [(row["note"], row["unknown"]) for row in rows] == [(True, False)]
    subprocess.run(["sh", "-ec", f"umask 077; {line.partition('with umask 077: ')[2]}"], check=True)
    assert seed.read_bytes() == before
    assert host.run("dkim", "check", "--private-dir", str(host.private_dir)).out == "Check: 2 keys, 0 wrong, 0 unknown\n"


ZONE_KEY = 'old._domainkey IN TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="\n'
GIVEN = "p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, k: ed25519"
OTHER = "p: O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=, k: ed25519"
EMPTY, WILDCARD = 'old._domainkey IN TXT "v=DKIM1; p="\n', '*._domainkey IN TXT "v=DKIM1; p="\n'
NOT_REVOKED = "DKIM029: the policy has revoked this key and DNS has not: whoever has it can still sign; plan and apply"
NOT_ABSENT = "DKIM029: the policy has this selector absent and DNS still has it; plan and apply"
# What the policy says of a selector whose private half is nobody's here, what is served, and what is found.
PUBLISHED: dict[str, tuple[str, str, str | None]] = {
    "given, and served": (GIVEN, ZONE_KEY, None),
    "given, another is served": (OTHER, ZONE_KEY, "DKIM032: DNS has another key than the policy"),
    "given, nothing is served": (GIVEN, "", "DKIM001: no authoritative server has the key"),
    "given, revoked in DNS": (GIVEN, EMPTY, "DKIM032: DNS has an empty key and the policy does not"),
    "given and pending, not there yet": (f"{GIVEN}, state: pending", "", None),
    "given and retiring, gone already": (f"{GIVEN}, state: retiring", "", "DKIM001: no authoritative server has the key"),
    "revoked": ("state: revoked", EMPTY, None),
    "revoked, and not there": ("state: revoked", "", None),
    "revoked, and served": ("state: revoked", ZONE_KEY, NOT_REVOKED),
    "revoked with its key known, and served": (f"{GIVEN}, state: revoked", ZONE_KEY, NOT_REVOKED),
    "revoked, and an alias": ("state: revoked", "old._domainkey IN CNAME s1.example.net.\n", NOT_REVOKED),
    "absent": ("state: absent", "", None),
    "absent, and served": ("state: absent", ZONE_KEY, NOT_ABSENT),
    "absent, and served empty": ("state: absent", EMPTY, NOT_ABSENT),
    "absent, and the alias is there": (
        "cname: s1.example.net, state: absent",
        "old._domainkey IN CNAME s1.example.net.\n",
        NOT_ABSENT,
    ),
    "absent, and a wildcard answers": ("state: absent", WILDCARD, None),
    "absent, and there beside a wildcard": ("state: absent", WILDCARD + ZONE_KEY, NOT_ABSENT),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_check_compares_every_state_with_dns(host: Host, case: str) -> None:
    section, served, expected = PUBLISHED[case]
    host.repo.write("served/example.com.zone", ZONE.format(ttl=60) + served)
    host.path.write_text(f"domain: example.com\ndkim: {{selectors: {{old: {{{section}}}}}}}\n")
    (host.private_dir / "example.com/old.private").unlink()
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == (2 if expected else 0), checked.said
    assert (expected or "") in checked.out
    assert checked.out.endswith(f"Check: 1 key, {1 if expected else 0} wrong, 0 unknown\n")


@pytest.mark.parametrize("section", [GIVEN, f"{GIVEN}, state: pending", "state: revoked", "state: absent", "cname: s1.example.net"])
def test_what_dns_does_not_tell_is_unknown_in_every_state(host: Host, section: str) -> None:
    host.repo.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    host.path.write_text(f"domain: example.com\ndkim: {{selectors: {{other: {{{section}}}}}}}\n")
    checked = host.run("dkim", "check", "--private-dir", str(host.private_dir))
    assert checked.code == 1
    assert "other._domainkey.example.com  unknown  DKIM001: 127.0.0.1:1: " in checked.out


def secrets_of(folder: Path) -> set[str]:
    """Return pieces of every private key that would give it away, as they could stand in a text: base64, hexadecimal, raw."""
    found = set()
    for path in [*folder.rglob("*.private"), *folder.rglob("*.seed")]:
        body = "".join(line for line in path.read_text().splitlines() if not line.startswith("-----"))
        raw = base64.b64decode(body)[-32:]  # of an RSA key the last CRT coefficient, of an Ed25519 key all of it
        found |= {body[-40:], raw.hex(), base64.b64encode(raw).decode()[:40], repr(raw)[2:-1]}
        # The head of an RSA key is its modulus, which is public.
        found |= {body[at : at + 40] for at in range(0, len(body) - 40, 40) if at > len(body) // 2 or len(body) < 100}
    return found


FORMATS = {
    "lint": ("text", "json", "sarif", "junit", "github", "markdown"),
    "plan": ("text", "json"),
    "diff": ("text", "json"),
    "verify": ("text", "json"),
    "test": ("text", "json"),
    "compile": ("text", "json"),
    "rules": ("text", "json"),
    "dkim status": ("text", "json"),
    "dkim check": ("text", "json"),
    "dkim rotate example.com": ("text", "json"),
    "simulate --from a@example.com --ip 192.0.2.10 --dkim example.com:old": ("text", "json"),
    "spf tree example.com": ("text", "json"),
    "export example.com --allow DKIM031": ("bind", "paste", "opendkim", "postfix", "rspamd", "terraform", "dnscontrol"),
}


def assert_secret(secrets: set[str], texts: Mapping[str, str], command: object) -> None:
    for place, text in texts.items():
        assert "PRIVATE KEY" not in text, (command, place)
        assert not [secret for secret in secrets if secret in text], (command, place)


def texts_of(root: Path, ran: Ran) -> dict[str, str]:
    return {"output": ran.said, **{str(path): path.read_text("latin-1") for path in root.rglob("*") if path.is_file()}}


def test_private_octets_are_nowhere(host: Host, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """After every command, in every format: not in what it said, in the repo, in a plan or in a git object."""
    root = host.repo.root
    subprocess.run(["git", "-C", str(root), "init", "-q"], check=True)
    monkeypatch.setenv("MAILAUTH_PRIVATE_DIR", str(host.private_dir))
    plan = str(root / "plan.json")
    commands = [
        ("-vv", "dkim", "keygen", "example.com", "--selector", "r"),
        ("-vv", "dkim", "keygen", "example.com", "--selector", "e", "--type", "ed25519", "--format", "json"),
        ("dkim", "keygen", "example.com", "--selector", "e"),  # refused
        ("dkim", "keygen", "example.com", "--private-dir", str(root)),  # refused
        ("compile",),
        ("-vv", "plan", "--out", plan, "--show-kept"),
        ("plan", "--show", plan, "--format", "json"),
        ("-vv", "apply", plan, "--format", "json"),
        ("apply", plan),
        *((*command.split(), "--format", format) for command, formats in FORMATS.items() for format in formats),
        ("-vv", "lint", "--live"),
        ("import", "example.com", "--provider", "local"),
        ("import", "example.com", "--nameserver", "127.0.0.1:1"),
        *(
            ("export", "example.com", "--format", format, "--allow", "DKIM031", "--out", "out")
            for format in ("opendkim", "postfix", "rspamd")
        ),
        *(("export", "example.com", "--format", format, "--check", "out") for format in ("opendkim", "postfix", "rspamd")),
        ("schema",),
        ("schema", "plan"),
        ("completion", "bash"),
        ("init", "new"),
    ]
    secrets: set[str] = set()
    for command in commands:
        ran = host.run(*command)
        assert command[0] in ("apply", "init", "import", "dkim", "-vv", "lint", "export") or ran.code in (0, 2), (command, ran.said)
        subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
        secrets = secrets_of(host.private_dir)
        assert len(secrets) > 10
        assert_secret(secrets, texts_of(root, ran), command)
    objects = subprocess.run(["git", "-C", str(root), "cat-file", "--batch-all-objects", "--batch"], capture_output=True, check=True)
    assert b"zones/policy" in subprocess.run(["git", "-C", str(root), "ls-files"], capture_output=True, check=True).stdout
    assert_secret(secrets, {"git": objects.stdout.decode("latin-1")}, "git")


# A private key where none belongs: `{pem}` is its text, `{base64}` its body, `{seed}` that of an Ed25519 key, `{file}` the path of
# its file. What is written into the repo first, and the command.
MISTAKES: dict[str, tuple[dict[str, str], list[str]]] = {
    "in p": ({"zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{old: {{p: {base64}}}}}}}\n"}, ["lint"]),
    "its seed in p": (
        {"zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{old: {{p: {seed}x, k: ed25519}}}}}}\n"},
        ["lint", "--format", "json"],
    ),
    "as PEM in p": (
        {"zones/policy/policy.yaml": "domain: example.com\ndkim:\n  selectors:\n    old:\n      p: |\n        {indented}\n"},
        ["dkim", "status"],
    ),
    "in key": ({"zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{old: {{key: {base64}}}}}}}\n"}, ["plan"]),
    "as a selector's name": (
        {"zones/policy/policy.yaml": "domain: example.com\ndkim: {{selectors: {{{base64}: {{key: old.pem}}}}}}\n"},
        ["lint"],
    ),
    "in zones/keys": ({"zones/keys/example.com/old.pem": "{pem}"}, ["compile"]),
    "in zones/keys, named by nobody": ({"zones/keys/example.com/old.private": "{pem}"}, ["lint", "--format", "sarif"]),
    "given to --from-genkey": ({}, ["import", "example.com", "--from-genkey", "{file}"]),
    "given to --from-zone": ({}, ["import", "example.com", "--from-zone", "{file}"]),
    "given to --plan": ({}, ["plan", "--show", "{file}"]),
    "given to check-message": ({}, ["check-message", "{file}", "--ip", "192.0.2.1"]),
    "its seed given to check-message": ({}, ["check-message", "{file}.seed", "--ip", "192.0.2.1"]),
    "as --selector": ({}, ["dkim", "keygen", "example.com", "--selector", "{pem}"]),
    "its body as --selector": ({}, ["dkim", "keygen", "example.com", "--selector", "{base64}"]),
    "its seed as --selector": ({}, ["dkim", "keygen", "example.com", "--selector", "{seed}"]),
    "as --type": ({}, ["dkim", "keygen", "example.com", "--type", "{pem}"]),
    "as the domain": ({}, ["dkim", "keygen", "{base64}"]),
    "as --private-dir": ({}, ["dkim", "keygen", "example.com", "--private-dir", "{pem}"]),
    "as --allow": ({}, ["export", "example.com", "--format", "bind", "--allow", "{base64}"]),
    "as an argument too many": ({}, ["dkim", "rotate", "example.com", "{pem}"]),
}


@pytest.mark.parametrize("type", ["rsa", "ed25519"])
@pytest.mark.parametrize("case", MISTAKES)
def test_a_private_key_in_the_wrong_place_is_refused_without_being_shown(host: Host, case: str, type: str) -> None:
    host.keygen("--selector", "mine", "--type", type)
    host.keygen("--selector", "mine2", "--type", "ed25519")
    planted, command = MISTAKES[case]
    path = host.private_dir / "example.com/mine.private"
    seed = (host.private_dir / "example.com/mine2.seed").read_text().strip()
    (path.parent / "mine.private.seed").write_text(seed + "\n")
    pem = path.read_text()
    body = "".join(pem.splitlines()[1:-1])
    words = {"pem": pem, "base64": body, "seed": seed, "file": str(path), "indented": pem.strip().replace("\n", "\n        ")}
    for name, text in planted.items():
        host.repo.write(name, text.format(**words))
    secrets = secrets_of(host.private_dir) | {seed, *(line for line in pem.splitlines() if len(line) > 40 and not line.startswith("MII"))}
    refused = host.run("-vv", *(word.format(**words) for word in command))
    assert refused.code in (1, 2), refused.said
    texts = {place: text for place, text in texts_of(host.repo.root, refused).items() if not any(place.endswith(name) for name in planted)}
    assert_secret(secrets, {**texts, "output": refused.said.replace("PRIVATE KEY", "private key")}, case)
