"""Plans as a reviewer reads them, who sees the comment on a pull request and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.serve.server import LoopbackServer
from tests.cli.conftest import HEAD
from tests.conftest import RepoFolder, free_port
from tests.deploy import evidence_repo
from tests.deploy.evidence_repo import (
    astray,
    commit_ago,
    own,
    policy_of,
    refused,
    reports,
    spoofed,
)

GOLDEN = Path(__file__).parent / "golden/review"
SENDING = HEAD + "@ IN MX 10 mx.example.net.\n@ IN A 192.0.2.10\nmx IN A 192.0.2.10\n"
OLD_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy9qfhh+9ngAdCpTVmxy9KHNkgZwSjZsp4NfMV+0zZ0+K"
    "8vVWDpo8/MhfVoemYjpLCASwX7yyufXWMbdRNs3rhiulNpEFhopT2AJyhe9BdcyvR/MEQoa+HMeEE+SCqQ0Z8cgk"
    "XdEQdGhrw807KjAjTlxoQ+gCsvRn1okXJ6OproJrzvfD/ol/RuIcyaGiQl/OG5ZSKpM4SBPyFCDH73T9l9apZ45V"
    "lo6uyoj9tOOAwx9VFn5U98rqMPWoVKPuV+EgrR0DhmVmDKVHMlM/Sc/vHY8JzM5CJLHCsYPm3Rb4AWR4bMcDGNrK"
    "nc2IUcf+0NWPCQkax9S2iNkmCo0AM43PAwIDAQAB"
)
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@dataclass(frozen=True)
class Story:
    """A repo, the zones at its provider, and what live DNS holds where that is something else."""

    policies: Mapping[str, str]
    zones: Mapping[str, str]
    live: Mapping[str, str] | None = None
    dark: bool = False  # nothing answers for the zones
    options: tuple[str, ...] = ()
    evidence: tuple[Row, ...] = ()  # of each of the last twenty days, from two reporters
    published: Policy = Policy.NONE  # what the reporters found


def sends(domain: str, *records: str) -> str:
    return SENDING + "".join(f"{record}\n" for record in records)


EVERYTHING = """domain: example.com
spf: {terms: [mx], all: fail}
dkim: {selectors: {mx2026: {k: ed25519, p: %s}}}
dmarc: {p: none, psd: n, rua: ["mailto:dmarc@example.com"]}
"""
TO_QUARANTINE = """domain: example.com
senders: {server: {ip: [192.0.2.10]}}
spf: {all: fail}
dmarc: {p: quarantine, psd: n}
"""
WATCHING = sends(
    "example.com",
    '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"',
    '_dmarc IN TXT "v=DMARC1; p=none; psd=n"',
)
STORIES: Mapping[str, Story] = {
    "first_records": Story({"example.com": EVERYTHING % KEY}, {"example.com": SENDING}),
    "nothing_to_do": Story(
        {"example.com": "domain: example.com\nspf: {terms: [mx], all: fail}\n"},
        {"example.com": sends("example.com", '@ IN TXT "v=spf1 mx -all"')},
    ),
    "spf_term_dropped": Story(
        {"example.com": 'domain: example.com\nspf:\n  terms: ["ip4:192.0.2.10", mx]\n  all: fail\n'},
        {
            "example.com": sends(
                "example.com",
                '@ IN TXT "v=spf1 ip4:192.0.2.10 mx include:_spf.sender.example ip4:198.51.100.0/24 -all"',
                '@ IN TXT "google-site-verification=0123456789"',
            )
        },
    ),
    "none_to_reject": Story(
        {"example.com": 'domain: example.com\ndmarc:\n  p: reject\n  psd: n\n  rua: ["mailto:dmarc@example.com"]\n'},
        {
            "example.com": sends(
                "example.com", '_dmarc IN TXT "v=DMARC1; p=none; psd=n; rua=mailto:dmarc@example.com"'
            )
        },
    ),
    "none_to_reject_permitted": Story(
        {
            "example.com": "domain: example.com\ndmarc: {p: reject, psd: n}\nallow:\n"
            "  - {rule: DMARC033, reason: a year of clean reports, until: 2099-01-31}\n"
            "  - {rule: DMARC032, reason: another tool has read them, until: 2099-01-31}\n"
        },
        {"example.com": sends("example.com", '_dmarc IN TXT "v=DMARC1; p=none; psd=n"')},
    ),
    "permission_over": Story(
        {
            "example.com": "domain: example.com\ndmarc: {p: reject, psd: n}\nallow:\n"
            "  - {rule: DMARC033, reason: a year of clean reports, until: 2026-01-31}\n"
        },
        {"example.com": sends("example.com", '_dmarc IN TXT "v=DMARC1; p=none; psd=n"')},
    ),
    "permission_not_needed": Story(
        {
            "example.com": "domain: example.com\ndmarc: {p: none, psd: n}\nallow:\n"
            "  - {rule: DMARC033, reason: a year of clean reports, until: 2099-01-31}\n"
        },
        {"example.com": sends("example.com", '_dmarc IN TXT "v=DMARC1; p=none; psd=n"')},
    ),
    "spf_term_dropped_far_from_all": Story(
        {
            "example.com": "domain: example.com\nspf:\n  terms: [mx, 'ip4:192.0.2.1', 'ip4:192.0.2.2', 'ip4:192.0.2.3', 'ip4:192.0.2.4', "
            "'ip4:192.0.2.5']\n  all: softfail\n"
        },
        {
            "example.com": sends(
                "example.com",
                '@ IN TXT "v=spf1 ip4:198.51.100.0/24 mx ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.3 ip4:192.0.2.4 ip4:192.0.2.5 ~all"',
            )
        },
    ),
    "sender_retiring": Story(
        {"example.com": "domain: example.com\nsenders:\n  mailchimp: {retired: 2099-01-31}\nspf: {terms: [mx], all: fail}\n"},
        {"example.com": sends("example.com", '@ IN TXT "v=spf1 mx -all"')},
    ),
    "parked_against_defaults": Story(
        {"_defaults": "providers: [local]\nnameservers: ['127.0.0.1:PORT']\ndmarc: {p: none}\n", "parked": "domain: example.com\nparked: true\n"},
        {"example.com": HEAD + '_dmarc IN TXT "v=DMARC1; p=quarantine"\n'},
    ),
    "dmarc_weakened": Story(
        {"example.com": "domain: example.com\ndmarc: {p: none, psd: n}\n"},
        {
            "example.com": sends(
                "example.com", '_dmarc IN TXT "v=DMARC1; p=reject; psd=n; rua=mailto:a@example.com,mailto:b@example.com"'
            )
        },
    ),
    "to_quarantine_with_evidence": Story(
        {"example.com": TO_QUARANTINE}, {"example.com": WATCHING}, evidence=(own("example.com"),)
    ),
    "to_quarantine_with_evidence_against_it": Story(
        {"example.com": TO_QUARANTINE},
        {"example.com": WATCHING},
        evidence=(
            own("example.com"),
            astray("example.com", 12),
            spoofed("example.com", 7),
            *(spoofed("example.com", 1, f"198.51.100.{number}") for number in range(7)),
        ),
    ),
    "to_quarantine_without_evidence": Story(
        {"example.com": TO_QUARANTINE}, {"example.com": WATCHING}
    ),
    "dmarc_weakened_with_evidence": Story(
        {"example.com": TO_QUARANTINE.replace("quarantine", "none")},
        {"example.com": WATCHING.replace("p=none", "p=reject")},
        evidence=(own("example.com"), refused("example.com", 9)),
        published=Policy.REJECT,
    ),
    "key_retired": Story(
        {
            "example.com": "domain: example.com\ndkim:\n  selectors:\n    mx2025: {state: revoked, signed_until: 2026-01-01T00:00:00Z}\n"
            f"    mx2026: {{k: ed25519, p: {KEY}}}\n"
        },
        {"example.com": sends("example.com", f'mx2025._domainkey IN TXT "v=DKIM1; k=rsa; p={OLD_KEY[:200]}" "{OLD_KEY[200:]}"')},
    ),
    "selector_deleted": Story(
        {"example.com": "domain: example.com\ndkim: {selectors: {news: {state: absent}}}\n"},
        {"example.com": sends("example.com", "news._domainkey IN CNAME news.keys.sender.example.")},
    ),
    "blocked": Story(
        {"example.com": "domain: example.com\ndmarc: {p: none, psd: n}\nspf: {terms: [mx], all: softfail}\n"},
        {"example.com": sends("example.com", "_dmarc IN CNAME dmarc.vendor.example.")},
    ),
    "two_zones_one_unreachable": Story(
        {
            "example.com": "domain: example.com\nspf: {terms: [mx], all: softfail}\n",
            "example.net": "domain: example.net\nspf: {terms: [mx], all: softfail}\n",
        },
        {"example.com": SENDING},
    ),
    "live_dns_differs": Story(
        {"example.com": "domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: none, psd: n}\n"},
        {"example.com": sends("example.com", '@ IN TXT "v=spf1 mx ~all"')},
        live={"example.com": sends("example.com", '@ IN TXT "v=spf1 a mx ?all"')},
    ),
    "other_servers_answer": Story(
        {"example.com": "domain: example.com\nspf: {terms: [mx], all: fail}\n"},
        {"example.com": SENDING},
        live={"example.com": SENDING.replace("ns1.example.net", "ns1.other.example")},
    ),
    "live_dns_dark": Story(
        {"example.com": "domain: example.com\nspf: {terms: [mx], all: fail}\n"},
        {"example.com": SENDING},
        dark=True,
    ),
    "mail_test_fails": Story(
        {
            "example.com": "domain: example.com\nspf: {terms: ['ip4:192.0.2.10'], all: fail}\ndmarc: {p: reject, psd: n}\ntests:\n"
            "  - name: the newsletter\n    from: news@example.com\n    ip: 198.51.100.7\n    expect: {spf: pass, dmarc: pass}\n"
        },
        {
            "example.com": sends(
                "example.com",
                '@ IN TXT "v=spf1 ip4:192.0.2.10 ip4:198.51.100.0/24 -all"',
                '_dmarc IN TXT "v=DMARC1; p=reject; psd=n"',
            )
        },
    ),
    "alias_in_the_way": Story(
        {
            "mail": "domain: mail.example.com\nzone: example.com\nspf: {terms: [mx], all: fail}\n"
            "dmarc: {p: quarantine, psd: n}\n"
        },
        {"example.com": SENDING + 'mail IN CNAME host.vendor.example.\n_dmarc.mail IN TXT "v=DMARC1; p=none; psd=n"\n'},
    ),
    "live_only": Story(
        {"example.com": "domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: none, psd: n}\n"},
        {"example.com": sends("example.com", '@ IN TXT "v=spf1 mx ~all"')},
        options=("--live-only",),
    ),
    "parked": Story(
        {"parked": "domains: [a.example, b.example, c.example, d.example, e.example]\nparked: true\n"},
        {
            f"{name}.example": HEAD + ('@ IN TXT "v=spf1 a ~all"\n' if name == "e" else "")
            for name in "abcde"
        },
    ),
}  # fmt: skip


def set_up(repo: RepoFolder, story: Story, port: int) -> None:
    repo.provider("local", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
    repo.write(
        "zones/policy/_defaults.yaml", f"providers: [local]\nnameservers: ['127.0.0.1:{port}']\n"
    )
    for name, text in story.policies.items():
        repo.policy(text.replace("PORT", str(port)), name)
    for zone, text in story.zones.items():
        repo.write(f"served/{zone}.zone", text)
    if story.evidence:
        published = policy_of("example.com", story.published)
        found = reports("example.com", story.evidence, published=published)
        evidence_repo.write(repo.root, "example.com", found)
        commit_ago(repo.root, 60)
    for zone, text in (story.live or {}).items():
        repo.write(f"live/{zone}.zone", text)


def settled(text: str) -> str:
    """The text without what each run has its own of."""
    text = re.sub(
        r"Made \S+(?: from commit \S+)? by mailauth-dns \S+\.", "Made TIME by TOOL.", text
    )
    text = re.sub(r"reports of \S+ to [-0-9]+", "reports of DAY to DAY", text)
    return re.sub(r"(127\.0\.0\.1:|UDP port )\d+", r"\1PORT", text)


@pytest.mark.parametrize("name", STORIES)
def test_a_comment_says_what_happens_to_mail(
    name: str, repo: RepoFolder, no_resolvers: None, request: pytest.FixtureRequest
) -> None:
    story = STORIES[name]
    (repo.root / "served").mkdir()
    (repo.root / "live").mkdir()
    folder = repo.root / ("served" if story.live is None else "live")
    with LoopbackServer(folder) as server:
        set_up(repo, story, free_port() if story.dark else server.port)
        assert repo.run("plan", "--out", "plan.json", *story.options).code in (0, 1)
    for format, suffix in (("markdown", "md"), ("github", "github")):
        said = settled(repo.run("plan", "--show", "plan.json", "--format", format).out)
        said = said.replace(str(repo.root), "REPO")
        golden = GOLDEN / f"{name}.{suffix}"
        if request.config.getoption("--update-golden"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(said)
        assert said == golden.read_text()
