"""What import says of wrong arguments and files."""

from __future__ import annotations

import pytest

from tests.conftest import RepoFolder
from tests.importing.zones import HEAD

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
    ): "is of the zone example.com (SOA in line 2), in which example.net does not lie; name "
    "a domain in it",
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
