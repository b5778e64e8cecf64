"""senders suggest: from a zone file and from live DNS, printed, written, and found to be said."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder, free_port
from tests.senders.test_discovery import SES

ZONE = (
    "$ORIGIN example.com.\n$TTL 3600\n@ IN SOA ns1 hostmaster 1 2 3 4 5\n@ IN NS ns1\n"
    "ns1 A 192.0.2.53\n@ MX 10 mx\nmx A 192.0.2.10\n"
    '@ TXT "v=spf1 ip4:192.0.2.10 include:_spf.google.com include:servers.mcsv.net '
    'include:_spf.nobody.example ~all"\n@ TXT "site-verification=keep"\n'
    "k2._domainkey CNAME dkim2.mcsv.net.\n"
    "em1234 CNAME u1.wl1.sendgrid.net.\n"
    "s1._domainkey CNAME s1.domainkey.u1.wl1.sendgrid.net.\n"
    "s2._domainkey CNAME s2.domainkey.u1.wl1.sendgrid.net.\n"
    '_dmarc TXT "v=DMARC1; p=none"\n'
)
POLICY = """# ours
domain: example.com
spf:
  terms: ["ip4:192.0.2.10", "include:_spf.google.com", "include:servers.mcsv.net", "include:_spf.nobody.example"]
  all: softfail  # until all is known
dkim:
  selectors:
    k2: {cname: dkim2.mcsv.net}
    s1: {cname: s1.domainkey.u1.wl1.sendgrid.net, ttl: 60}
dmarc: {p: none}
"""
AFTER = """# ours
domain: example.com
senders:
  server: {ip: [192.0.2.10]}
  google: {}
  mailchimp: {}
  sendgrid: {return_path: em1234, target: u1.wl1.sendgrid.net}
spf:
  terms: ["include:_spf.nobody.example"]
  all: softfail  # until all is known
dkim:
  selectors:
    s1: {cname: s1.domainkey.u1.wl1.sendgrid.net, ttl: 60}
dmarc: {p: none}
"""
FROM = ("senders", "suggest", "example.com", "--from-zone")


@pytest.fixture
def there(repo: RepoFolder) -> RepoFolder:
    repo.write("example.com.zone", ZONE)
    return repo


def test_an_edit_is_shown_and_nothing_is_written(there: RepoFolder) -> None:
    path = there.policy(POLICY)
    ran = there.run(*FROM, "example.com.zone")
    assert ran.code == 2, ran.said
    assert ran.out.startswith("--- a/zones/policy/policy.yaml\n+++ b/zones/policy/policy.yaml\n")
    assert "+  google: {}\n" in ran.out
    assert path.read_text() == POLICY
    for said in (
        "useless: include:servers.mcsv.net: Mailchimp: its return path is",
        "unknown: include:_spf.nobody.example: nobody in the catalogue",
        "missing: k3._domainkey.example.com: Mailchimp needs it",
        "changes: example.com TXT: without include:servers.mcsv.net\n",
        "changes: k3._domainkey.example.com CNAME: with dkim3.mcsv.net.\n",
        "lookups: SPF costs at least 1 fewer DNS lookups",
    ):
        assert said in ran.err


def test_what_is_written_is_said_then(there: RepoFolder) -> None:
    path = there.policy(POLICY)
    assert there.run(*FROM, "example.com.zone", "--write").code == 2
    assert path.read_text() == AFTER
    again = there.run(*FROM, "example.com.zone")
    assert (again.code, again.out) == (0, "")
    assert "says who sends already" in again.err


def test_the_records_stay_save_what_is_told(there: RepoFolder) -> None:
    there.policy(POLICY)
    assert there.run("compile").code == 0
    before = (there.root / "zones/compiled/example.com.yaml").read_text()
    made = json.loads(there.run(*FROM, "example.com.zone", "--format", "json").out)
    there.run(*FROM, "example.com.zone", "--write")
    assert there.run("compile").code == 0
    after = (there.root / "zones/compiled/example.com.yaml").read_text()
    new = {line for line in after.splitlines() if line not in before.splitlines()}
    told = {value for each in made["differences"] for value in each["with"]}
    assert {"dkim3.mcsv.net."} == told
    for line in new:  # the rest is published already, or is a name or the SPF record without one
        assert any(
            known in line
            for known in ("dkim3", "k3.", "em1234", "u1.wl1", "s2.", "v=spf1", "- ", "CNAME", "ttl")
        ), line


def test_a_new_policy_is_printed_whole_and_loads(there: RepoFolder) -> None:
    ran = there.run(*FROM, "example.com.zone")
    assert ran.code == 2
    assert "  sendgrid: {return_path: em1234, target: u1.wl1.sendgrid.net}\n" in ran.out
    assert there.run(*FROM, "example.com.zone", "--write").code == 2
    assert (there.root / "zones/policy/example.com.yaml").read_text() == ran.out
    assert there.run("compile").code == 0


def test_what_dns_does_not_tell_is_a_comment_that_load_refuses(there: RepoFolder) -> None:
    there.write("ses.zone", ZONE + SES)
    ran = there.run(*FROM, "ses.zone", "--write")
    assert "open: ses.region: DNS does not tell it. In the Amazon SES console" in ran.err
    path = there.root / "zones/policy/example.com.yaml"
    text = path.read_text()
    assert there.run("lint").code != 1
    blank = next(line for line in text.splitlines() if line.startswith("  # ses: {"))
    path.write_text(text.replace(blank, blank.replace("# ", "")))
    refused = there.run("lint")
    assert refused.code == 1
    assert "region of Amazon SES is missing. In the Amazon SES console, at the top right" in (
        refused.said
    )


def test_inherited_terms_stay_out(there: RepoFolder) -> None:
    there.write("zones/policy/_defaults.yaml", "spf: {terms: [mx], all: fail}\n")
    path = there.policy('domain: example.com\nspf: {terms: ["include:_spf.google.com"]}\n')
    assert there.run(*FROM, "example.com.zone", "--write").code == 2
    assert "spf: {terms: []}\n" in path.read_text()
    assert there.run("compile").code == 0
    compiled = (there.root / "zones/compiled/example.com.yaml").read_text()
    assert "v=spf1 include:_spf.google.com -all" in compiled


REFUSED = [
    (("senders", "suggest", "*.example.com"), "a wildcard cannot have a policy"),
    ((*FROM, "none.zone"), "none.zone"),
    ((*FROM, "example.com.zone", "--selector", "x"), "leave them out with --from-zone"),
    (("senders", "suggest", "example.com", "--return-path", "a b"), "--return-path: "),
    (("senders", "suggest", "example.com", "--nameserver", "mx"), "--nameserver: "),
    (("senders", "suggest"), "DOMAIN"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_bad_input_is_told(arguments: tuple[str, ...], said: str, there: RepoFolder) -> None:
    ran = there.run(*arguments)
    assert ran.code == 1
    assert said in ran.err


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("domain: example.com\nparked: true\n", "is parked, and sends no mail"),
        (
            "domains: [example.com, example.net]\nspf: {all: fail}\n",
            "is the policy of 2 domains, and senders differ",
        ),
        ("{domain: example.com, spf: {all: softfail}}\n", "write the change by hand"),
    ],
)
def test_a_policy_that_cannot_be_edited_is_told(policy: str, said: str, there: RepoFolder) -> None:
    there.policy(policy)
    ran = there.run(*FROM, "example.com.zone")
    assert ran.code == 1
    assert said in ran.err


@pytest.fixture
def live(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    repo.local(
        "example.com", ZONE.replace("include:_spf.google.com", "include:_gone.example.com mx")
    )
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo


def test_live_dns_shows_what_is_dead(live: RepoFolder) -> None:
    ran = live.run("senders", "suggest", "example.com", "--return-path", "em1234")
    assert ran.code == 2, ran.said
    assert "dead: include:_gone.example.com: _gone.example.com publishes no SPF record" in ran.err
    assert "_gone" not in ran.out
    assert "server: {ip: [192.0.2.10]}" in ran.out
    assert "sendgrid: {return_path: em1234, target: u1.wl1.sendgrid.net}" in ran.out


def test_a_return_path_that_nobody_names_stays_open(live: RepoFolder) -> None:
    ran = live.run("senders", "suggest", "example.com")
    assert "# sendgrid: {target: u1.wl1.sendgrid.net, return_path: }" in ran.out
    assert "open: sendgrid.return_path: " in ran.err


def test_a_server_that_is_down_leaves_all_unknown(repo: RepoFolder, no_resolvers: None) -> None:
    ran = repo.run("senders", "suggest", "example.com", "--nameserver", f"127.0.0.1:{free_port()}")
    assert ran.code == 1
    assert "unknown: " in ran.err
