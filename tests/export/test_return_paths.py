"""Return paths of senders as others take them: files of other tools, and a person at a form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.export.test_paste import HEAD, Form
from tests.senders.mailers import SUBDOMAIN_MX_SPF, with_mailers

TWO_EXCHANGERS = SUBDOMAIN_MX_SPF.replace(
    "  mx: [{preference: 10, exchange: 'feedback.{region}.cloud.example'}]",
    "  mx:\n"
    "    - {preference: 10, exchange: 'a.{region}.cloud.example'}\n"
    "    - {preference: 20, exchange: 'b.{region}.cloud.example'}",
)
POLICY = """\
domain: example.com
senders:
  cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}
  bulk: {return_path: em1, target: u1.bulk.example}
  old: {sender: bulk, return_path: em0, target: u0.bulk.example, retired: 2020-01-01}
"""
PATHS = """\
bounce IN MX 10 a.eu-1.cloud.example.
bounce IN MX 20 b.eu-1.cloud.example.
bounce IN TXT "v=spf1 include:_spf.cloud.example ~all"
em1 IN CNAME u1.bulk.example.
"""
KEYS = """\
aaa._domainkey IN CNAME aaa.dkim.cloud.example.
bbb._domainkey IN CNAME bbb.dkim.cloud.example.
ccc._domainkey IN CNAME ccc.dkim.cloud.example.
s1._domainkey IN CNAME s1.domainkey.u1.bulk.example.
s2._domainkey IN CNAME s2.example-com.bulk.example.
"""


@pytest.fixture
def form(repo: RepoFolder) -> Iterator[Form]:
    with_mailers(repo).write("zones/senders/cloud.yaml", TWO_EXCHANGERS)
    repo.local("example.com", HEAD)
    with LoopbackServer(Path(repo.root / "served"), "127.0.0.1", 0) as server:
        form = Form(repo, server)
        form.policy(POLICY)
        yield form


CARRIED = {
    "bind": [
        "bounce.example.com. 3600 IN MX 10 a.eu-1.cloud.example.",
        "bounce.example.com. 3600 IN MX 20 b.eu-1.cloud.example.",
        "em1.example.com. 3600 IN CNAME u1.bulk.example.",
        "; not to be there: em0.example.com. CNAME, if it is Bulk's",
    ],
    "dnscontrol": [
        'MX("bounce", 10, "a.eu-1.cloud.example.", TTL(3600))',
        'MX("bounce", 20, "b.eu-1.cloud.example.", TTL(3600))',
        'CNAME("em1", "u1.bulk.example.", TTL(3600))',
    ],
    "terraform": ["10 a.eu-1.cloud.example.", "20 b.eu-1.cloud.example.", "u1.bulk.example."],
    "terraform --terraform-provider aws": [
        'records = ["10 a.eu-1.cloud.example.", "20 b.eu-1.cloud.example."]',
        'records = ["u1.bulk.example."]',
        "# not to be there: em0.example.com CNAME, if it is Bulk's",
    ],
    "terraform --terraform-provider cloudflare": ["priority = 20", "a.eu-1.cloud.example."],
    "paste --no-live": [
        "Server  a.eu-1.cloud.example.",
        "Server  b.eu-1.cloud.example.",
        "Target  u1.bulk.example",
        "only if it is Bulk's; leave what others have here",
        "this host is for the sender alone",
    ],
}


@pytest.mark.parametrize("format", CARRIED)
def test_every_export_carries_them(format: str, form: Form) -> None:
    said = form.repo.run("export", "example.com", "--format", *format.split()).out
    for each in CARRIED[format]:
        assert each in " ".join(said.split()) or each in said


def test_a_form_is_led_to_them_step_by_step(form: Form) -> None:
    form.zone(
        "em0 IN CNAME u0.bulk.example.\n"
        "bounce 3600 IN MX 10 a.us-1.cloud.example.\n"
        "bounce IN A 192.0.2.7\n" + KEYS
    )
    steps = form.steps()
    done = [f"{step['action']} {step['type']} {step['host']}" for step in steps]
    assert sorted(done) == [
        "add CNAME em1",
        "add MX bounce",
        "add TXT bounce",
        "delete CNAME em0",
        "replace MX bounce",
    ]
    assert done[-1] == "delete CNAME em0"
    for step in steps:
        form.do(step)
    assert form.steps() == []
    assert form.repo.run("verify").code == 0
    assert "bounce IN A 192.0.2.7" in (form.repo.root / "served/example.com.zone").read_text()


def test_live_dns_shows_what_an_alias_cannot_stand_beside(form: Form) -> None:
    form.zone("em1 IN AAAA 2001:db8::7\n" + KEYS)
    said = json.loads(form.repo.run("export", "example.com", "--format", "json").out)
    [sheet] = said["zones"]
    assert any("holds other data (AAAA)" in each for each in sheet["refused"])
    assert not [step for step in sheet["steps"] if step["host"] == "em1"]


# what is entered in place of a line, the mistake, and a part of what is said
MISTAKES = [
    (
        "bounce IN MX 10 a.eu-1.cloud.example.\nbounce IN MX 20 b.eu-1.cloud.example.\n",
        "bounce IN MX 10 a.eu-1.cloud.example.example.com.\n",
        "zone in the target",
    ),
    (
        "bounce IN MX 20 b.eu-1.cloud.example.\n",
        "bounce IN MX 20 b.eu-1.cloud.example.\nbounce IN MX 30 mx.other.example.\n",
        "another sender",
    ),
    (
        "em1 IN CNAME u1.bulk.example.\n",
        "em1 IN CNAME u1.other.example.\n",
        "another sender",
    ),
    (
        "em1 IN CNAME u1.bulk.example.\n",
        "em1.example.com IN CNAME u1.bulk.example.\n",
        "zone twice",
    ),
    (
        "bounce IN MX 10 a.eu-1.cloud.example.\nbounce IN MX 20 b.eu-1.cloud.example.\n",
        "@ IN MX 10 a.eu-1.cloud.example.\n",
        "at the domain",
    ),
]


@pytest.mark.parametrize(("line", "entered", "id"), MISTAKES)
def test_verify_explains_what_is_wrong_at_a_return_path(
    line: str, entered: str, id: str, form: Form
) -> None:
    form.zone(KEYS + PATHS)
    assert form.repo.run("verify").code == 0
    form.zone(KEYS + PATHS.replace(line, entered))
    said = json.loads(form.repo.run("verify", "--format", "json").out)
    found = {
        each["id"] for rows in said["zones"].values() for row in rows for each in row["mistakes"]
    }
    assert found == {id}
