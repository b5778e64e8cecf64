"""The article's domain as a zone repo, and its exports, for the tests of exported files."""

from __future__ import annotations

from tests.compile.test_article import POLICY
from tests.conftest import RepoFolder

MARK = "# made by `mailauth-dns export`; make it again instead of changing it\n"


def exported(repo: RepoFolder, *arguments: str) -> dict[str, str]:
    folder = repo.root.parent / "exported"
    done = repo.run("export", "example.com", *arguments, "--out", str(folder))
    assert done.code == 0, done.said
    return {path.name: path.read_text() for path in folder.iterdir()}


ED25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


BOTH = POLICY.replace("default.pem}", "default.pem}, e1: {key: e1.pem}")


ALLOWED = ("--allow", "DKIM031")


CONF = """# ours
Mode\tsv
syslog yes
KeyTable /etc/opendkim/KeyTable
SigningTable refile:/etc/opendkim/SigningTable
SignatureAlgorithm rsa-sha256
MultipleSignatures True
Socket inet:8891@localhost
"""


KEYS = "default._domainkey.example.com example.com:default:/etc/opendkim/keys/example.com/default.private\n"


MILTERS = "smtpd_milters = inet:localhost:8891\n"
