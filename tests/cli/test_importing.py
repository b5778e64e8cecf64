"""What import writes and says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.conftest import RepoFolder, free_port
from tests.importing.zones import HEAD

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    "source", [("--from-zone", "served/example.com.zone"), ("--provider", "local")]
)
def test_all_of_an_odd_zone_is_said_or_told(
    odd: RepoFolder, source: tuple[str, str], request: pytest.FixtureRequest
) -> None:
    ran = odd.run("import", "example.com", *source)
    name = f"import_{source[0].strip('-').replace('-', '_')}.txt"
    said = f"exit code {ran.code}\n--- stdout\n{ran.out}--- stderr\n{ran.err}"
    said = said.replace(str(odd.root), "REPO")
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
        ran.err == "example.com has a policy already: zones/policy/mine.yaml; leave --write out to "
        "compare\n"
    )
    assert (odd.root / "zones/policy/mine.yaml").read_text() == before
    assert odd.run("import", "example.com", "--from-zone", "served/example.com.zone").code == 2


def test_a_parked_domain_is_said_in_one_word(repo: RepoFolder) -> None:
    records = '@ IN TXT "v=spf1 -all"\n@ IN MX 0 .\n'
    records += (
        '*._domainkey IN TXT "v=DKIM1; p="\n_dmarc IN TXT "v=DMARC1; p=reject; '
        'rua=mailto:a@example.com"\n'
    )
    repo.local("example.com", HEAD + records)
    repo.write(
        "zones/policy/_defaults.yaml",
        "providers: [local]\nttl: 60\nspf: {all: fail}\ndmarc: {p: none, ruf: "
        "['mailto:b@example.com']}\n",
    )
    ran = repo.run("import", "example.com", "--provider", "local", "--write")
    assert ran.code == 0, ran.said
    text = (repo.root / "zones/policy/example.com.yaml").read_text()
    assert "parked: true\n" in text
    assert "spf" not in text
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0


def test_domains_of_one_zone_are_imported_together(repo: RepoFolder) -> None:
    """The domain above shows that both are one organization.

    Without it, the reports would need a consent that is not there.
    """
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
    assert (
        "would add that organization's consent at sub.example.com._report._dmarc.example.com"
        in alone.err
    )
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
    assert (ran.code, ran.told, ran.next, data) == (
        2,
        "",
        "lint example.com  (says what to improve; a plan has nothing to do yet)",
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
    fix = (
        "make a new key of 2048 bits under a new selector (dkim keygen), and revoke this one "
        "when it has not signed for a week"
    )
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
        (STS + "x: y\n", 2, "has lines that a policy here cannot say: x"),
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
            "--mta-sts sts.txt: line 1: expected version: STSv1 first, and no byte order "
            "mark (BOM) before it",
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
