"""`spf tree`: what an SPF record costs its receivers, and who is to blame."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder

HEAD = (
    "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)
SENDER = HEAD + (
    '_spf IN TXT "v=spf1 include:_a.sender.example include:_b.sender.example -all"\n'
    '_a IN TXT "v=spf1 a:h1.sender.example a:h2.sender.example a:h3.sender.example -all"\n'
    '_b IN TXT "v=spf1 exists:%{i}.sender.example ip4:203.0.113.0/24 -all"\n'
    "h1 IN A 203.0.113.1\nh2 IN A 203.0.113.2\nh3 IN AAAA 2001:db8::3\n"
)


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    repo.local("example.com", HEAD + '@ IN MX 10 mx\nmx IN A 192.0.2.10\n@ IN TXT "v=spf1 -all"\n')
    repo.local("sender.example", SENDER)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy("domain: sender.example\ndmarc: {p: none}\n", "sender.example")
        yield repo


def policy(repo: RepoFolder, *terms: str) -> None:
    listed = ", ".join(f'"{term}"' for term in terms)
    repo.policy(f"domain: example.com\nspf: {{terms: [{listed}], all: fail}}\n", "example.com")


WITHIN = """\
example.com as it would be
├── mx  1, 1 void lookup
└── include:_spf.sender.example  7
    ├── include:_a.sender.example  4
    │   ├── a:h1.sender.example  1, 1 void lookup
    │   ├── a:h2.sender.example  1, 1 void lookup
    │   └── a:h3.sender.example  1, 1 void lookup
    └── include:_b.sender.example  2
        └── exists:%{i}.sender.example  1
            ! what it asks for depends on the message
SPF: at least 8 of 10 lookups, at least 3 of 2 void lookups
over the limit of void lookups: SPF is a permerror for mail that no earlier term matches: \
mx, a:h1.sender.example, a:h2.sender.example
"""


def test_the_tree_of_the_policy_is_drawn_with_costs_and_voids(served: RepoFolder) -> None:
    policy(served, "mx", "include:_spf.sender.example")
    ran = served.run("spf", "tree", "example.com")
    assert ran.out == WITHIN
    assert ran.code == 2  # three void lookups for a client with an IPv6 address
    assert ran.next.startswith("rules SPF012  (")


def test_four_void_lookups_are_told_with_their_terms(served: RepoFolder) -> None:
    names = [f"n{number}.sender.example" for number in range(4)]
    policy(served, "mx", *(f"a:{name}" for name in names))
    ran = served.run("spf", "tree", "example.com")
    assert (ran.code, ran.out.splitlines()[-2]) == (2, "SPF: 5 of 10 lookups, 5 of 2 void lookups")
    assert ran.out.endswith(
        "no earlier term matches: mx, a:n0.sender.example, a:n1.sender.example, "
        "a:n2.sender.example, a:n3.sender.example\n"
    )


def test_over_the_limit_the_way_to_the_culprit_is_told(served: RepoFolder) -> None:
    policy(
        served,
        "mx",
        "a:mx.example.com",
        "include:_spf.sender.example",
        "exists:x.example.com",
        "include:_a.sender.example",
    )
    ran = served.run("spf", "tree", "example.com")
    assert ran.code == 2
    assert ran.out.endswith(
        "over the limit: SPF is a permerror for mail that no earlier term matches: "
        "include:_spf.sender.example costs 7, of which include:_a.sender.example costs 4\n"
    )


CODES = [
    (("ip4:192.0.2.1",), 0, "SPF: 0 of 10 lookups, 0 of 2 void lookups"),
    (("include:nothing.sender.example",), 2, "! nothing.sender.example publishes no SPF record"),
    (("include:example.com",), 2, "! example.com → example.com is a loop"),
    (
        ("include:_spf.elsewhere.example",),
        1,
        "unknown: _spf.elsewhere.example CNAME: this machine has no recursive resolver",
    ),
]


OPEN = [  # record, what is noted
    ("v=spf1 +all", ["+all lets every host pass"]),
    ("v=spf1 mx all", ["+all lets every host pass"]),
    ("v=spf1 mx ?all", ["?all leaves open whether other hosts may send: they are neutral"]),
    ("v=spf1 mx", ["without `all` it leaves open whether other hosts may send: they are neutral"]),
    ("v=spf1 ip4:198.0.0.0/8 -all", ["ip4:198.0.0.0/8 lets every host of a /8 pass"]),
    (
        "v=spf1 mx/0 ip6:2001:db8::/16 ~all",
        ["mx/0 lets every host of a /0 pass", "ip6:2001:db8::/16 lets every host of a /16 pass"],
    ),
    ("v=spf1 -ip4:198.0.0.0/8 mx -all", []),
    ("v=spf1 mx ~all", []),
    ("v=spf1 mx redirect=_b.sender.example", []),  # what is to be said of the rest stands there
    ("v=spf1 include:_open.sender.example -all", ["+all lets every host pass"]),
    ("v=spf1 include:_half.sender.example -all", []),
]


@pytest.mark.parametrize(("record", "notes"), OPEN)
def test_a_record_that_lets_in_too_many_is_noted(
    served: RepoFolder, record: str, notes: list[str]
) -> None:
    served.local(
        "example.com",
        HEAD + f'@ IN MX 10 mx\nmx IN A 192.0.2.10\nmx IN AAAA 2001:db8::1\n@ IN TXT "{record}"\n',
    )
    served.local(
        "sender.example",
        SENDER + '_open IN TXT "v=spf1 +all"\n_half IN TXT "v=spf1 mx:example.com"\n',
    )
    served.policy("domain: example.com\ndmarc: {p: none}\n", "example.com")
    ran = served.run("spf", "tree", "example.com")
    found = [line.strip("│ !") for line in ran.out.splitlines() if "! " in line]
    assert [note for note in found if note != "what it asks for depends on the message"] == notes, (
        ran.said
    )
    assert ran.code == 0


@pytest.mark.parametrize(("terms", "code", "said"), CODES)
def test_the_exit_code_tells_good_wrong_and_unknown(
    served: RepoFolder, terms: tuple[str, ...], code: int, said: str
) -> None:
    policy(served, *terms)
    ran = served.run("spf", "tree", "example.com")
    assert said in ran.out
    assert ran.code == code


def test_json_has_the_whole_tree(served: RepoFolder) -> None:
    policy(served, "mx", "include:_spf.sender.example")
    said = json.loads(served.run("spf", "tree", "example.com", "--format", "json").out)
    assert (
        said["domain"],
        said["state"],
        said["total"],
        said["voids"],
        said["lower_bound"],
        said["largest"],
    ) == (
        "example.com",
        "as it would be",
        8,
        3,
        True,
        "include:_spf.sender.example",
    )
    assert [(child["term"], child["total"]) for child in said["tree"]["children"]] == [
        ("mx", 1),
        ("include:_spf.sender.example", 7),
    ]


def test_spf_alone_is_bad_usage(served: RepoFolder) -> None:
    assert served.run("spf").code == 1
