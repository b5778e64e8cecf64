"""The catalogue's files: each is read, and a repo's own are laid over them."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import PolicyError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.senders import patterns
from mailauth_dns.senders.catalogue_files import Catalogue, read
from mailauth_dns.typed_yaml.yaml_reader import DocumentError
from tests.conftest import RepoFolder

OWN = b"""
name: Example Mailer
sources:
  help: {url: "https://mailer.example/help", read: 2026-11-28, grade: A}
recognised_by:
  includes: [_spf.mailer.example]
  source: help
"""


def test_every_file_is_an_entry() -> None:
    assert all(entry.name for _, entry in Catalogue().all())


def test_a_repos_own_sender_is_added() -> None:
    own = Catalogue({"mailer": read("zones/senders/mailer.yaml", OWN, "mailer")})
    found = own.get("mailer")
    assert found is not None
    assert found.recognised_by.includes == ("_spf.mailer.example",)
    assert "mailer" in own.ids()
    assert Catalogue().get("mailer") is None


def test_a_repos_own_file_corrects_an_entry() -> None:
    corrected = read(
        "zones/senders/zendesk.yaml", b"name: Zendesk of ours\nkind: support\n", "zendesk"
    )
    packaged = Catalogue().get("zendesk")
    assert packaged is not None
    assert corrected == packaged.model_copy(update={"name": "Zendesk of ours"})


BROKEN = [
    (b"name: X\n", "sources is missing"),
    (OWN.replace(b"source: help", b"source: other"), "which `sources` does not have"),
    (OWN.replace(b"  source: help\n", b""), "recognised_by"),
    (OWN.replace(b"2026-11-28", b"yesterday"), "is not a day"),
    (OWN.replace(b"grade: A", b"grade: Z"), "is not known here"),
]


@pytest.mark.parametrize(("data", "said"), BROKEN)
def test_a_fact_without_a_source_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(DocumentError) as raised:
        read("zones/senders/mailer.yaml", data, "mailer")
    assert any(said in str(problem) for problem in raised.value.problems)


PATH = b"return_path: {class: own-domain, aligns: {relaxed: yes, strict: yes}, source: help}\n"
SPF = [
    (b"{useful: yes, source: help}", "give include or terms, one of them"),
    (b"{include: x.example, terms: [mx], useful: yes, source: help}", "one of them"),
    (b"{terms: ['a:{server}'], useful: yes, source: help}", "which `asks` does not have"),
    (b"{include: x.example, useful: no, source: help}", "say why the include is not useful"),
]


@pytest.mark.parametrize(("section", "said"), SPF)
def test_an_spf_section_that_cannot_be_compiled_is_refused(section: bytes, said: str) -> None:
    with pytest.raises(DocumentError) as raised:
        read("zones/senders/mailer.yaml", OWN + PATH + b"spf: " + section + b"\n", "mailer")
    assert any(said in str(problem) for problem in raised.value.problems)


def _asking(ask: str, sections: str) -> bytes:
    return OWN + f"asks: {{{ask}}}\n{sections}\n".encode()


LIST = "x: {find: There., example: a, count: 2, source: help}"
ONE = "x: {find: There., example: a, source: help}"
OWN_PATH = PATH.decode()
ALIAS = (
    "return_path: {class: own-subdomain-cname, at: AT, cname: b.mailer.example, "
    "zones: [ZONE], aligns: {relaxed: yes, strict: no}, source: help}\n"
)
TOKEN = "dkim: {form: cname-account-token, selectors: [SELECTOR], source: help}"
UNFIT = [
    (LIST, ALIAS.replace("AT", "'{x}'").replace("ZONE", "a.example"), "which is a list"),
    (LIST, OWN_PATH + "spf: {include: '{x}.example', useful: yes, source: help}", "is a list"),
    (ONE, ALIAS.replace("AT", "'{selector}'").replace("ZONE", "a.example"), "has {selector}"),
    (ONE, ALIAS.replace("AT", "a").replace("ZONE", "com"), "holds the names of others too"),
    (
        ONE,
        OWN_PATH + TOKEN.replace("SELECTOR", "{selector: '{selector}', cname: a.example}"),
        "has {selector}",
    ),
    *(
        (ONE.replace("x:", f"{name}:", 1), OWN_PATH, "means something else here")
        for name in ("sender", "retired", "domain", "dashes")
    ),
    (ONE.replace("source", "default: B, pattern: '[a-z]', source"), OWN_PATH, "does not match"),
    (LIST.replace("source", "default: b, source"), OWN_PATH, "a list has no default"),
]


@pytest.mark.parametrize(("ask", "sections", "said"), UNFIT)
def test_what_no_policy_could_compile_is_refused(ask: str, sections: str, said: str) -> None:
    with pytest.raises(DocumentError) as raised:
        read("zones/senders/mailer.yaml", _asking(ask, sections), "mailer")
    assert any(said in str(problem) for problem in raised.value.problems)


FITS = ["[a-z]{2}(-[a-z]+)+-[0-9]", r"[a-z0-9-]+(\.[a-z0-9-]+)*", r"(\w{2}){1,9}", r"(?:ab|\[c)?"]
UNFIT_PATTERNS = [
    ("(a+)+b", "in many ways"),
    ("(a|a)*b", "in many ways"),
    ("(-a*a*)+b", "in many ways"),
    ("(-[a-]+)+b", "in many ways"),
    ("((ab)+)+", "in many ways"),
    ("(?:a?){30}b", "in many ways"),
    ("a*" * 5, "too many pieces"),
    ("a?" * 9 + "a" * 9, "too many pieces"),
    ("(a|a)" * 9, "too many pieces"),
    ("(?i)[a-z]+", "without anchors, flags and references"),
    ("(?i:[a-z]+)", "without anchors"),
    ("(?P<x>a)", "without anchors"),
    (r"(a)\1", "without anchors"),
    ("^a$", "without anchors"),
    (r"\ba", "without anchors"),
    ("(?=a)a", "without anchors"),
    ("a+?", "without anchors"),
    ("(a", "is not a regular expression"),
    ("a" * 201, "more than 200"),
]


@pytest.mark.parametrize("pattern", FITS)
def test_a_pattern_that_matches_in_few_steps_fits(pattern: str) -> None:
    patterns.check(pattern)


@pytest.mark.parametrize(("pattern", "said"), UNFIT_PATTERNS)
def test_a_pattern_that_can_hang_or_cannot_be_embedded_is_refused(pattern: str, said: str) -> None:
    ask = ONE.replace("source", f"pattern: '{pattern}', source")
    with pytest.raises(DocumentError) as raised:
        read("zones/senders/mailer.yaml", _asking(ask, OWN_PATH), "mailer")
    assert any(said in str(problem) for problem in raised.value.problems)


def test_a_policy_that_names_a_broken_entry_says_nothing_more(repo: RepoFolder) -> None:
    repo.write("zones/senders/mailer.yaml", b"name: X\n")
    repo.policy("domain: example.com\nsenders: {mailer: {}}\n")
    with pytest.raises(PolicyError) as raised:
        load_repo(repo.root)
    assert {problem.path for problem in raised.value.problems} == {"zones/senders/mailer.yaml"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gmail", ("google",)),
        ("Google Workspace", ("google",)),
        ("o365", ("microsoft-365",)),
        ("_spf.google.com", ("google",)),
        ("zendsk", ("zendesk",)),
        ("surfboard", ()),
    ],
)
def test_a_name_that_people_use_means_one_sender(name: str, meant: tuple[str, ...]) -> None:
    assert Catalogue().close_to(name) == meant
