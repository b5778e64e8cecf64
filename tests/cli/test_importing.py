"""What import writes and says, from each of its sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder, free_port
from tests.importing.zones import HEAD, ODD, P

GOLDEN = Path(__file__).parent / "golden"
DEFAULTS = (
    "providers: [local]\nttl: 300\ndmarc: {sp: reject}\nspf: {terms: [a], all: fail}\n"
    "dkim: {selectors: {s1: {cname: x.example.net}, dd: {state: absent}}}\n"
)


@pytest.fixture
def odd(repo: RepoFolder) -> RepoFolder:
    repo.local("example.com", ODD)
    repo.write("zones/policy/_defaults.yaml", DEFAULTS)
    return repo


@pytest.mark.parametrize(
    "source", [("--from-zone", "served/example.com.zone"), ("--provider", "local")]
)
def test_all_of_an_odd_zone_is_said_or_told(
    odd: RepoFolder, source: tuple[str, str], request: pytest.FixtureRequest
) -> None:
    ran = odd.run("import", "example.com", *source)
    name = f"import_{source[0].strip('-').replace('-', '_')}.txt"
    said = f"exit code {ran.code}\n--- stdout\n{ran.out}--- stderr\n{ran.err}"
    if request.config.getoption("--update-golden"):
        (GOLDEN / name).write_text(said)
    assert said == (GOLDEN / name).read_text()
    written = odd.run("import", "example.com", *source, "--write")
    assert (written.code, written.out) == (2, "written: zones/policy/example.com.yaml\n")
    assert (odd.root / "zones/policy/example.com.yaml").read_text() == ran.out
    plan = odd.run("plan", "--no-live", "--detailed-exitcode")
    assert (plan.code, plan.out.splitlines()[-1]) == (0, "Plan: 0 changes")


def test_a_file_is_never_written_over(odd: RepoFolder) -> None:
    before = odd.policy("domain: example.com\n", "mine").read_text()
    ran = odd.run("import", "example.com", "--from-zone", "served/example.com.zone", "--write")
    assert (ran.code, ran.out) == (1, "")
    assert (
        ran.err
        == "example.com has a policy already: zones/policy/mine.yaml; leave --write out to compare\n"
    )
    assert (odd.root / "zones/policy/mine.yaml").read_text() == before
    assert odd.run("import", "example.com", "--from-zone", "served/example.com.zone").code == 2


def test_a_parked_domain_is_said_in_one_word(repo: RepoFolder) -> None:
    records = '@ IN TXT "v=spf1 -all"\n@ IN MX 0 .\n'
    records += '*._domainkey IN TXT "v=DKIM1; p="\n_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:a@example.com"\n'
    repo.local("example.com", HEAD + records)
    repo.write(
        "zones/policy/_defaults.yaml",
        "providers: [local]\nttl: 60\nspf: {all: fail}\ndmarc: {p: none, ruf: ['mailto:b@example.com']}\n",
    )
    ran = repo.run("import", "example.com", "--provider", "local", "--write")
    assert ran.code == 0, ran.said
    text = (repo.root / "zones/policy/example.com.yaml").read_text()
    assert "parked: true\n" in text
    assert "spf" not in text
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


def test_domains_of_one_zone_are_imported_together(repo: RepoFolder) -> None:
    """The domain above shows that both are one organization; without it the reports would need a consent that is not there."""
    dmarc = 'TXT "v=DMARC1; p=none; rua=mailto:a@example.com"'
    repo.local(
        "example.com",
        f'{HEAD}_dmarc IN {dmarc}\n_dmarc.sub IN {dmarc}\nsub IN TXT "v=spf1 mx -all"\n',
    )
    repo.write("zones/policy/_defaults.yaml", "providers: [local]\n")
    alone = repo.run(
        "import",
        "sub.example.com",
        "--zone",
        "example.com",
        "--from-zone",
        "served/example.com.zone",
    )
    assert alone.code == 2
    assert "would add that one's consent at sub.example.com._report._dmarc.example.com" in alone.err
    assert "\ndmarc:" not in alone.out
    both = repo.run(
        "import",
        "example.com",
        "sub.example.com",
        "--zone",
        "example.com",
        "--from-zone",
        "served/example.com.zone",
        "--write",
    )
    assert both.code == 0, both.said
    assert "zone: example.com\n" in (repo.root / "zones/policy/sub.example.com.yaml").read_text()
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


def test_policies_of_one_zone_get_the_same_providers(repo: RepoFolder) -> None:
    repo.local("example.com", f'{HEAD}sub IN TXT "v=spf1 mx -all"\n')
    repo.policy(
        'domain: example.com\nproviders: [local]\nnameservers: ["192.0.2.53"]\nspf: absent\n',
        "example.com",
    )
    ran = repo.run(
        "import",
        "sub.example.com",
        "--zone",
        "example.com",
        "--from-zone",
        "served/example.com.zone",
        "--write",
    )
    assert ran.code == 0, ran.said
    text = (repo.root / "zones/policy/sub.example.com.yaml").read_text()
    assert "zone: example.com\nproviders:\n  - local\nnameservers:\n  - 192.0.2.53\n" in text
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


# Consents to DMARC reports

REPORTED = f'{HEAD}_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:d@example.net"\n'
HOST = "domain: example.net\nproviders: [local]\nspf: {all: fail}\n"
CONSENTS = {  # what the host's zone holds, and whether a plan would have something to add there
    "its own": ('example.com._report._dmarc IN TXT "v=DMARC1;"\n', False),
    "a wildcard": ('*._report._dmarc IN TXT "v=DMARC1; rua=mailto:x@example.net"\n', False),
    "a wildcard for com": ('*.com._report._dmarc IN TXT "v=DMARC1"\n', False),
    "none": ("", True),
    "of another domain": ('example.org._report._dmarc IN TXT "v=DMARC1"\n', True),
    "a wildcard that does not reach": (
        '*._report._dmarc IN TXT "v=DMARC1"\nshop.com._report._dmarc IN TXT "v=DMARC1"\n',
        True,
    ),
    "a wildcard that says something else": ('*._report._dmarc IN TXT "x"\n', True),
}


@pytest.mark.parametrize("where", ["file", "provider", "DNS"])
@pytest.mark.parametrize("case", CONSENTS)
def test_reports_to_another_zone_of_the_repo_are_said_where_it_consents(
    repo: RepoFolder, case: str, where: str
) -> None:
    records, lacks = CONSENTS[case]
    repo.local("example.com", REPORTED)
    repo.local("example.net", HEAD + '@ IN TXT "v=spf1 -all"\n' + records)
    repo.policy(HOST, "example.net")
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        source = {
            "file": ("--from-zone", "served/example.com.zone"),
            "provider": ("--provider", "local"),
            "DNS": (),
        }[where]
        ran = repo.run("import", "example.com", *source, "--write")
    assert ran.code == (2 if lacks else 0), ran.said
    assert (
        "would add that one's consent at example.com._report._dmarc.example.net" in ran.err
    ) is lacks
    assert ("dmarc:" in (repo.root / "zones/policy/example.com.yaml").read_text()) is not lacks
    plan = repo.run("plan", "--no-live", "--detailed-exitcode")
    assert (plan.code, plan.out.splitlines()[-1]) == (0, "Plan: 0 changes")


def test_a_consent_in_the_own_zone_is_found_in_dns(repo: RepoFolder) -> None:
    repo.local(
        "example.com",
        HEAD
        + '_dmarc.sub IN TXT "v=DMARC1; p=none; rua=mailto:a@example.com"\n*._report._dmarc IN TXT "v=DMARC1"\n',
    )
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        nameserver = ("--nameserver", f"127.0.0.1:{server.port}")
        ran = repo.run(
            "import", "sub.example.com", "--zone", "example.com", *nameserver, "--selector", "s1"
        )
    assert ran.code == 0, ran.said
    assert "rua:\n    - mailto:a@example.com\n" in ran.out


def test_a_consent_that_nobody_can_tell_of_is_unknown(repo: RepoFolder) -> None:
    """Neither is the section said, nor is it told that the consent is not there."""
    repo.local("example.com", REPORTED)
    repo.policy(HOST.replace("local", "gone"), "example.net")
    repo.write(
        "providers/gone.yaml", "class: mailauth_dns.octo.LocalProvider\ndirectory: elsewhere\n"
    )
    ran = repo.run("import", "example.com", "--from-zone", "served/example.com.zone", "--write")
    assert (ran.code, ran.out) == (1, "")
    assert "example.com: unknown: example.com._report._dmarc.example.net TXT: " in ran.err
    assert not (repo.root / "zones/policy/example.com.yaml").exists()
    port = free_port()
    repo.policy(
        f'domain: example.net\nnameservers: ["127.0.0.1:{port}"]\nspf: {{all: fail}}\n',
        "example.net",
    )
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        live = repo.run(
            "import", "example.com", "--nameserver", f"127.0.0.1:{server.port}", "--selector", "s1"
        )
    assert live.code == 1
    assert f"example.com._report._dmarc.example.net TXT: 127.0.0.1:{port}: refused" in live.err


def test_domains_that_report_to_each_other_are_imported_together(repo: RepoFolder) -> None:
    """Each alone would be said, and then a plan of both would add consents."""
    repo.local("example.com", REPORTED)
    repo.local("example.net", f'{HEAD}_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:d@example.com"\n')
    repo.write("zones/policy/_defaults.yaml", "providers: [local]\n")
    ran = repo.run("import", "example.com", "example.net", "--provider", "local", "--write")
    assert ran.code == 2
    assert "would add that one's consent at example.net._report._dmarc.example.com" in ran.err
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


def test_several_domains_are_several_documents(repo: RepoFolder) -> None:
    repo.local("example.com", HEAD + '@ IN TXT "v=spf1 -all"\n')
    repo.local("example.net", HEAD + '@ IN TXT "v=spf1 mx -all"\n')
    ran = repo.run("import", "example.com", "example.net", "--provider", "local")
    assert ran.code == 0
    said = list(yaml.safe_load_all(ran.out))
    assert [(each["domain"], each["spf"]["terms"]) for each in said] == [
        ("example.com", []),
        ("example.net", ["mx"]),
    ]


def test_nothing_is_written_where_one_of_the_zones_cannot_be_read(repo: RepoFolder) -> None:
    repo.local("example.com", HEAD)
    ran = repo.run("import", "example.com", "example.net", "--provider", "local", "--write")
    assert (ran.code, ran.out, list((repo.root / "zones/policy").glob("example.*"))) == (1, "", [])


def test_the_result_as_json(odd: RepoFolder) -> None:
    odd.write("sts.txt", STS)
    ran = odd.run(
        "import",
        "example.com",
        "--provider",
        "local",
        "--mta-sts",
        "sts.txt",
        "--format",
        "json",
        "--write",
    )
    data = json.loads(ran.out)
    [domain] = data.pop("domains")
    assert (ran.code, ran.err, data) == (
        2,
        "",
        {"format": 1, "source": "the provider local", "notes": [], "not_read": []},
    )
    told = {key: domain.pop(key) for key in ("not_said", "proposals", "policy")}
    assert domain == {
        "domain": "example.com",
        "zone": "example.com",
        "path": "zones/policy/example.com.yaml",
        "written": True,
        "nearly_parked": None,
        "unknown": [],
    }
    assert told["policy"] == (odd.root / domain["path"]).read_text()
    reason = "no receiver reads this value, at this name, as a mail record"
    assert {"name": "example.com", "type": "TXT", "value": "v=spf1;-all", "reason": reason} in told[
        "not_said"
    ]
    fix = "make a new key of 2048 bits under a new selector (dkim keygen), and revoke this one when it has not signed for a week"
    proposal = {
        "rule": "DKIM009",
        "severity": "warning",
        "message": "an RSA key of 1024 bits: it can be broken",
        "fix": fix,
    }
    assert proposal in told["proposals"]


def test_json_says_what_is_unknown_and_shows_no_private_key(repo: RepoFolder) -> None:
    ran = repo.run(
        "import",
        "example.com",
        "--nameserver",
        f"127.0.0.1:{free_port()}",
        "--format",
        "json",
        "--write",
    )
    [domain] = json.loads(ran.out)["domains"]
    assert (ran.code, domain["written"]) == (1, False)
    assert {(row["name"], row["type"]) for row in domain["unknown"]} >= {
        ("example.com", "TXT"),
        ("_dmarc.example.com", "TXT"),
    }
    assert all("nothing listens on UDP port" in row["reason"] for row in domain["unknown"])
    repo.local("example.net", HEAD + 's1._domainkey IN TXT "v=DKIM1; p=MAcCAQAwAgUA"\n')
    ran = repo.run("import", "example.net", "--provider", "local", "--format", "json")
    [left] = json.loads(ran.out)["domains"][0]["not_said"]
    assert (ran.code, left["value"], "MAcCAQ" in ran.said) == (2, None, False)


STS = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400\n"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (STS, 0, "    - mx.example.com\n  max_age: 86400\n  id: '2026'\n"),
        (STS + "x: y\n", 2, "has lines that no policy here says: x"),
        ("mode: enforce\n", 1, "--mta-sts sts.txt: version is missing: senders get no policy"),
        (STS.replace("\n", "\r\n"), 0, "    - mx.example.com\n"),
        (
            STS.replace("\n", "\r"),
            1,
            "--mta-sts sts.txt: line 1: expected LF or CRLF at the end of a line, not CR alone",
        ),
        (
            "\ufeff" + STS,
            1,
            "--mta-sts sts.txt: line 1: expected version: STSv1 first, and no byte order mark (BOM) before it",
        ),
        (
            STS.replace("mx.example.com", "mx.example.com."),
            1,
            "--mta-sts sts.txt: line 3: a policy's names have no dot at their end",
        ),
        (
            STS.replace("mx.example.com", "192.0.2.1"),
            1,
            "--mta-sts sts.txt: line 3: expected a host name, not an address",
        ),
    ],
)
def test_an_mta_sts_policy_is_given_as_a_file(
    repo: RepoFolder, body: str, code: int, said: str
) -> None:
    repo.write("sts.txt", body.encode())
    repo.local("example.com", HEAD + '_mta-sts IN TXT "v=STSv1; id=2026"\n')
    ran = repo.run("import", "example.com", "--provider", "local", "--mta-sts", "sts.txt")
    assert ran.code == code
    assert said in ran.said


# Files of others

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # of RFC 8463 §A.2
EXPORTED = f"""\ufeff;; SOA Record
example.com\t3600\tIN\tSOA\tada.dns.example. dns.dns.example. 204 10000 2400 604800 3600

;; TXT Records
example.com.\t1\tIN\tTXT\t"v=spf1 mx ~all" ; cf_tags=x
_dmarc.sub.example.com\t1\tIN\tTXT\t"v=DMARC1; p=none"
s1._domainkey.example.com.\t1\tIN\tTXT\t"v=DKIM1; k=ed25519; p={KEY}"
ns1.example.net.\t1\tIN\tA\t192.0.2.1
"""
NOTE = "line 6: has no dot behind example.com, and is read as if it had; a name server would read _dmarc.sub.example.com.example.com.\n"


@pytest.mark.parametrize("domain", ["example.com", "sub.example.com"])
def test_an_export_is_read_with_what_is_said_about_it(repo: RepoFolder, domain: str) -> None:
    """The file names its zone, so that a domain in it needs no --zone; what lies outside is told."""
    repo.write("x.zone", EXPORTED.replace("\n", "\r\n"))
    ran = repo.run("import", domain, "--from-zone", "x.zone", "--write")
    assert (ran.code, ran.out) == (2, f"written: zones/policy/{domain}.yaml\n"), ran.said
    assert ran.err.startswith(f"{NOTE}not read: line 8: ns1.example.net A\n")
    said = yaml.safe_load((repo.root / f"zones/policy/{domain}.yaml").read_text())
    assert (
        said
        == {
            "example.com": {
                "domain": "example.com",
                "spf": {"terms": ["mx"], "all": "softfail"},
                "dkim": {"selectors": {"s1": {"p": KEY, "k": "ed25519"}}},
            },
            "sub.example.com": {
                "domain": "sub.example.com",
                "zone": "example.com",
                "dmarc": {"p": "none"},
            },
        }[domain]
    )
    assert NOTE in (repo.root / f"zones/policy/{domain}.yaml").read_text()
    data = json.loads(repo.run("import", domain, "--from-zone", "x.zone", "--format", "json").out)
    assert (data["notes"], data["not_read"]) == ([NOTE.strip()], ["line 8: ns1.example.net A"])


def test_what_lies_outside_is_named_up_to_a_number(repo: RepoFolder) -> None:
    repo.write(
        "x.zone",
        '@ TXT "v=spf1 -all"\n'
        + "".join(f"n{number}.example.net. TXT x\n" for number in range(30)),
    )
    ran = repo.run("import", "example.com", "--from-zone", "x.zone")
    assert (ran.code, ran.err.count("not read: line ")) == (2, 20)
    assert "not read: 10 more; --format json has them all\n" in ran.err
    assert "spf:\n  terms: []\n  all: fail\n" in ran.out  # though nothing says a TTL


def test_every_key_of_a_file_is_imported(repo: RepoFolder) -> None:
    text = f'; keys\na._domainkey.example.com. TXT "k=ed25519; p={KEY}"\nb._domainkey TXT "v=DKIM1; k=rsa; p={P}"\n'
    repo.write(
        "keys.txt",
        f'{text}c._domainkey.example.net. TXT "p=AAAA"\n_dmarc.example.com. TXT "v=DMARC1; p=none"\n',
    )
    ran = repo.run("import", "example.com", "--from-genkey", "keys.txt")
    assert ran.code == 2
    assert ran.err == (
        "not read: the key c of example.net, which is another domain\nnot read: line 5: _dmarc.example.com TXT\n"
    )
    assert yaml.safe_load(ran.out)["dkim"]["selectors"] == {
        "a": {"p": KEY, "k": "ed25519"},
        "b": {"p": P, "k": "rsa"},
    }
    repo.write("keys.txt", text)
    assert repo.run("import", "example.com", "--from-genkey", "keys.txt").code == 0


def test_a_key_without_a_name_gets_the_one_that_is_told(repo: RepoFolder) -> None:
    repo.write("key.txt", f"v=DKIM1; k=ed25519; p={KEY}\n")
    ran = repo.run("import", "example.com", "--from-genkey", "key.txt", "--selector", "mail")
    assert ran.code == 0, ran.said
    assert yaml.safe_load(ran.out)["dkim"]["selectors"] == {"mail": {"p": KEY, "k": "ed25519"}}
    asked = repo.run("import", "example.com", "--from-genkey", "key.txt")
    assert (asked.code, asked.err) == (
        1,
        "key.txt: the key has no name here; say which selector it is for: --selector NAME\n",
    )


# Live DNS


@pytest.fixture
def live(repo: RepoFolder) -> Iterator[RepoFolder]:
    records = (
        '@ IN TXT "v=spf1 mx ~all"\n_dmarc IN TXT "v=DMARC1; p=none"\nmail._domainkey IN TXT "p=AAAA"\n'
        "mine._domainkey IN CNAME k.example.net.\n"
        'sub IN TXT "v=spf1 -all"\n*._domainkey.sub IN TXT "v=DKIM1; p="\n*.sub IN TXT "v=DMARC1; p=none"\n'
        '*.w IN TXT "v=DMARC1; p=none"\nw IN TXT "v=spf1 -all"\n'
    )
    repo.local("example.com", HEAD + records)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo


def test_common_selectors_are_tried(live: RepoFolder) -> None:
    ran = live.run("import", "example.com", "--write")
    assert ran.code == 0, ran.said
    text = (live.root / "zones/policy/example.com.yaml").read_text()
    assert "DNS does not tell which selectors there are" in text
    assert "    mail:\n" in text
    assert "      p: AAAA\n" in text
    assert "mine" not in text
    plan = live.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.said


def test_named_selectors_are_asked_for(live: RepoFolder) -> None:
    ran = live.run("import", "example.com", "--selector", "mine")
    assert ran.code == 0
    assert "mine:\n      cname: k.example.net\n" in ran.out
    assert "mail:" not in ran.out
    assert "common names" not in ran.out


def test_what_a_wildcard_answers_is_not_taken_for_a_record(live: RepoFolder) -> None:
    """A policy for the name would add a record there, and take it from the wildcard."""
    keys = live.run("import", "sub.example.com", "--zone", "example.com")
    assert "selectors:\n    '*':\n      state: revoked\n" in keys.out
    assert "mail:" not in keys.out
    records = live.run("import", "w.example.com", "--zone", "example.com")
    assert "\ndmarc:" not in records.out
    assert '*.w.example.com TXT "v=DMARC1; p=none": ' in records.err
    assert records.code == 2


def test_what_cannot_be_asked_is_unknown_and_never_absent(repo: RepoFolder) -> None:
    port = free_port()
    ran = repo.run("import", "example.com", "--nameserver", f"127.0.0.1:{port}")
    assert ran.code == 1
    assert (
        f"example.com: unknown: example.com MX and 157 more: 127.0.0.1:{port}: refused: nothing listens on UDP port {port}"
        in ran.err
    )
    assert "# unknown: " in ran.out
    assert "absent" not in ran.out
    written = repo.run("import", "example.com", "--nameserver", f"127.0.0.1:{port}", "--write")
    assert written.code == 1
    assert (
        "zones/policy/example.com.yaml: not written, since not all of it is known\n" in written.err
    )
    assert not (repo.root / "zones/policy/example.com.yaml").exists()


def test_a_delegated_name_is_unknown(live: RepoFolder) -> None:
    with (live.root / "served/example.com.zone").open("a") as file:
        file.write("_domainkey.w IN NS ns.sender.example.\n")
    ran = live.run("import", "w.example.com", "--zone", "example.com", "--selector", "s1")
    assert ran.code == 1
    assert (
        "_domainkey.w.example.com is delegated to ns.sender.example: this server does not answer for it"
        in ran.err
    )


USAGE: dict[tuple[str, ...], str] = {
    (): "Missing argument 'DOMAIN",
    ("example.com", "--from-zone", "a", "--provider", "local"): "three sources; give one",
    (
        "example.com",
        "--from-zone",
        "a",
        "--selector",
        "s1",
    ): "--selector, --nameserver and --private-web are for asking DNS",
    (
        "example.com",
        "--provider",
        "local",
        "--private-web",
    ): "--selector, --nameserver and --private-web are for asking DNS",
    ("example.com", "--from-zone", "nothing.zone"): "nothing.zone: No such file or directory",
    (
        "example.net",
        "--from-zone",
        "served/example.com.zone",
        "--zone",
        "example.com",
    ): "example.net does not lie in the zone example.com",
    (
        "example.net",
        "--from-zone",
        "served/absolute.zone",
    ): "is of the zone example.com (SOA in line 2), in which example.net does not lie; name a domain in it",
    ("example.com", "--from-zone", "served/part.zone"): "$INCLUDE in line 4",
    ("example.com", "--provider", "none"): "there is no providers/none.yaml; there are: local",
    ("example.edu", "--provider", "local"): "local has no zone example.edu",
    (
        "example.com",
        "--nameserver",
        "ns1.example.net",
    ): "--nameserver: expected the address of a DNS server, not a name",
    ("example.com", "--selector", "a b"): "--selector: a label holds letters",
    ("example.com", "--zone", "a b"): "--zone: a label holds letters",
    ("example.com", "example.net", "--from-genkey", "x.txt"): "--from-genkey is one domain's key",
    (
        "example.com",
        "--from-genkey",
        "note.txt",
        "--selector",
        "a",
        "--selector",
        "b",
    ): "--from-genkey takes one --selector",
    (
        "example.com",
        "--from-zone",
        "broken.zone",
    ): "broken.zone: line 1: is not a record: NAME [TTL] [IN] TYPE VALUE",
    (
        "example.com",
        "--zone",
        "example.org",
        "--from-zone",
        "served/absolute.zone",
    ): "example.com does not lie in the zone example.org",
    (
        "example.com",
        "--from-zone",
        "served/other.zone",
    ): "holds no record of example.com; what is there is of other zones: line 1: a.example.org TXT",
    (
        "example.com",
        "--from-genkey",
        "note.txt",
    ): "note.txt: line 1: expected = between a tag and its value (character 21 of the record)",
    (
        "example.com",
        "--from-zone",
        "key.pem",
    ): "key.pem: this is a private key; give the zone's master file",
    (
        "example.com",
        "--from-zone",
        "key.pem",
        "--mta-sts",
        "key.pem",
    ): "--mta-sts key.pem: this is a private key; give the policy",
    (
        "example.net",
        "--from-genkey",
        "key.txt",
    ): "key.txt: the key is for example.com, not for example.net",
    (
        "example.com",
        "example.net",
        "--provider",
        "local",
        "--mta-sts",
        "x",
    ): "--mta-sts is one domain's policy",
}


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_bad_usage_is_1_and_writes_nothing(odd: RepoFolder, arguments: tuple[str, ...]) -> None:
    odd.write("served/part.zone", HEAD + "$INCLUDE other.zone\n")
    odd.write("served/absolute.zone", HEAD.replace("@", "example.com."))
    odd.write("served/other.zone", "a.example.org. TXT x\n")
    odd.write("broken.zone", "x\n")
    odd.write("note.txt", 's1._domainkey IN TXT ( "v=DKIM1; n=\\"spring; a new key\\"; p=AAAA" )')
    odd.write("key.pem", "MAcCAQAwAgUA\n")
    odd.write("key.txt", 's1._domainkey.example.com. IN TXT ( "p=AAAA" )')
    ran = odd.run("import", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert USAGE[arguments] in ran.err
    assert "MAcCAQ" not in ran.said
