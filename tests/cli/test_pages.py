"""`--format html`: the page of a result, for the commands that have one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.pages.page_reader import PageReader

ZONE = (
    "$TTL 300\n@ IN SOA ns1 hostmaster 1 7200 1800 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n"
    '@ IN MX 10 mx\nmx IN A 192.0.2.10\n@ IN TXT "v=spf1 mx ~all"\n@ IN TXT "ms=<script>x</script>"\n'
)
POLICY = """
domain: example.com
spf: {terms: [mx], all: fail}
dkim: {selectors: {old: {state: revoked}}}
dmarc: {p: reject}
tests:
  - {name: "<b>ours</b>", from: alice@example.com, ip: 192.0.2.10, expect: {dmarc: pass}}
  - {name: a spoof, from: alice@example.com, ip: 203.0.113.66, expect: {dmarc: pass}}
"""


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    repo.local("example.com", ZONE)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy(POLICY, "example.com")
        repo.write(
            "message.eml", "From: Alice <alice@example.com>\nSubject: <i>hello</i>\n\nhello\n"
        )
        yield repo


# The command, and what its page must say. The words are those of the text for terminals.
COMMANDS = [
    (["plan"], ["every other host softfail -&gt; fail", "v=spf1 mx <ins>-all</ins>", "TEST001", "&lt;b&gt;ours&lt;/b&gt;"]),
    (["plan", "--show-kept"], ["ms=&lt;script&gt;x&lt;/script&gt;"]),
    (["plan", "--no-live"], ["<code>live-unknown:example.com</code>"]),
    (["spf", "tree", "example.com"], ["1 of 10 lookups", "Receivers evaluate this record to its end."]),
    (["dkim", "status"], ["old is revoked", "write since: when was it revoked?"]),
    (["check-message", "message.eml", "--ip", "203.0.113.66"], ["SPF says softfail for example.com (MAIL FROM)", "alice@example.com"]),
    (["simulate", "--from", "alice@example.com", "--ip", "192.0.2.10"], ["DMARC passes for example.com by SPF", "MAIL FROM"]),
    (["test"], ["dmarc is fail, expected pass", "&lt;b&gt;ours&lt;/b&gt;"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), COMMANDS, ids=lambda each: "-".join(each)[:24])
def test_a_page_says_what_the_text_says_with_the_same_exit_code(
    served: RepoFolder, arguments: list[str], said: list[str]
) -> None:
    data, page = (served.run(*arguments, "--format", format) for format in ("json", "html"))
    json.loads(data.out)
    assert page.code == data.code
    PageReader(page.out)
    for words in said:
        assert words in page.out


def test_a_plan_file_can_be_shown_as_a_page(served: RepoFolder) -> None:
    served.run("plan", "--out", "plan.json")
    page = served.run("plan", "--show", "plan.json", "--format", "html")
    assert page.code == 0
    assert "every other host softfail -&gt; fail" in page.out
