"""A flattened SPF record of example.com: its sender, its parts, and the steps to publish it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from mailauth_dns.evaluate.resolver import Values
from mailauth_dns.evaluate.spf import Result, check_host
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.records.name import DomainName
from tests.conftest import Ran, RepoFolder
from tests.lab.name_server import NameServer
from tests.lab.zones import HEAD

DOMAIN, SENDER = DomainName("example.com"), "_spf.sender.example"
LOCK = "zones/locks/spf.json"
ZONE = f"""{HEAD}@ IN TXT "v=spf1 include:_spf.sender.example -all"
@ IN TXT "MS=ms123"
www IN A 192.0.2.1
"""
POLICY = f"""domain: example.com
spf: {{terms: ["include:{SENDER}"], all: fail, flatten: [{SENDER}]}}
"""


def listed(first: int, last: int) -> str:
    """Return a sender's record with every other address of a network: no two can be joined."""
    return "v=spf1 " + " ".join(f"ip4:198.51.100.{n}" for n in range(first, last, 2)) + " -all"


def result(server: NameServer, ip: str, cached: str | None = None) -> Result:
    """Return what a receiver says. It asks the server, or it still holds the record `cached`."""
    live = LiveResolver(
        {zone: [f"127.0.0.1:{server.port}"] for zone in (DOMAIN, DomainName("sender.example"))},
        resolvers=(),
    )

    class Cache:
        def lookup(self, name: DomainName, rrtype: str) -> Values:
            return (
                (cached,)
                if cached is not None and (name, rrtype) == (DOMAIN, "TXT")
                else live.lookup(name, rrtype)
            )

    return check_host(ip, DOMAIN, "user@example.com", "mx.example.com", Cache()).result


def spf_of(server: NameServer) -> str:
    [text] = (value for value in server.served("example.com", "TXT") if value.startswith("v=spf1"))
    return text


def parts(server: NameServer) -> set[str]:
    return {record[0] for record in server.dump("example.com") if record[0].startswith("_spf-")}


def publish(repo: RepoFolder, code: int = 0) -> Ran:
    plan = str(repo.root / "plan.json")
    planned = repo.run("plan", "example.com", "--out", plan)
    assert planned.code == 0, planned.said
    applied = repo.run("apply", plan)
    assert applied.code == code, applied.said
    return planned


def a_day_later(repo: RepoFolder) -> None:
    """Put the times in the lock a day back, as if it had been written then."""
    path = repo.root / LOCK
    data = json.loads(path.read_text())
    for of_domain in data["parts"].values():
        for part in of_domain.values():
            for key in {"ready", "unused_since"} & part.keys():
                part[key] = (datetime.fromisoformat(part[key]) - timedelta(days=1)).isoformat()
    path.write_text(json.dumps(data))


def publish_parts(repo: RepoFolder) -> None:
    """Publish new parts and let `spf lock` see them. A day later the record may include them."""
    planned = publish(repo, code=2)
    assert "example.com TXT  waits\n      its part _spf-" in planned.out
    assert "goes first; once it is applied run `mailauth-dns spf lock`" in planned.out
    locked = repo.run("spf", "lock")
    assert locked.code == 0, locked.said
    assert "every server has it; the SPF record may include it from " in locked.out
    early = repo.run("plan", "example.com", "--detailed-exitcode")
    assert (early.code, "may be published from " in early.out) == (2, True)
    verified = repo.run("verify", "example.com")
    assert verified.code == 2
    assert "    example.com TXT  waits\n" in verified.out
    assert "        waits     may be published from " in verified.out
    a_day_later(repo)
