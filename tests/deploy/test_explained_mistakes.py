"""A person enters records with each mistake; `verify` explains it, and passes once it is mended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff import wrong_places
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import Ran, RepoFolder
from tests.diff.test_value_mistakes import DMARC, KEY, LONG, SPF, octets

HEAD = """$TTL 60
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 60
@ IN NS ns1.example.net.
@ IN TXT "MS=ms123"
"""
POLICY = f"""domain: example.com
spf: {{terms: ["ip4:192.0.2.0/24", "include:_spf.example.net"], all: fail}}
dmarc: {{p: none, rua: ["mailto:d@example.com"]}}
dkim:
  selectors:
    s1: {{k: ed25519, p: "{KEY.rpartition("p=")[2]}"}}
    long: {{p: "{LONG.rpartition("p=")[2]}"}}
    esp: {{cname: esp.example.net}}
"""
NEWS = """domain: news.example.com
zone: example.com
dmarc: {p: reject}
"""


def txt(host: str, value: str) -> str:
    return f"{host} IN TXT {quoted(value)}\n"


RECORDS = {
    "spf": txt("@", SPF),
    "dmarc": txt("_dmarc", DMARC),
    "s1": txt("s1._domainkey", KEY),
    "long": txt("long._domainkey", LONG),
    "esp": "esp._domainkey IN CNAME esp.example.net.\n",
    "news": txt("_dmarc.news", "v=DMARC1; p=reject"),
}
# which record, what was entered in its place, the mistake, and a part of what is said
ENTERED: list[tuple[str, str, str, str]] = [
    ("spf", txt("@", f'"{SPF}"'), "quotes", "the quotes are part of the value"),
    ("spf", txt("@", octets(f"“{SPF}”")), "typographic quotes", "not from a word processor"),
    ("spf", txt("@", SPF + SPF), "twice in one", "enter it once"),
    ("spf", txt("@", SPF) + txt("@", "v=spf1 a -all"), "several records", "two of them fail"),
    ("spf", txt("@", SPF) + txt("@", SPF + " "), "several records", "delete every other one"),
    ("spf", txt("www", SPF), "at www", "it stands at www.example.com"),
    ("spf", txt("example.com", SPF), "zone twice", "example.com.example.com"),
    ("spf", f"@ IN SPF {quoted(SPF)}\n", "type SPF", "enter it with the type TXT"),
    ("dmarc", txt("_dmarc", DMARC.replace(";", "\\;")), "backslashes", "without backslashes"),
    ("dmarc", txt("_dmarc.example.com", DMARC), "zone twice", "_dmarc.example.com.example.com"),
    ("dmarc", txt("_dmarc.example.com", f'"{DMARC}"'), "zone twice quotes", "without quotes"),
    ("dmarc", txt("dmarc", DMARC), "no underscore", "the underscore is missing"),
    ("dmarc", txt("@", DMARC), "at the domain", "the host was left empty"),
    (
        "dmarc",
        txt("_dmarc", DMARC) + txt("_dmarc", "v=DMARC1; p=reject"),
        "several records",
        "two of them count as none",
    ),
    (
        "dmarc",
        "_dmarc IN CNAME dmarc.example.net.\n",
        "CNAME in place of TXT",
        "delete the CNAME",
    ),
    ("dmarc", txt("_dmarc", DMARC.replace("mailto:", "http://")), "addresses as links", "mailto"),
    ("s1", txt("s1", KEY), "no _domainkey", "_domainkey is missing"),
    ("s1", txt("s1_domainkey", KEY), "dot lost", "the dot before _domainkey is missing"),
    ("s1", txt("s1.domainkey", KEY), "no underscore", "the underscore is missing"),
    ("s1", txt("_domainkey", KEY), "no selector", "the selector is missing"),
    ("s1", txt("_domainkey.s1", KEY), "wrong order", "the labels are in the wrong order"),
    ("s1", txt("@", KEY), "at the domain", "the host was left empty"),
    ("s1", txt("s1._domainkey", KEY.replace("+", " ")), "plus signs lost", "another key"),
    ("long", txt("long._domainkey", LONG[:255]), "cut", "only the beginning"),
    ("long", txt("long._domainkey", LONG[255:]), "string lost", "strings is missing"),
    (
        "esp",
        "esp._domainkey IN CNAME esp.example.net.example.com.\n",
        "zone in the target",
        "a dot at its end",
    ),
    ("esp", "esp IN CNAME esp.example.net.\n", "no _domainkey", "_domainkey is missing"),
    (
        "esp",
        txt("esp._domainkey", "esp.example.net"),
        "TXT in place of CNAME",
        "enter it with the type CNAME",
    ),
    (
        "news",
        txt("_dmarc.news.example.com", "v=DMARC1; p=reject"),
        "zone twice",
        "the zone is in the name twice",
    ),
    (
        "news",
        txt("_dmarc.news.news", "v=DMARC1; p=reject"),
        "domain twice",
        "the domain is in the name twice",
    ),
]


@dataclass
class Form:
    """A zone that a person enters records into."""

    repo: RepoFolder

    def enter(self, records: dict[str, str]) -> None:
        self.repo.local("example.com", HEAD + "".join(records.values()))

    def verify(self, *options: str) -> Ran:
        return self.repo.run("verify", *options)

    def mistakes(self) -> dict[str, list[str]]:
        """Return the mistakes that `verify` names, by owner name and type."""
        said = json.loads(self.verify("--format", "json").out)
        return {
            f"{row['name']} {row['type']}": [each["id"] for each in row["mistakes"]]
            for rows in said["zones"].values()
            for row in rows
            if row["mistakes"]
        }


@pytest.fixture
def form(repo: RepoFolder) -> Iterator[Form]:
    form = Form(repo)
    form.enter(RECORDS)
    with LoopbackServer(Path(repo.root / "served"), "127.0.0.1", 0) as server:
        servers = f'nameservers: ["127.0.0.1:{server.port}"]\n'
        repo.policy(POLICY + servers, "example.com")
        repo.policy(NEWS + servers, "news.example.com")
        yield form


def test_records_as_they_should_be_are_not_explained(form: Form) -> None:
    ran = form.verify()
    assert (ran.code, ran.out) == (0, ran.out)
    assert "why" not in ran.out
    assert form.mistakes() == {}


@pytest.mark.parametrize(("record", "entered", "id", "said"), ENTERED)
def test_verify_explains_a_mistake_until_it_is_mended(
    form: Form, record: str, entered: str, id: str, said: str
) -> None:
    form.enter({**RECORDS, record: entered})
    ran = form.verify()
    assert ran.code == 2, ran.said
    assert said in " ".join(ran.out.split()), ran.out
    explained = re.findall(r"^ {8}(?:why|do) {7,8}.*(?:\n {18}.*)*", ran.out, re.MULTILINE)
    assert explained
    assert max(map(len, "\n".join(explained).split("\n"))) <= 80
    [ids] = form.mistakes().values()
    assert " ".join(ids) == id
    assert form.repo.run("diff").code == 2
    form.enter(RECORDS)
    assert form.verify().code == 0


def test_a_private_key_that_was_published_is_not_shown_again(form: Form) -> None:
    private = "MC4CAQAwBQYDK2VwBCIEIA2qXX" + "A" * 38
    form.enter({**RECORDS, "s1": txt("s1._domainkey", f"v=DKIM1; k=ed25519; p={private}")})
    for options in ((), ("--format", "json")):
        ran = form.verify(*options)
        assert "delete the record now" in " ".join(ran.out.split())
        assert private[20:40] not in ran.said


def test_a_wildcard_is_no_wrong_place(form: Form) -> None:
    form.enter({**RECORDS, "spf": txt("*", SPF)})
    assert form.mistakes() == {}


def test_nothing_there_may_be_another_account(form: Form) -> None:
    form.enter({})
    ran = form.verify()
    assert ran.out.count("none of the policy's records is in the zone") == 1
    assert "look whose servers these are" in " ".join(ran.out.split())


def test_what_a_missing_record_costs_is_bounded() -> None:
    name = DomainName("s1._domainkey.news.example.com")
    entry = Declared(
        DomainName("news.example.com"), (name, "TXT"), Family.DKIM, None, frozenset({KEY})
    )
    asked = wrong_places.places(entry, DomainName("example.com"))
    assert 4 <= len(asked) <= wrong_places.MAX_PLACES
    assert len({place.key for place in asked}) == len(asked)
