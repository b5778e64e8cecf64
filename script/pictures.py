"""Draws docs/pictures: a plan of the examples, and a key timeline, an SPF tree and an alignment.

The same files give the same pictures: times are fixed, and the plan asks a server of its own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.next_step import next_step
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.pages.alignment_picture import alignment
from mailauth_dns.pages.drawing import Drawing
from mailauth_dns.pages.key_picture import key_timeline
from mailauth_dns.pages.page import picture
from mailauth_dns.pages.plan_picture import plan_overview
from mailauth_dns.pages.spf_picture import spf_tree
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.mail_tests import MailTest
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.dkim import KeyState, RotationSection, SelectorSection
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone
from mailauth_dns.serve.server import LoopbackServer
from mailauth_dns.simulate.dns_views import as_it_is, as_published
from mailauth_dns.simulate.run_mail_tests import judged

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/pictures"
WIDTH = 840  # pixels: a README's column
NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)


def pictures() -> dict[str, str]:
    """Return the pictures by their file's name."""
    return {f"{name}.svg": picture(drawing) for name, drawing in _drawn()}


def _drawn() -> Iterator[tuple[str, Drawing]]:
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder)
        for part in ("zones", "providers", "served"):
            shutil.copytree(ROOT / part, repo / part)
        with LoopbackServer(repo / "served", "127.0.0.1", 0) as server:
            defaults = repo / "zones/policy/_defaults.yaml"
            text = defaults.read_text().replace(":5453", f":{server.port}")
            defaults.write_text(text)
            yield from _of_examples(load_repo(repo))
    yield "keys", key_timeline("example.com", _rotation(), NOW, WIDTH)
    cost = lookup_cost(DomainName("example.com"), ZoneResolver(_senders()))
    yield "spf-tree", spf_tree("as it would be", cost, WIDTH)


def _of_examples(repo: Repo) -> Iterator[tuple[str, Drawing]]:
    publications = compile_repo(repo)
    with providers(repo) as pool:
        file = make_plan(repo, pool, publications, PlanRequest((), True, False, False))
    yield "plan", plan_overview(file, WIDTH)
    policy, test = _test(repo, "example.net", "the service, with its own bounce address")
    published = as_published(publications, as_it_is(repo.policies))
    verdict = judged(policy.domain, test, published)
    yield "alignment", alignment("as it would be", verdict, WIDTH)


def _test(repo: Repo, domain: str, name: str) -> tuple[Policy, MailTest]:
    return next(
        (policy, test)
        for policy in repo.policies
        for test in policy.body.tests
        if (policy.domain, test.name) == (domain, name)
    )


def _rotation() -> list[KeyStatus]:
    """A rotation half way: each state once."""

    def day(days: float) -> datetime:
        return NOW + timedelta(days=days)

    def section(
        state: KeyState, since: float, seen: float, signed: float | None
    ) -> SelectorSection:
        until = day(signed) if signed is not None else None
        return SelectorSection.model_validate({"key": "key.pem"}).model_copy(
            update={"state": state, "since": day(since), "seen": day(seen), "signed_until": until}
        )

    sections = {
        "20260320": section(KeyState.PENDING, -1.5, -0.01, None),
        "20260301": section(KeyState.ACTIVE, -4, -6, None),
        "20251201": section(KeyState.RETIRING, -4, -90, -4),
        "20250901": section(KeyState.REVOKED, -12, -180, -19),
    }
    domain, hour = DomainName("example.com"), timedelta(hours=1)
    beside = {
        selector: (
            Key(domain, domain, selector, section, PublicKey("ed25519", ""), 3600),
            KeyInDns(
                "revoked" if section.state is KeyState.REVOKED else "served",
                wait=hour,
                bound="the record's TTL",
            ),
        )
        for selector, section in sections.items()
    }
    return [
        KeyStatus(key, in_dns, next_step(key, in_dns, RotationSection(), NOW, beside))
        for key, in_dns in beside.values()
    ]


_SPF = {
    "example.com": (
        "v=spf1 mx include:_spf.sender.example include:mail.crm.example include:desk.example -all"
    ),
    "_spf.sender.example": "v=spf1 include:_a.sender.example include:_b.sender.example ~all",
    "_a.sender.example": "v=spf1 a:out1.sender.example a:out2.sender.example ~all",
    "_b.sender.example": "v=spf1 a:old.sender.example ip4:203.0.113.0/24 ~all",
    "mail.crm.example": "v=spf1 include:eu.crm.example include:us.crm.example ~all",
    "eu.crm.example": "v=spf1 ip4:198.51.100.0/25 ~all",
    "us.crm.example": "v=spf1 ip4:198.51.100.128/25 ~all",
    "desk.example": "v=spf1 a:relay.desk.example ~all",
}  # fmt: skip
_ADDRESSES = ("mx.example.com", "out1.sender.example", "out2.sender.example", "relay.desk.example")


def _senders() -> list[Zone]:
    """A world in which a record needs eleven lookups, and a host is gone."""
    sets = [RRset(DomainName(name), "TXT", 3600, frozenset({text})) for name, text in _SPF.items()]
    sets += [RRset(DomainName(name), "A", 3600, frozenset({"192.0.2.10"})) for name in _ADDRESSES]
    sets += [
        RRset(DomainName(name), "AAAA", 3600, frozenset({"2001:db8::10"})) for name in _ADDRESSES
    ]
    sets.append(RRset(DomainName("example.com"), "MX", 3600, frozenset({"10 mx.example.com."})))
    return [Zone(DomainName(""), frozenset(sets))]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pictures().items():
        (FOLDER / name).write_text(text)
        print(f"docs/pictures/{name}")
