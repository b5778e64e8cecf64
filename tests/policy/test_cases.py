"""Bad input, each with what a user is told. `pytest --update-golden` rewrites the .err files; the diff is reviewed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mailauth_dns.errors import PolicyError
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def told(repo: RepoFolder) -> str:
    with pytest.raises(PolicyError) as caught:
        load_repo(repo.root)
    return str(caught.value) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_every_problem_is_told_with_its_place(
    repo: RepoFolder, case: Path, request: pytest.FixtureRequest
) -> None:
    repo.local("example.com", "")
    repo.write("zones/policy/policy.yaml", case.read_bytes())
    golden = case.with_suffix(".err")
    if request.config.getoption("--update-golden"):
        golden.write_text(told(repo))
    assert told(repo) == golden.read_text()


GENERATED: dict[str, tuple[bytes, str]] = {
    "not UTF-8": (
        b"domain: ex\xffample.com\n",
        "zones/policy/policy.yaml:1:11: not UTF-8: octet 0xff; save the file as UTF-8\n",
    ),
    "empty": (
        b"",
        "zones/policy/policy.yaml: the file is empty; a policy opens with `domain: example.com`\n",
    ),
    "only a comment": (
        b"# later\n",
        "zones/policy/policy.yaml: the file is empty; a policy opens with `domain: example.com`\n",
    ),
    "a big file": (
        b"domain: " + b"a" * 10_000_000,
        "zones/policy/policy.yaml: has 10000008 octets, at most 1000000 are read; split it\n",
    ),
    "a big scalar": (
        b"domain: " + b"a" * 900_000,
        "zones/policy/policy.yaml:1:9: a value of 900000 characters; at most 20000 are read\n",
    ),
    "a NUL": (
        b"domain: a\0b\n",
        "zones/policy/policy.yaml:1:10: control character U+0000; take it out\n    1 | domain: a?b\n      |          ^\n",
    ),
}


@pytest.mark.parametrize("case", GENERATED)
def test_hostile_files_get_a_clear_error(repo: RepoFolder, case: str) -> None:
    data, expected = GENERATED[case]
    repo.write("zones/policy/policy.yaml", data)
    assert told(repo) == expected


DEEP = {
    "10 000 lists": b"x: " + b"[" * 10_000,
    "100 000 lists": b"x: " + b"[" * 100_000,
    "100 000 mappings": b"{a: " * 100_000,
}


@pytest.mark.parametrize("case", DEEP)
def test_deep_nesting_is_refused(repo: RepoFolder, case: str) -> None:
    repo.write("zones/policy/policy.yaml", DEEP[case])
    # The column is where libyaml's look-ahead stood, and differs between its versions.
    assert re.fullmatch(
        r"zones/policy/policy\.yaml:1:\d+: nested more than 40 levels deep\n", told(repo)
    )


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_an_alias_bomb_is_refused_at_its_first_anchor(repo: RepoFolder) -> None:
    repo.write("zones/policy/policy.yaml", BOMB)
    assert told(repo) == (
        "zones/policy/policy.yaml:1:4: anchors are not read; leave out &a, or quote the value\n"
        "    1 | a: &a [x, x, x, x, x, x, x, x, x]\n"
        "      |    ^~~~\n"
    )


def test_a_domain_declared_twice_names_both_places(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n", "a")
    repo.policy("# another\ndomains: [example.org, EXAMPLE.com.]\nspf: {all: fail}\n", "b")
    assert told(repo) == (
        "zones/policy/b.yaml:2:24: domain: example.com is declared twice, first at zones/policy/a.yaml:1:9; keep one\n"
        "    2 | domains: [example.org, EXAMPLE.com.]\n"
        "      |                        ^~~~~~~~~~~~\n"
    )


PRIVATE = (
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIKk7bXU5X2dQ1w\n-----END PRIVATE KEY-----\n"
)
IS_PRIVATE = "this is a private key; take it out of the repo and out of git's history, make a new key, and put only the public part here\n"
KEY_POLICY = "domain: example.com\ndkim: {selectors: {s1: {key: s1.pem}}}\n"
KEY_FILE = "zones/keys/example.com/s1.pem"
KEYS: dict[str, tuple[str | None, str]] = {
    "missing": (None, "there is no such file\n"),
    "private": (PRIVATE, IS_PRIVATE),
    "broken": (
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "the public key in this file is broken; write it again from the private key\n",
    ),
    "PKCS#1": (
        "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n",
        "a bare RSA key (PKCS#1); write it as others read it: openssl rsa -RSAPublicKey_in -in KEY -pubout\n",
    ),
    "no PEM": (
        "MIIB",
        "not a public key in PEM; it opens with -----BEGIN PUBLIC KEY----- (openssl pkey -in KEY -pubout)\n",
    ),
}


@pytest.mark.parametrize("case", KEYS)
def test_key_files_that_cannot_be_used(repo: RepoFolder, case: str) -> None:
    text, expected = KEYS[case]
    repo.policy(KEY_POLICY)
    if text is not None:
        repo.write(KEY_FILE, text)
    at_the_key = (
        f"zones/policy/policy.yaml:2:30: dkim.selectors.s1.key: {KEY_FILE}: {expected}"
        "    2 | dkim: {selectors: {s1: {key: s1.pem}}}\n"
        "      |                              ^~~~~~\n"
    )
    assert told(repo) == at_the_key


def test_a_private_key_that_no_policy_names_is_found_too(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write("zones/keys/example.com/forgotten.key", PRIVATE)
    assert told(repo) == f"zones/keys/example.com/forgotten.key: {IS_PRIVATE}"


def test_a_draft_of_another_run_may_go_while_the_repo_is_read(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    folder = repo.write("zones/keys/example.com/s1.pem", "").parent
    monkeypatch.setattr(
        "os.walk",
        lambda top, **_: [(str(folder), [], [".s2.pem.x1.draft"])] if "keys" in str(top) else [],
    )
    assert load_repo(repo.root).policies


OUTSIDE = "lies outside the repo; every file that a policy names must be inside it\n"
# What the policy writes, and what it is told as.
KEYS_OUTSIDE = {
    "../../../../outside": "zones/keys/example.com/../../../../outside",
    "/etc/hostname": "/etc/hostname",
}
LISTS_OUTSIDE = {
    "../../../outside": "zones/policy/../../../outside",
    "/etc/hostname": "/etc/hostname",
    "link": "zones/policy/link",
}


def marked(number: int, line: str, value: str) -> str:
    """Return a line of a policy as a message shows it, with its mark under `value`."""
    return f"{number:>5} | {line}\n      | {' ' * line.index(value)}^{'~' * (len(value) - 1)}\n"


@pytest.mark.parametrize(("name", "shown"), KEYS_OUTSIDE.items())
def test_a_key_file_outside_the_repo_is_refused(repo: RepoFolder, name: str, shown: str) -> None:
    (repo.root.parent / "outside").write_text("x")
    (repo.root / "zones/keys/example.com").mkdir(parents=True)
    line = f"dkim: {{selectors: {{s1: {{key: {name}}}}}}}"
    repo.policy(f"domain: example.com\n{line}\n")
    assert told(
        repo
    ) == f"zones/policy/policy.yaml:2:30: dkim.selectors.s1.key: {shown}: {OUTSIDE}" + marked(
        2, line, name
    )


@pytest.mark.parametrize(("name", "shown"), LISTS_OUTSIDE.items())
def test_a_list_of_domains_outside_the_repo_is_refused(
    repo: RepoFolder, name: str, shown: str
) -> None:
    (repo.root.parent / "outside").write_text("example.com\n")
    (repo.root / "zones/policy/link").symlink_to(repo.root.parent / "outside")
    repo.policy(f"domains_file: {name}\nparked: true\n")
    assert told(
        repo
    ) == f"zones/policy/policy.yaml:1:15: domains_file: {shown}: {OUTSIDE}" + marked(
        1, f"domains_file: {name}", name
    )


SECRET = "hunter2"
NOT_LISTS = [
    ".env",
    ".git/config",
    "zones/.env",
    "zones/list.md",
    "zones/policy/linked.txt",
    "providers/list.txt",
    "list.txt",
]


@pytest.mark.parametrize("name", NOT_LISTS)
def test_only_a_txt_file_below_zones_is_read_as_a_list(repo: RepoFolder, name: str) -> None:
    """Lines that are shown must not be those of a file that holds secrets, whoever names it."""
    if name == "zones/policy/linked.txt":
        repo.write(".env", f"PASSWORD={SECRET}\n{SECRET}.example\n")
        (repo.root / name).symlink_to("../../.env")
    else:
        repo.write(name, f"PASSWORD={SECRET}\n{SECRET}.example\n")
    repo.write(
        "zones/policy/a.policy.yaml",
        f"domains_file: {os.path.relpath(name, 'zones/policy')}\nparked: true\n",
    )
    said = told(repo)
    assert SECRET not in said
    assert "a.policy.yaml:1:15: domains_file: " in said


def test_a_line_of_a_list_that_is_no_name_is_not_quoted(repo: RepoFolder) -> None:
    lines = [
        f"PASSWORD={SECRET}",
        f"{SECRET} x",
        f"xn--{SECRET}",
        f"{SECRET}\xe9\u0301\u200d.example",
        f"{SECRET}..example",
        f"a.*.{SECRET}",
    ]
    repo.write("zones/lists/a.txt", "".join(f"{line}\n" for line in lines))
    repo.policy("domains_file: ../lists/a.txt\nparked: true\n")
    said = told(repo)
    assert SECRET not in said
    assert [line.partition(": ")[0].rpartition(":")[0] for line in said.splitlines()] == [
        f"zones/lists/a.txt:{n}" for n in range(1, 7)
    ]


LINKED = {
    "zones/policy/x.yaml": ".git/config",
    "providers/x.yaml": ".env",
    "zones/locks/spf.json": ".npmrc",
    "zones/keys/x.pem": ".key.pem",
}


@pytest.mark.parametrize(("link", "target"), LINKED.items())
def test_a_link_to_a_file_of_another_kind_is_refused_unread(
    repo: RepoFolder, link: str, target: str
) -> None:
    """A checkout's .git/config can hold the token it was fetched with, and what is no policy is shown line by line."""
    repo.policy("domain: example.com\nspf: absent\n")
    repo.write(target, f"[http]\n\textraheader = {SECRET}\n")
    (repo.root / link).parent.mkdir(parents=True, exist_ok=True)
    (repo.root / link).symlink_to(os.path.relpath(target, Path(link).parent))
    assert (
        told(repo)
        == f"{link}: is a link to a file of another kind, whose lines would be shown; put the file itself here\n"
    )


def test_a_policy_may_be_a_link_to_another_place_of_the_repo(repo: RepoFolder) -> None:
    repo.write("teams/mail/x.yaml", "domain: example.com\nspf: absent\n")
    (repo.root / "zones/policy/x.yaml").symlink_to("../../teams/mail/x.yaml")
    assert [policy.domain for policy in load_repo(repo.root).policies] == ["example.com"]


def test_a_symbolic_link_out_of_the_repo_is_refused(repo: RepoFolder) -> None:
    (repo.root.parent / "outside.yaml").write_text("domain: example.com\n")
    (repo.root / "zones/policy/linked.yaml").symlink_to(repo.root.parent / "outside.yaml")
    assert (
        told(repo)
        == "zones/policy/linked.yaml: lies outside the repo; every file that a policy names must be inside it\n"
    )


OUTSIDE_KINDS = {
    "a policy": "zones/policy/x.yaml",
    "the defaults": "zones/policy/_defaults.yaml",
    "a list": "zones/policy/x.txt",
    "a key": "zones/keys/example.com/s1.pem",
    "a key that nobody names": "zones/keys/example.com/x.pem",
    "a provider": "providers/x.yaml",
    "the lock": "zones/locks/spf.json",
}


@pytest.mark.parametrize("kind", OUTSIDE_KINDS)
@pytest.mark.parametrize("target", ["secret", "/dev/zero", "/proc/self/environ"])
def test_no_kind_of_file_is_read_outside_the_repo(repo: RepoFolder, kind: str, target: str) -> None:
    secret = repo.root.parent / "secret"
    secret.write_text("hunter2: [")
    repo.policy(KEY_POLICY if kind == "a key" else "domain: example.com\nspf: absent\n")
    repo.write(
        "zones/policy/list.yaml",
        "domains_file: x.txt\nparked: true\n"
        if kind == "a list"
        else "domain: a.example\nspf: absent\n",
    )
    link = repo.root / OUTSIDE_KINDS[kind]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(secret if target == "secret" else target)
    said = told(repo)
    assert "lies outside the repo" in said
    assert "hunter2" not in said


def test_links_that_go_in_a_circle_are_told(repo: RepoFolder) -> None:
    (repo.root / "zones/policy/a.yaml").symlink_to(repo.root / "zones/policy/b.yaml")
    (repo.root / "zones/policy/b.yaml").symlink_to(repo.root / "zones/policy/a.yaml")
    assert told(repo).count("cannot be read") == 2


def test_a_folder_that_cannot_be_read_is_told(repo: RepoFolder) -> None:
    (repo.root / "zones/policy/policy.yaml").mkdir()
    (repo.root / "zones/policy/policy.yaml/x.yaml").write_text("")
    assert (
        told(repo)
        == "zones/policy/policy.yaml: policies in sub-folders are not read; move them up\n"
    )


def test_no_zone_repo_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        PolicyError, match=r"there is no such folder in .*; run in a zone repo, or name one with -C"
    ):
        load_repo(tmp_path)


A_SECRET = "a secret must not be in git; write env/NAME and set NAME in the environment, then change the secret\n"
# The stanza, and where the message points; the line itself is never shown.
SECRETS = {
    "a literal secret": (
        "class: octodns_bind.Rfc2136Provider\nhost: 127.0.0.1\nkey_secret: c2VjcmV0LXZhbHVl\n",
        "3:13: key_secret",
    ),
    "a literal behind env": ("class: x.Y\napi_key: env/NAME/c2VjcmV0LXZhbHVl\n", "2:10: api_key"),
    "a nested one": ("class: x.Y\nauth: {token: c2VjcmV0LXZhbHVl}\n", "2:15: token"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_literal_secrets_are_refused_without_showing_them(repo: RepoFolder, case: str) -> None:
    text, place = SECRETS[case]
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write("providers/p.yaml", text)
    assert told(repo) == f"providers/p.yaml:{place}: {A_SECRET}"


def test_an_unknown_provider_is_told_with_those_there_are(repo: RepoFolder) -> None:
    repo.local("example.com", "")
    repo.policy("domain: example.com\nproviders: [locale]\n")
    assert told(repo) == (
        "zones/policy/policy.yaml:2:13: providers: there is no providers/locale.yaml; there are: local\n"
        + marked(2, "providers: [locale]", "locale")
    )


def test_a_provider_where_there_are_none_is_told(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nproviders: [local]\n")
    assert told(repo) == (
        "zones/policy/policy.yaml:2:13: providers: there is no providers/local.yaml; there are: none yet\n"
        + marked(2, "providers: [local]", "local")
    )


def test_policies_of_one_zone_have_the_same_providers_and_servers(repo: RepoFolder) -> None:
    repo.local("example.com", "")
    repo.policy("domain: example.com\nspf: absent\n", "a")
    repo.policy(
        'domain: b.example.com\nzone: example.com\nproviders: [local]\nnameservers: ["192.0.2.1"]\nspf: absent\n',
        "b",
    )
    said = told(repo)
    assert (
        "b.yaml:3:1: providers: policies of the zone example.com must have the same providers; zones/policy/a.yaml has others"
        in said
    )
    assert (
        "b.yaml:4:1: nameservers: policies of the zone example.com must have the same nameservers"
        in said
    )


def test_a_domain_lies_in_its_zone_and_not_below_a_deeper_one(repo: RepoFolder) -> None:
    repo.policy("domain: example.org\nzone: example.com\nspf: absent\n", "a")
    repo.policy("domain: sub.example.com\nspf: absent\n", "b")
    repo.policy("domain: x.sub.example.com\nzone: example.com\nspf: absent\n", "c")
    said = told(repo)
    assert "a.yaml:2:7: zone: example.org does not lie in the zone example.com" in said
    assert (
        "c.yaml:1:9: domain: x.sub.example.com lies in the zone sub.example.com, which this repo also holds"
        in said
    )


def test_scalars_are_taken_as_they_are_written(repo: RepoFolder) -> None:
    names = ["010", "on", "2026-01-31", "1e3", "0x1f", "null", "yes", "2026_01"]
    repo.policy(
        "domain: example.com\ndkim:\n  selectors:\n"
        + "".join(f"    {name}: {{state: revoked}}\n" for name in names)
    )
    [policy] = load_repo(repo.root).policies
    assert policy.body.dkim is not None
    assert list(policy.body.dkim.selectors) == names


def test_defaults_merge_and_null_takes_out(repo: RepoFolder) -> None:
    repo.write(
        "zones/policy/_defaults.yaml",
        'ttl: 60\nspf: {terms: [mx], all: fail}\ndmarc: {p: none, rua: ["mailto:a@example.com"]}\n',
    )
    repo.policy(
        "domain: example.com\nspf: {terms: [a]}\ndmarc: {p: reject, rua: null}\nttl: null\n"
    )
    [policy] = load_repo(repo.root).policies
    assert policy.body.spf is not None
    assert policy.body.spf is not ABSENT
    assert policy.body.spf.text == "v=spf1 a -all"
    assert policy.body.dmarc is not None
    assert policy.body.dmarc is not ABSENT
    assert policy.body.dmarc.text == "v=DMARC1; p=reject"
    assert policy.body.ttl is None


NOTHING = [
    "",
    "# later\n",
    "---\n",
    "--- # later\n",
    "{}\n",
    "null\n",
    "~\n",
    "\ufeff# later\n",
    "\n\n",
    "%YAML 1.1\n---\n# later\n",
]


@pytest.mark.parametrize("text", NOTHING)
def test_defaults_that_say_nothing_are_empty(repo: RepoFolder, text: str) -> None:
    repo.write("zones/policy/_defaults.yaml", text)
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    assert len(load_repo(repo.root).policies) == 1
    assert repo.run("lint").code == 0


# What is no policy is not told to open as one does.
OPENINGS = {
    "zones/policy/_defaults.yaml": (
        "[]\n",
        ":1:1: expected `key: value` lines; defaults hold keys of policies, such as `ttl: 3600`",
    ),
    "providers/x.yaml": (
        "# later\n",
        ": the file is empty; a provider opens with `class: octodns_bind.Rfc2136Provider`",
    ),
}


@pytest.mark.parametrize("path", OPENINGS)
def test_a_file_is_told_how_its_own_kind_opens(repo: RepoFolder, path: str) -> None:
    text, expected = OPENINGS[path]
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write(path, text)
    assert told(repo).startswith(path + expected)


def test_problems_in_the_defaults_are_told_once_and_there(repo: RepoFolder) -> None:
    repo.write("zones/policy/_defaults.yaml", "dmarc: {p: rejct}\ndomain: example.com\n")
    for name in ("a", "b"):
        repo.policy(f"domain: {name}.example\n", name)
    assert [line.split(" ")[0] for line in told(repo).splitlines() if line.startswith("zones")] == [
        "zones/policy/_defaults.yaml:1:12:",
        "zones/policy/_defaults.yaml:2:1:",
    ]


def test_a_list_of_domains_is_read_with_its_own_places(repo: RepoFolder) -> None:
    repo.write(
        "zones/policy/parked.txt",
        "# ours\nexample.com  # the first\n\nexample..org\n*.example.net\nfaß.example\n",
    )
    repo.policy("domains_file: parked.txt\nparked: true\n")
    said = told(repo)
    assert (
        "zones/policy/parked.txt:4:9: not a domain name: expected a label before the dot\n" in said
    )
    assert "zones/policy/parked.txt:5:1: a wildcard cannot have a policy" in said
    repo.write("zones/policy/parked.txt", "example.com  # the first\nfaß.example\n")
    assert [policy.domain for policy in load_repo(repo.root).policies] == [
        "example.com",
        "xn--fa-hia.example",
    ]


ODD = ["null", "[]", "{}", "[null]", "{a: null}", "~"]
PLACES = [
    "domain: {}",
    "domain: example.com\nzone: {}",
    "domain: example.com\nttl: {}",
    "domain: example.com\nparked: {}",
    "domain: example.com\nproviders: {}",
    "domain: example.com\nproviders: [{}]",
    "domain: example.com\nnameservers: [{}]",
    "domain: example.com\nspf: {}",
    "domain: example.com\nspf: {{terms: {}}}",
    "domain: example.com\nspf: {{terms: [{}]}}",
    "domain: example.com\nspf: {{all: {}}}",
    "domain: example.com\nspf: {{redirect: {}}}",
    "domain: example.com\ndkim: {{selectors: {{s1: {}}}}}",
    "domain: example.com\ndkim: {{selectors: {{s1: {{key: x.pem, state: {}}}}}}}",
    "domain: example.com\ndkim: {{selectors: {{s1: {{key: x.pem, since: {}}}}}}}",
    "domain: example.com\ndkim: {{selectors: {{s1: {{key: {}}}}}}}",
    "domain: example.com\ndkim: {{selectors: {{s1: {{p: {}}}}}}}",
    "domain: example.com\ndkim: {{rotation: {{grace: {}}}}}",
    "domain: example.com\ndmarc: {{p: {}}}",
    "domain: example.com\ndmarc: {{p: none, rua: {}}}",
    "domain: example.com\ndmarc: {{p: none, rua: [{}]}}",
    "domain: example.com\ndmarc: {{p: none, pct: {}}}",
    "domain: example.com\ndmarc: {{p: none, other: {}}}",
    "domain: example.com\nmta_sts: {{mode: {}, mx: [a.example], max_age: {}}}",
    "domain: example.com\ntls_rpt: {{rua: {}}}",
    "domain: example.com\nbimi: {{default: {}}}",
    "domain: example.com\ntests: {}",
    "domain: example.com\ntests: [{}]",
    "domain: example.com\ntests: [{{name: {}, from: {}, ip: {}, helo: {}, dkim: {}, expect: {}}}]",
    "domain: example.com\ntests: [{{name: x, from: a@example.com, ip: 192.0.2.1, expect: {{spf: {}}}}}]",
    "domain: example.com\nwaivers: [{{rule: {}, reason: {}, until: {}}}]",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_text_is_told_as_it_is_written(repo: RepoFolder, place: str, odd: str) -> None:
    """And not as the language of this program would write it."""
    repo.policy(place.format(*[odd] * 6) + "\n")
    try:
        load_repo(repo.root)
    except PolicyError as error:
        said = [problem.message for problem in error.problems]
        assert not any(
            re.search(r"None|\{\'|\[\'|\(\'|\{\}|\(\)|(?:dict|tuple|str|int|NoneType)\b", message)
            for message in said
        ), said


@pytest.mark.parametrize("given", ["_spf.example.net", "include:_spf.example.net"])
def test_flatten_as_a_single_value_is_shown_as_the_list_of_its_name(
    repo: RepoFolder, given: str
) -> None:
    repo.policy(
        f'domain: example.com\nspf:\n  terms: ["include:_spf.example.net"]\n  flatten: "{given}"\n'
    )
    assert 'expected a list; write ["_spf.example.net"]' in told(repo)
