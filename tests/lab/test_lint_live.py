"""`lint --live` of broken zones that a real BIND serves.

Each fault is told by its rule, and what cannot be known as unknown. Sound zones have no finding.
"""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Ran, RepoFolder
from tests.lab.conftest import Serving
from tests.lab.zones import HEAD

ABOVE = (
    HEAD + 'other IN TXT "v=spf1 -all"\n_dmarc.other IN TXT "v=DMARC1; p=none"\n'
)  # the zone above all others: the walk ends here
DMARC = '_dmarc IN TXT "v=DMARC1; p=none"\n'

# A zone and its policy by domain, and what lint must say: the rule, and the live record, or None
# for a line of the policy.
BROKEN: dict[str, tuple[str, str, set[tuple[str, str | None]]]] = {
    "two.example": (
        HEAD
        + '@ IN TXT "v=spf1 mx -all"\n@ IN TXT "v=spf1 a -all"\n'
        + DMARC
        + '_dmarc IN TXT "v=DMARC1; p=reject"\n',
        "spf: {terms: [mx], all: fail}\ndmarc: {p: none}\n",
        {("SPF002", "two.example TXT"), ("DMARC002", "_dmarc.two.example TXT")},
    ),
    "keys.example": (
        HEAD + DMARC + "s1._domainkey IN CNAME gone.example.\n",
        "dkim: {selectors: {s1: {cname: gone.example}, s2: {k: ed25519, p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}}}\n",
        {("DKIM024", None), ("DKIM001", "s2._domainkey.keys.example TXT")},
    ),
    "loop.example": (
        HEAD + DMARC + 'a IN TXT "v=spf1 include:loop.example -all"\n',
        'spf: {terms: ["include:a.loop.example"], all: fail}\n',
        {("SPF023", None)},
    ),
    "many.example": (
        HEAD
        + DMARC
        + f'big IN TXT "v=spf1 {" ".join(f"a:h{number}.many.example" for number in range(10))} -all"\n* IN A 192.0.2.1\n',
        'spf: {terms: ["include:big.many.example"], all: fail}\n',
        {("SPF010", None)},
    ),
    "void.example": (
        HEAD + DMARC,
        'spf: {terms: ["a:n1.void.example", "a:n2.void.example", "a:n3.void.example"], all: fail}\n',
        {("SPF012", None)},
    ),
    "none.example": (
        HEAD + DMARC,
        'spf: {terms: ["include:_spf.none.example"], all: fail}\n',
        {("SPF022", None)},
    ),
    "mail.example": (
        HEAD
        + DMARC
        + "@ IN MX 10 gone\n@ IN MX 20 alias\nalias IN CNAME host\nhost IN A 192.0.2.1\n"
        '_mta-sts IN TXT "v=STSv1; id=1"\n_mta-sts IN TXT "v=STSv1; id=2"\n'
        '_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:a@mail.example"\n_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:b@mail.example"\n',
        "mta_sts: {mode: enforce, mx: [host.mail.example], max_age: 604800}\n",
        {
            *(("MX005", None), ("MX007", None), ("STS004", None), ("STS012", None)),
            *(
                ("STS001", "_mta-sts.mail.example TXT"),
                ("TLSRPT001", "_smtp._tls.mail.example TXT"),
            ),
        },
    ),
    "deep.example": (
        HEAD + DMARC + '@ IN TXT "v=spf1 ipv4:192.0.2.1 -all"\n@ IN TXT "v=DMARC1; p=none"\n'
        's1._domainkey IN TXT "v=DMARC1\\\\; p="\ns1._domainkey.deep.example IN TXT "v=DKIM1; p=MIIB"\n*.wild IN TXT "hello"\n',
        "spf: {terms: [mx], all: fail}\ndkim: {selectors: {s1: {k: ed25519, p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}}}\n",
        {
            *(("SPF007", "deep.example TXT"), ("DMARC004", None), ("DKIM022", None)),
            ("DKIM021", "s1._domainkey.deep.example TXT"),
        },
    ),
}
SOUND = (
    HEAD
    + '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n_dmarc IN TXT "v=DMARC1; p=reject; np=reject; rua=mailto:d@sound.example"\n'
    "@ IN MX 10 mx\n@ IN MX 20 mx2\nmx IN A 192.0.2.2\nmx IN AAAA 2001:db8::2\nmx2 IN A 192.0.2.3\n"
    's1._domainkey IN TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="\n'
    's2._domainkey IN CNAME s2.keys\ns2.keys IN TXT "v=DKIM1; k=rsa; p=MIIB"\n'
)
SOUND_POLICY = """\
domain: sound.example
spf: {terms: ["ip4:192.0.2.10"], all: fail}
dkim:
  selectors:
    s1: {k: ed25519, p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=}
    s2: {cname: s2.keys.sound.example}
dmarc: {p: reject, np: reject, rua: ["mailto:d@sound.example"]}
"""


def findings(ran: Ran) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ran.out)["findings"]
    return found


def key(zone: str) -> str:
    return zone.replace(".", "_")


def test_each_fault_of_broken_zones_is_named(repo: RepoFolder, serving_bind: Serving) -> None:
    zones = {key(domain): zone for domain, (zone, _, _) in BROKEN.items()}
    server = serving_bind(example=ABOVE, **zones)
    repo.policy(
        "domain: other.example\nzone: example\nspf: {all: fail}\ndmarc: {p: none}\n", "above"
    )
    for domain, (_, policy, _) in BROKEN.items():
        repo.policy(f"domain: {domain}\n{policy}", domain)
    ran = repo.run("lint", "--live", "--format", "json")
    named = {
        (each["domain"], each["rule"], each["name"] and f"{each['name']} {each['type']}")
        for each in findings(ran)
        if not each["unknown"]
    }
    for domain, (_, _, expected) in BROKEN.items():
        assert {(domain, *each) for each in expected} <= named
    assert [each for each in findings(ran) if each["unknown"]] == []
    assert ran.code == 2
    assert {each["server"] for each in findings(ran) if each["name"]} == {
        f"127.0.0.1:{server.port}"
    }


def test_servers_that_differ_or_cannot_tell_are_named(
    repo: RepoFolder, serving_bind: Serving
) -> None:
    differing = HEAD + '@ IN TXT "v=spf1 -all"\n'
    second = serving_bind(differ_example=differing + '_dmarc IN TXT "v=DMARC1; p=none"\n')
    first = serving_bind(
        example=ABOVE,
        differ_example=differing + '_dmarc IN TXT "v=DMARC1; p=reject"\n',
        lame_example=differing + DMARC,
        broken_example="this is no master file\n",
    )
    both = f'nameservers: ["127.0.0.1:{first.port}", "127.0.0.1:{second.port}"]\n'
    repo.policy(
        "domain: other.example\nzone: example\nspf: {all: fail}\ndmarc: {p: none}\n", "above"
    )
    for domain in ("differ.example", "lame.example", "broken.example"):
        repo.policy(
            f"domain: {domain}\n{both}spf: {{all: fail}}\ndmarc: {{p: reject, np: reject}}\n",
            domain,
        )
    ran = repo.run("lint", "--live", "--format", "json")
    assert ran.code == 1
    [differ] = [each for each in findings(ran) if each["rule"] == "DNS007" and not each["unknown"]]
    assert (differ["domain"], differ["name"], differ["server"]) == (
        "differ.example",
        "_dmarc.differ.example",
        f"127.0.0.1:{second.port}",
    )
    reasons = {
        (each["domain"], each["server"], each["message"])
        for each in findings(ran)
        if each["unknown"] and each["server"]
    }
    assert ("lame.example", f"127.0.0.1:{second.port}", "answers REFUSED") in reasons
    assert ("broken.example", f"127.0.0.1:{first.port}", "answers SERVFAIL") in reasons
    assert not [
        each
        for each in findings(ran)
        if each["domain"] == "broken.example"
        and each["rule"].startswith("DMARC0")
        and not each["unknown"]
        and each["name"]
    ]


def test_sound_zones_are_clean_and_unknown_when_the_server_is_gone(
    repo: RepoFolder, serving_bind: Serving
) -> None:
    server = serving_bind(example=ABOVE, sound_example=SOUND)
    repo.policy(
        'domain: other.example\nzone: example\nspf: {all: fail}\ndmarc: {p: none, rua: ["mailto:d@sound.example"]}\n',
        "above",
    )
    repo.policy(SOUND_POLICY, "sound")
    ran = repo.run("lint", "--live", "--ignore", "SPF046,HOST001,HOST002")
    assert (ran.out, ran.code) == ("Lint: nothing found\n", 0)
    server.stop()
    ran = repo.run("lint", "--live", "--format", "json")
    assert ran.code == 1
    assert {each["rule"] for each in findings(ran) if each["unknown"]} >= {
        "SPF002",
        "DMARC002",
        "DMARC001",
        "DKIM001",
        "DKIM024",
        "DNS007",
        "SPF010",
    }
    assert {each["rule"] for each in findings(ran) if not each["unknown"]} <= {
        "SPF046",
        "HOST001",
    }  # the reverse name is not the server's
