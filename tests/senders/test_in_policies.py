"""What `senders:` in a policy comes to: terms, selectors and return paths, and nothing twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.errors import PolicyError
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers

CLOUD = "cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}"
BULK = "bulk: {return_path: em1234, target: u1.wl1.bulk.example}"
SPF, DKIM = ("example.com", "TXT"), "._domainkey.example.com"

COMPILED = [
    ("box: {}", {SPF: {"v=spf1 include:_spf.box.example ~all"}}),
    ("box:", {SPF: {"v=spf1 include:_spf.box.example ~all"}}),
    (
        "box: null\n  server: {ip: [192.0.2.10]}",
        {SPF: {"v=spf1 ip4:192.0.2.10 include:_spf.box.example ~all"}},
    ),
    (
        "box: {p: MIIB}",
        {
            SPF: {"v=spf1 include:_spf.box.example ~all"},
            (f"box{DKIM}", "TXT"): {"v=DKIM1; k=rsa; p=MIIB"},
        },
    ),
    (
        BULK,
        {
            ("em1234.example.com", "CNAME"): {"u1.wl1.bulk.example."},
            (f"s1{DKIM}", "CNAME"): {"s1.domainkey.u1.wl1.bulk.example."},
            (f"s2{DKIM}", "CNAME"): {"s2.example-com.bulk.example."},
        },
    ),
    (
        CLOUD,
        {
            ("bounce.example.com", "MX"): {"10 feedback.eu-1.cloud.example."},
            ("bounce.example.com", "TXT"): {"v=spf1 include:_spf.cloud.example ~all"},
            (f"aaa{DKIM}", "CNAME"): {"aaa.dkim.cloud.example."},
            (f"bbb{DKIM}", "CNAME"): {"bbb.dkim.cloud.example."},
            (f"ccc{DKIM}", "CNAME"): {"ccc.dkim.cloud.example."},
        },
    ),
    (
        "letters: {}",
        {
            (f"k2{DKIM}", "CNAME"): {"dkim2.letters.example."},
            (f"k3{DKIM}", "CNAME"): {"dkim3.letters.example."},
        },
    ),
    ("handed: {}", {}),
    (
        "bulk: {return_path: EM1., target: U1.WL1.bulk.example.}",
        {
            ("em1.example.com", "CNAME"): {"u1.wl1.bulk.example."},
            (f"s1{DKIM}", "CNAME"): {"s1.domainkey.u1.wl1.bulk.example."},
            (f"s2{DKIM}", "CNAME"): {"s2.example-com.bulk.example."},
        },
    ),
    (
        "picked: {selector: GOOGLE, target: g.picked.example}",
        {(f"google{DKIM}", "CNAME"): {"g.picked.example."}},
    ),
    (
        "picked: {selector: Google, target: g.picked.example}\n"
        "dkim: {selectors: {GOOGLE: {cname: g.picked.example}}}",
        {(f"google{DKIM}", "CNAME"): {"g.picked.example."}},
    ),
    (
        "hoster: {server: www1.hoster.example}",
        {SPF: {"v=spf1 a:www1.hoster.example mx ~all"}},
    ),
    (
        "hoster: {server: www1.hoster.example, relay: r1}\nspf: {terms: [mx], all: fail}",
        {SPF: {"v=spf1 mx a:www1.hoster.example include:r1.hoster.example -all"}},
    ),
    (
        'server: {ip: [192.0.2.10, "2001:db8::10", 198.51.100.0/24]}',
        {SPF: {"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.0/24 ~all"}},
    ),
    (
        "post: {sender: box}\nspf: {terms: [mx], all: fail}",
        {SPF: {"v=spf1 mx include:_spf.box.example -all"}},
    ),
    (
        'box: {}\nspf: {terms: ["+INCLUDE:_spf.box.example", mx]}',
        {SPF: {"v=spf1 +INCLUDE:_spf.box.example mx"}},
    ),
    (
        "letters: {}\ndkim: {selectors: {k2: {cname: dkim2.letters.example.}}}",
        {
            (f"k2{DKIM}", "CNAME"): {"dkim2.letters.example."},
            (f"k3{DKIM}", "CNAME"): {"dkim3.letters.example."},
        },
    ),
]


def _policy(senders: str) -> str:
    section, _, rest = senders.partition("\n")
    return f"domain: example.com\nsenders:\n  {section}\n{rest}\n"


@pytest.mark.parametrize(("senders", "published"), COMPILED)
def test_senders_compile(
    senders: str, published: dict[tuple[str, str], set[str]], repo: RepoFolder
) -> None:
    with_mailers(repo).policy(_policy(senders))
    [publication] = compile_repo(load_repo(repo.root))
    assert {rrset.key: set(rrset.values) for rrset in publication.zone.rrsets} == published


PRIVATE_KEY = "MC4CAQAwBQYDK2VwBCIEIA2qXX" + "A" * 38
TWO_OF_S1 = "senders.bulk (Bulk) and this sender (Bulk) both take the selector s1"
REFUSED = [
    ("nobody: {}", "there is no sender 'nobody'"),
    ("lettres: {}", "did you mean letters?"),
    ("only: {}", "only recognises Only"),
    ("post: {sender: nobody}", "there is no sender 'nobody'"),
    ("cloud: {mail_from: bounce, tokens: [aaa, bbb, ccc]}", "region of Cloud is missing"),
    ("cloud: {mail_from: bounce, tokens: [aaa, bbb, ccc]}", "At the top right"),
    ("cloud: {region: EU, mail_from: bounce, tokens: [a, b, c]}", "does not look like"),
    ("cloud: {region: eu-1, mail_from: bounce, tokens: [aaa]}", "1 of 3 values"),
    ("cloud: {region: eu-1, mail_from: bounce, tokens: aaa}", "1 of 3 values"),
    ("cloud: {region: [eu-1], mail_from: bounce, tokens: [a, b, c]}", "expected a single value"),
    ("box: {tokens: [aaa]}", "'tokens' is not a key of Box; keys here: sender, retired, p"),
    ("hoster: {}", "server of Hoster is missing"),
    ("hoster: {server: 'www1.hoster.example +all'}", "Hoster: one SPF term (at"),
    ("server: {}", "ip is missing"),
    ("server: {ip: [mx.example.com]}", "is no address or network"),
    ("server: {ip: [192.0.2.10/24]}", "one address of a network; write 192.0.2.0/24 for all"),
    ("server: {ip: ['2001:db8::1/48']}", "write 2001:db8::/48 for all of it"),
    ("server: {ip: ['::ffff:192.0.2.10']}", "write 192.0.2.10"),
    ("box: {p: {a: b}}", "expected a value, or a list of values, not a mapping"),
    ("cloud: {region: eu-1, mail_from: bounce, tokens: [a, {b: c}, d]}", "not a mapping"),
    ("server: {ip: [192.0.2.10], region: x}", "keys here: ip, dkim"),
    ("Box: {}", "in lower case"),
    ("box: {retired: soon}", "is not a day"),
    (f"{BULK}\ndmarc: {{p: none, aspf: s}}", "aligns only if relaxed"),
    ("box: {}\nspf: absent", "take `absent` out"),
    (f"{BULK}\n  two: {{sender: bulk, return_path: em2, target: u2.bulk.example}}", TWO_OF_S1),
    (f"{CLOUD}\n  {BULK.replace('em1234', 'bounce')}", "both take the return path bounce"),
    (
        "letters: {}\ndkim: {selectors: {k2: {cname: other.example}}}",
        "this selector is Letters's (senders.letters)",
    ),
    ("bulk: {return_path: '*', target: u1.bulk.example}", "without `*`"),
    ("bulk: {return_path: a._domainkey, target: u1.bulk.example}", "without `_` before it"),
    (
        "bulk: {return_path: Em1.example.com., target: u1.bulk.example}",
        "write only what stands before .example.com: `return_path: em1`",
    ),
    ("bulk: {return_path: example.com, target: u1.bulk.example}", "example.com is no label"),
    (
        "cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb._domainkey.example.com, c]}",
        "write only what stands before ._domainkey.example.com: `tokens: bbb`",
    ),
    (
        "cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb._domainkey, c]}",
        "write only what stands before ._domainkey: `tokens: bbb`",
    ),
    ("cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, '*', c]}", "a selector is one"),
    (f"box: {{p: {PRIVATE_KEY}}}", "this is a private key"),
    (f"box: {{p: {PRIVATE_KEY}, retired: 2020-01-01}}", "this is a private key"),
    ("box: {p: 'v=DKIM1; p=MIIB', retired: 2020-01-01}", "p holds only base64"),
    (f"box: {{p: {'A' * 1501}}}", "does not look like"),
    ("box: {retired: 9999-12-31}", "is too far from today"),
    ("hoster: {server: 'www1.hoster.example redirect=x.example'}", "Hoster: one SPF term (at"),
    ("wide: {mail_from: send, host: 'a.example ip4:192.0.2.1'}", "Wide: one SPF term (at"),
    ("wide: {mail_from: send, host: 'a.example redirect=x.example'}", "Wide: one SPF term (at"),
    (
        "picked: {selector: GOOGLE, target: g.picked.example}\n"
        "dkim: {selectors: {google: {cname: other.example}}}",
        "this selector is Picked's",
    ),
    (
        "picked: {selector: google, target: g.picked.example}\n"
        "dkim: {selectors: {Google: {cname: other.example}}}",
        "this selector is Picked's",
    ),
    (
        'box: {}\nspf: {terms: ["?include:_spf.box.example"], all: fail}',
        "Box needs include:_spf.box.example here, to pass; take ?include:_spf.box.example out",
    ),
    ("box: {}\nparked: true", "a parked domain has no mail sections"),
]


@pytest.mark.parametrize(("senders", "said"), REFUSED)
def test_what_is_wrong_is_told_with_its_place(senders: str, said: str, repo: RepoFolder) -> None:
    with_mailers(repo).policy(_policy(senders))
    with pytest.raises(PolicyError) as raised:
        load_repo(repo.root)
    [found] = [each for each in raised.value.problems if said in each.message]
    assert found.path == "zones/policy/policy.yaml"
    assert found.line > 1


def test_a_strict_policy_can_have_senders_that_hold_it(repo: RepoFolder) -> None:
    with_mailers(repo).policy(_policy("box: {}\ndmarc: {p: none, aspf: s}"))
    assert load_repo(repo.root).policies


@pytest.mark.parametrize(
    ("today", "gone"), [("2026-11-30", False), ("2026-12-30", False), ("2026-12-31", True)]
)
def test_a_retired_sender_keeps_its_records_for_the_grace(
    today: str, gone: bool, repo: RepoFolder
) -> None:
    with_mailers(repo).policy(
        "domain: example.com\n"
        "senders:\n"
        "  box: {}\n"
        "  server: {ip: [192.0.2.10], retired: 2026-12-01}\n"
        "  bulk: {return_path: em1, target: u1.bulk.example, retired: 2026-12-01}\n"
    )
    [publication] = compile_repo(load_repo(repo.root, today=date.fromisoformat(today)))
    values = {rrset.key: set(rrset.values) for rrset in publication.zone.rrsets}
    address = "" if gone else "ip4:192.0.2.10 "  # first: an address costs no lookup
    assert values[DomainName(SPF[0]), SPF[1]] == {f"v=spf1 {address}include:_spf.box.example ~all"}
    aliases = {("em1.example.com", "CNAME"), (f"s1{DKIM}", "CNAME")}
    absent = {entry.key for entry in publication.declared if not entry.values}
    assert aliases <= (absent if gone else values.keys())


def test_null_takes_an_inherited_sender_out(repo: RepoFolder) -> None:
    with_mailers(repo).write("zones/policy/_defaults.yaml", "senders: {box: {}, letters: }\n")
    repo.policy("domain: example.com\nsenders:\n  box:\n  server: {ip: [192.0.2.10]}\n")
    [policy] = load_repo(repo.root).policies
    assert {use.key for use in policy.senders} == {"letters", "server"}


def test_each_domain_of_a_file_has_its_own_names(repo: RepoFolder) -> None:
    with_mailers(repo).policy(f"domains: [example.com, example.net]\nsenders:\n  {BULK}\n")
    found = compile_repo(load_repo(repo.root))
    assert {
        value
        for publication in found
        for rrset in publication.zone.rrsets
        if rrset.name.startswith("s2.")
        for value in rrset.values
    } == {"s2.example-com.bulk.example.", "s2.example-net.bulk.example."}


def test_every_problem_of_a_file_is_told_at_once(repo: RepoFolder) -> None:
    with_mailers(repo).policy(
        "domain: example.com\nsenders:\n  nobody: {}\n  cloud: {}\ndmarc: {p: nothing}\n"
    )
    with pytest.raises(PolicyError) as raised:
        load_repo(repo.root)
    assert {problem.line for problem in raised.value.problems} == {3, 4, 5}


@pytest.mark.parametrize("name", ["server.yaml", "note.txt", "deeper/box.yaml", "Upper.yaml"])
def test_other_files_beside_the_catalogue_are_problems(name: str, repo: RepoFolder) -> None:
    with_mailers(repo).policy("domain: example.com\nspf: {all: fail}\n")
    repo.write(str(Path("zones/senders") / name), "name: x\n")
    with pytest.raises(PolicyError):
        load_repo(repo.root)
