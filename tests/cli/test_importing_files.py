"""Import from files that other programs wrote."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.conftest import RepoFolder
from tests.importing.zones import P

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # of RFC 8463 §A.2
EXPORTED = f"""\ufeff;; SOA Record
example.com\t3600\tIN\tSOA\tada.dns.example. dns.dns.example. 204 10000 2400 604800 3600

;; TXT Records
example.com.\t1\tIN\tTXT\t"v=spf1 mx ~all" ; cf_tags=x
_dmarc.sub.example.com\t1\tIN\tTXT\t"v=DMARC1; p=none"
s1._domainkey.example.com.\t1\tIN\tTXT\t"v=DKIM1; k=ed25519; p={KEY}"
ns1.example.net.\t1\tIN\tA\t192.0.2.1
"""
NOTE = (
    "line 6: has no dot behind example.com, and is read as if it had; a name server would "
    "read _dmarc.sub.example.com.example.com.\n"
)


@pytest.mark.parametrize("domain", ["example.com", "sub.example.com"])
def test_an_export_is_read_with_what_is_said_about_it(repo: RepoFolder, domain: str) -> None:
    """The file names its zone, so a domain in it needs no --zone; records outside are told."""
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
    text = (
        f'; keys\na._domainkey.example.com. TXT "k=ed25519; p={KEY}"\nb._domainkey TXT '
        f'"v=DKIM1; k=rsa; p={P}"\n'
    )
    repo.write(
        "keys.txt",
        f'{text}c._domainkey.example.net. TXT "p=AAAA"\n_dmarc.example.com. TXT '
        '"v=DMARC1; p=none"\n',
    )
    ran = repo.run("import", "example.com", "--from-genkey", "keys.txt")
    assert ran.code == 2
    assert ran.next == "import example.com --from-genkey keys.txt --write  (writes it as a policy)"
    assert ran.told == (
        "not read: the key c of example.net, which is another domain\nnot read: line 5: "
        "_dmarc.example.com TXT\n"
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
