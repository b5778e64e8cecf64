"""Steps of the tests that publish to real servers."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Ran, RepoFolder
from tests.lab.name_server import NameServer, Record
from tests.lab.zones import DKIM, DMARC, SPF

Serving = Callable[..., NameServer]

OURS = {
    ("example.com", "TXT", 300, SPF),
    ("s1._domainkey.example.com", "TXT", 3600, DKIM),
    ("_dmarc.example.com", "TXT", 3600, DMARC),
}


def publish(repo: RepoFolder, *allow: str) -> Ran:
    planned = repo.run("plan", "--out", str(repo.root / "plan.json"))
    assert planned.code == 0, planned.said
    return repo.run(
        "apply",
        str(repo.root / "plan.json"),
        *("--wait", "15s"),  # far more than a server on loopback needs
        *(word for each in allow for word in ("--allow", each)),
    )


def nothing_to_do(repo: RepoFolder) -> None:
    planned = repo.run("plan", "--detailed-exitcode")
    assert planned.code == 0, planned.said


def without(records: set[Record], *values: str) -> set[Record]:
    return {record for record in records if record[3] not in values}
