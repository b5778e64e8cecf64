"""Bad input, each with what a user is told.

`pytest --update-golden` rewrites the .err files; the diff is reviewed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailauth_dns.errors import PolicyError
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.policy.refusals import told

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


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
        "zones/policy/policy.yaml:1:10: control character U+0000; take it out\n    1 | "
        "domain: a?b\n      |          ^\n",
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
        "zones/policy/b.yaml:2:24: domain: example.com is declared twice, first at "
        "zones/policy/a.yaml:1:9; keep one\n"
        "    2 | domains: [example.org, EXAMPLE.com.]\n"
        "      |                        ^~~~~~~~~~~~\n"
    )


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
    "domain: example.com\ntests: [{{name: x, from: a@example.com, ip: 192.0.2.1, expect: "
    "{{spf: {}}}}}]",
    "domain: example.com\nwaivers: [{{rule: {}, reason: {}, until: {}}}]",
    "domain: example.com\nallow: {}",
    "domain: example.com\nallow: [{}]",
    "domain: example.com\nallow: [{{rule: {}, reason: {}, until: {}}}]",
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
