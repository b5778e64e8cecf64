"""The paste route is as safe as the provider route: compared, judged, in order, and then nothing.

A test plays the person at the form: it does what a step says, and no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns.records.zone import quoted
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import Ran, RepoFolder

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER_KEY = "22qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
LONG = "A" * 392
HEAD = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 60
@ IN NS ns1.example.net.
"""
TOKEN = '@ IN TXT "MS=ms123"\n'
MX = "@ IN MX 10 mx.example.com.\n"
SPF = "spf: {terms: [mx], all: fail}\n"


@dataclass
class Form:
    """A web form, played on a zone file: a person does what the steps say."""

    repo: RepoFolder
    server: LoopbackServer

    def policy(self, text: str, name: str = "policy") -> None:
        self.repo.policy(
            f'{text}nameservers: ["127.0.0.1:{self.server.port}"]\nproviders: [local]\n', name
        )

    def zone(self, text: str, zone: str = "example.com") -> None:
        self.repo.local(zone, HEAD + text)

    def paste(self, *domains: str, options: tuple[str, ...] = ()) -> Ran:
        return self.repo.run(
            "export", *(domains or ("example.com",)), "--format", "paste", *options
        )

    def steps(self, *domains: str, options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        ran = self.repo.run("export", *(domains or ("example.com",)), "--format", "json", *options)
        return [step for zone in json.loads(ran.out)["zones"] for step in zone["steps"]]

    def do(self, step: dict[str, Any], zone: str = "example.com") -> None:
        """Do one step: take away what goes, and put in the value as it is printed."""
        path = self.repo.root / f"served/{zone}.zone"
        lines = path.read_text().splitlines()
        gone = [*step["deleted"], *([step["old"]] if step["old"] is not None else [])]
        for value in gone:
            text = quoted(value) if step["type"] == "TXT" else value
            [at] = [
                number
                for number, line in enumerate(lines)
                if line.split()[0] == step["host"]
                and step["type"] in line.split()[1:4]
                and line.endswith(f" {text}")
            ]
            del lines[at]
        if step["action"] in ("add", "replace"):
            value = quoted(step["value"]) if step["type"] == "TXT" else step["value"]
            lines.append(f"{step['host']} {step['ttl']} IN {step['type']} {value}")
        path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def form(repo: RepoFolder) -> Iterator[Form]:
    repo.local("example.com", HEAD)
    with LoopbackServer(Path(repo.root / "served"), "127.0.0.1", 0) as server:
        yield Form(repo, server)


# what is there, the policy, and what the steps do, in their order
DONE: dict[str, tuple[str, str, list[str]]] = {
    "a new domain": (
        MX,
        f"domain: example.com\n{SPF}dmarc: {{p: none}}\n"
        f"dkim: {{selectors: {{s1: {{k: ed25519, p: {KEY}}}, s2: {{p: {LONG}}}}}}}\n",
        [
            "add TXT s1._domainkey",
            "add TXT s2._domainkey",
            "add TXT @",
            "add TXT _dmarc",
        ],
    ),
    "tokens beside SPF": (
        MX + TOKEN + '@ IN TXT "v=spf1 a ~all"\n',
        f"domain: example.com\n{SPF}",
        ["replace TXT @"],
    ),
    "two SPF values, none right": (
        MX + TOKEN + '@ IN TXT "v=spf1 a ~all"\n@ IN TXT "v=spf1 ~all"\n',
        f"domain: example.com\n{SPF}",
        ["replace TXT @"],
    ),
    "two SPF values, one right": (
        MX + TOKEN + '@ IN TXT "v=spf1 a ~all"\n@ IN TXT "v=spf1 mx -all"\n',
        f"domain: example.com\n{SPF}",
        ["delete TXT @"],
    ),
    "rotation": (
        f'old._domainkey IN TXT "v=DKIM1; k=ed25519; p={OTHER_KEY}"\n',
        "domain: example.com\ndkim: {selectors: {"
        "old: {state: absent, signed_until: 2026-01-01}, "
        f"new: {{k: ed25519, p: {KEY}}}}}}}\n",
        ["add TXT new._domainkey", "delete TXT old._domainkey"],
    ),
    "TXT makes room for CNAME": (
        's1._domainkey IN TXT "v=DKIM1; k=ed25519; p="\n',
        "domain: example.com\ndkim: {selectors: {s1: {cname: s1.example.net}}}\n",
        ["delete TXT s1._domainkey", "add CNAME s1._domainkey"],
    ),
    "parked": (
        TOKEN,
        "domain: example.com\nparked: true\n",
        ["add TXT *._domainkey", "add TXT @", "add MX @", "add TXT _dmarc"],
    ),
    "a subdomain in its parent's zone": (
        "",
        "domain: news.example.com\nzone: example.com\nspf: {all: fail}\ndmarc: {p: none}\n",
        ["add TXT news", "add TXT _dmarc.news"],
    ),
    "only the TTL": (
        '_dmarc 3600 IN TXT "v=DMARC1; p=none"\n',
        "domain: example.com\nttl: 300\ndmarc: {p: none}\n",
        ["set the TTL TXT _dmarc"],
    ),
}


@pytest.mark.parametrize("case", DONE)
def test_what_is_printed_and_done_leaves_nothing(form: Form, case: str) -> None:
    there, policy, does = DONE[case]
    form.zone(there)
    form.policy(policy)
    [domain] = re.findall(r"domain: (\S+)", policy)
    steps = form.steps(domain)
    assert [f"{each['action']} {each['type']} {each['host']}" for each in steps] == does
    assert [each["number"] for each in steps] == list(range(1, len(steps) + 1))
    printed = form.paste(domain)
    assert printed.code == 0, printed.said
    for each in steps:
        if each["type"] == "TXT" and each["action"] in ("add", "replace"):
            assert f"   Value   {each['value']}\n" in printed.out
    if case == "only the TTL":
        return
    for each in steps:
        form.do(each)
    assert form.repo.run("diff").code == 0
    plan = form.repo.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.out
    done = form.paste(domain)
    assert (done.code, done.out.count("\n")) == (0, 1)
    assert done.out.startswith("Nothing to enter: ")


def test_an_internationalised_domain(form: Form) -> None:
    form.zone("", "xn--bcher-kva.example")
    form.policy("domain: bücher.example\nspf: {all: fail}\n")
    printed = form.paste("bücher.example")
    assert "xn--bcher-kva.example (bücher.example)\n====" in printed.out
    [step] = form.steps("bücher.example")
    form.do(step, "xn--bcher-kva.example")
    assert form.paste("bücher.example").out.startswith("Nothing to enter: ")


def test_the_sheet_of_a_domain(form: Form) -> None:
    form.zone(MX + TOKEN + '@ IN TXT "v=spf1 a ~all"\n')
    form.policy(f"domain: example.com\n{SPF}dkim: {{selectors: {{s2: {{p: {LONG}}}}}}}\n")
    out = form.paste().out
    value = f"v=DKIM1; k=rsa; p={LONG}"
    assert f'   Strings "{value[:255]}" "{value[255:]}"\n' in out
    assert (
        "   Host    @\n   or      example.com\n   Old     v=spf1 a ~all\n   Value   v=spf1 mx -all\n"
        in out
    )
    assert "   Leave   MS=ms123\n" in out
    assert "3600 seconds (1 hour); where the form has only a list" in out
    assert out.endswith("3. Check it: mailauth-dns verify example.com --wait 30m\n")
    long = ("   Value", "   Strings")
    assert all(len(line) <= 80 for line in out.split("\n") if not line.startswith(long))


def test_what_apply_would_refuse_is_no_step(form: Form) -> None:
    """A key that may still be needed, and the alias that would come in its place."""
    form.zone(f's1._domainkey IN TXT "v=DKIM1; k=ed25519; p={KEY}"\n')
    form.policy(
        "domain: example.com\nspf: {all: fail}\ndkim: {selectors: {s1: {cname: s1.example.net}}}\n"
    )
    refused = form.paste()
    assert refused.code == 1
    assert "Refused: s1._domainkey.example.com TXT:" in refused.out
    assert "--allow DKIM030:example.com" in " ".join(refused.out.split())
    assert "Refused: s1._domainkey.example.com CNAME: goes with the TXT" in refused.out
    assert [each["host"] for each in form.steps()] == ["@"]
    allowed = form.paste(options=("--allow", "DKIM030:example.com"))
    assert allowed.code == 0
    assert "(breaking DKIM030)" in " ".join(allowed.out.split())


def test_a_jump_from_none_to_reject_is_refused_as_in_a_plan(form: Form) -> None:
    form.zone(MX + '@ IN TXT "v=spf1 mx -all"\n_dmarc IN TXT "v=DMARC1; p=none"\n')
    form.policy(f"domain: example.com\n{SPF}dmarc: {{p: reject}}\n")
    planned = json.loads(form.repo.run("plan", "--format", "json").out)
    [change] = planned["zones"][0]["changes"]
    assert change["risk"] == "breaking"
    refused = form.paste()
    assert (refused.code, change["rules"][0] in refused.out) == (1, True)


def test_the_policy_above_is_known_as_in_a_plan(form: Form) -> None:
    form.zone(MX + '_dmarc IN TXT "v=DMARC1; p=reject"\n')
    form.policy("domain: news.example.com\nzone: example.com\ndmarc: {p: none}\n")
    planned = json.loads(form.repo.run("plan", "--format", "json").out)
    [change] = planned["zones"][0]["changes"]
    assert change["rules"] == ["DMARC034"]
    [step] = form.steps("news.example.com")
    assert (step["rules"], step["meaning"]) == (change["rules"], change["meaning"])


def test_a_test_that_would_break_refuses_the_zone(form: Form) -> None:
    form.zone(MX + "mx IN A 192.0.2.10\n" + '@ IN TXT "v=spf1 mx -all"\n')
    form.policy(
        "domain: example.com\nspf: {all: fail}\ntests:\n  - {name: ours, from: a@example.com, "
        "ip: 192.0.2.10, expect: {spf: pass}}\n"
    )
    refused = form.paste()
    assert refused.code == 1
    assert "TEST001" in refused.out
    assert form.steps() == []


def test_a_domain_with_mail_is_not_parked(form: Form) -> None:
    form.zone(MX)
    form.policy("domain: example.com\nparked: true\n")
    refused = form.paste()
    assert refused.code == 1
    assert "Refused: example.com MX: the domain has an MX" in refused.out


def test_dns_that_cannot_be_asked_leaves_the_records(form: Form) -> None:
    form.repo.policy(
        f'domain: example.com\n{SPF}dmarc: {{p: none}}\nnameservers: ["127.0.0.1:1"]\n'
    )
    unknown = form.paste()
    assert unknown.code == 1
    assert unknown.out.count("What is there now is unknown: 127.0.0.1:1") == 1
    assert "   Value   v=spf1 mx -all\n" in unknown.out
    assert "two of them fail all mail" in " ".join(unknown.out.split())
    meant = form.paste(options=("--no-live",))
    assert (meant.code, "live DNS was not asked" in meant.out) == (0, True)
    refused = form.repo.run("export", "example.com", "--format", "bind", "--no-live")
    assert (refused.code, "goes with no other format" in refused.err) == (1, True)


def test_several_domains_are_counted_through(form: Form) -> None:
    form.policy("domain: example.com\nspf: {all: fail}\n", "a")
    form.policy("domain: news.example.com\nzone: example.com\nspf: {all: fail}\n", "b")
    out = form.paste("example.com", "news.example.com").out
    assert re.findall(r"^(\d)\. ", out, re.MULTILINE) == ["1", "2", "3"]
    assert "\nexample.com\n===========\n" in out
    assert "\nnews.example.com\n================\n" in out
    assert "verify example.com news.example.com --wait" in out


def test_a_private_key_at_a_form_is_not_printed(form: Form) -> None:
    private = "MC4CAQAwBQYDK2VwBCIEIA2qXX" + "A" * 38
    form.zone(f's1._domainkey IN TXT "v=DKIM1; k=ed25519; p={private}"\n')
    form.policy(f"domain: example.com\ndkim: {{selectors: {{s1: {{k: ed25519, p: {KEY}}}}}}}\n")
    for format in ("paste", "json"):
        ran = form.repo.run(
            "export", "example.com", "--format", format, "--allow", "DKIM030", "--allow", "DKIM034"
        )
        assert "a private key, which is not shown" in ran.out
        assert private[20:40] not in ran.said
