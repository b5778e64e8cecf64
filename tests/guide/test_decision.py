"""What to do next, row by row: each case of the table, and what it says first."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest

from mailauth_dns.guide import areas
from mailauth_dns.guide.decision import DOMAIN, REPO, next_step, row_of
from mailauth_dns.guide.situation import Fault, Here, Ramp, SigningHost, Situation
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.records.name import DomainName
from tests.guide.situations import DONE, HERE, MISSING, but, here, in_dns, status
from tests.keys.declared_keys import EARLIER, LATER, NOW

COM = DomainName("example.com")
FAULT = Fault("zones/policy/example.com.yaml", 4, "SPF016", "everybody may send")

# Each case of the table with a situation in it, and the commands that it says.
REPO_CASES: dict[str, tuple[Here, str]] = {
    "no repo": (here(place="no repo"), "mailauth-dns quickstart DOMAIN"),
    "files are wrong": (
        here(place="broken", problem="a.yaml:1:1: x", problems=2),
        "mailauth-dns lint",
    ),
    "no lock": (here(place="no lock", problem="a.yaml:1:1: x"), "mailauth-dns spf lock"),
    "no policy": (here(place="empty"), "mailauth-dns import DOMAIN --write"),
    "a named domain has no policy": (
        here(unknown_domains=(DomainName("example.org"),)),
        "mailauth-dns import example.org --write",
    ),
}
DOMAIN_CASES: dict[str, tuple[Situation, Here, str]] = {
    "lint finds errors": (
        but(fault=FAULT, errors=2),
        HERE,
        "mailauth-dns rules SPF016; mailauth-dns lint example.com",
    ),
    "declares nothing": (but(declares=False), HERE, "mailauth-dns lint example.com"),
    "no DMARC": (but(dmarc=None, dmarc_missing=True), HERE, "mailauth-dns lint example.com"),
    "sends unsigned": (
        but(keys=()),
        here(administrator=True),
        "mailauth-dns dkim keygen example.com --private-dir /etc/opendkim/keys",
    ),
    "a private key is not here": (
        but(missing_halves=("/k/s1.private is not there",)),
        here(administrator=True),
        "mailauth-dns dkim check example.com --private-dir /etc/opendkim/keys",
    ),
    "compiled files are stale": (but(stale=True), HERE, "mailauth-dns compile"),
    "files are not committed": (
        DONE,
        here(uncommitted=("zones/policy/example.com.yaml",)),
        "git add -- zones; git diff --cached; git commit -m 'Mail policy of example.com'",
    ),
    "the local server is down": (
        but(records=in_dns("unknown", "nothing listens"), served_by=("--port", "5454")),
        HERE,
        "mailauth-dns serve --port 5454",
    ),
    "DNS is unknown": (
        but(records=in_dns("unknown", "no answer")),
        HERE,
        "mailauth-dns verify example.com --wait 10m",
    ),
    "DNS differs": (
        but(records=in_dns("missing")),
        HERE,
        "mailauth-dns plan example.com --out plan.json; mailauth-dns apply plan.json",
    ),
    "DNS differs, no provider": (
        but(records=in_dns("differs"), provided=False),
        HERE,
        "mailauth-dns export example.com --format paste; "
        "mailauth-dns verify example.com --wait 30m",
    ),
    "a key was never seen": (
        but(keys=(status("pending"),)),
        HERE,
        "mailauth-dns dkim activate example.com --wait 61m",
    ),
    "a key's time has come": (
        but(keys=(status("pending", to=KeyState.ACTIVE, at=EARLIER, seen=EARLIER),)),
        HERE,
        "mailauth-dns dkim activate example.com",
    ),
    "the signing host cannot be read": (
        but(host=SigningHost("opendkim", problem="/etc/opendkim.conf: Permission denied")),
        HERE,
        "sudo mailauth-dns next example.com",
    ),
    "the signing host has other files": (
        but(host=SigningHost("opendkim", files=("/etc/opendkim.conf lacks `x`",))),
        here(administrator=True, signing=(COM, DomainName("example.net"))),
        "mailauth-dns export example.com example.net --format opendkim --install; "
        "systemctl restart opendkim",
    ),
    "Postfix passes the signer by": (
        but(host=SigningHost("opendkim", postfix=("/etc/postfix/main.cf lacks `x`",))),
        here(administrator=True),
        "mailauth-dns export example.com --format postfix --out /etc/mailauth-dns/postfix; "
        "sh /etc/mailauth-dns/postfix/postconf.sh; systemctl reload postfix",
    ),
    "a private key is not safe": (
        but(host=SigningHost("opendkim", keys=("/k: its mode is 0644",))),
        here(administrator=True),
        "mailauth-dns dkim check example.com --private-dir /etc/opendkim/keys",
    ),
    "a key waits for caches": (
        but(keys=(status("pending", to=KeyState.ACTIVE, at=LATER, seen=NOW),)),
        HERE,
        "mailauth-dns dkim activate example.com --wait 61m",
    ),
    "an SPF part waits": (
        but(records=in_dns("waits", "from 13:00")),
        HERE,
        "mailauth-dns spf lock; mailauth-dns plan example.com --out plan.json; "
        "mailauth-dns apply plan.json",
    ),
    "a sender has no key": (
        but(keys=(status(cname="s1.example.net", unsigned="s1.example.net has no key"),)),
        HERE,
        "mailauth-dns dkim check example.com",
    ),
    "a sender's key is unknown": (
        but(keys=(status(cname="s1.example.net", unseen="s1.example.net: no answer"),)),
        HERE,
        "mailauth-dns dkim status example.com",
    ),
    "a retired sender is gone": (
        but(gone_senders=("news", "old")),
        HERE,
        "mailauth-dns senders status example.com",
    ),
    "DMARC can be tightened": (
        but(dmarc=Policy.NONE, ramp=Ramp("p none -> quarantine", met=True, reports=60)),
        HERE,
        "mailauth-dns dmarc advance example.com",
    ),
    "the signing host is partly unseen": (
        but(host=SigningHost("opendkim", unseen=("TrustedHosts is not looked at",))),
        HERE,
        "mailauth-dns help check-message",
    ),
}


def commands(step: object) -> str:
    return "; ".join(map(shlex.join, getattr(step, "commands", ())))


def test_each_case_is_tested() -> None:
    assert [row.name for row in REPO] == list(REPO_CASES)
    assert [row.name for row in DOMAIN] == list(DOMAIN_CASES)


@pytest.mark.parametrize("case", REPO_CASES)
def test_what_comes_before_any_domain(case: str) -> None:
    found, said = REPO_CASES[case]
    assert [row.name for row in REPO if row.holds(found)] == [case]
    assert commands(next_step(found, [])) == said


@pytest.mark.parametrize("case", DOMAIN_CASES)
def test_what_a_domain_needs(case: str) -> None:
    situation, found, said = DOMAIN_CASES[case]
    row = row_of(found, situation)
    assert row is not None
    assert row.name == case
    assert commands(next_step(found, [situation])) == said


def test_nothing_is_left() -> None:
    assert row_of(HERE, DONE) is None
    assert next_step(HERE, [DONE]) is None


# Between two cases that hold, the one that the table has first.
ORDER: tuple[tuple[str, Callable[[], Situation]], ...] = (
    ("lint finds errors", lambda: but(fault=FAULT, stale=True, records=in_dns("unknown"))),
    ("compiled files are stale", lambda: but(stale=True, records=in_dns("missing"))),
    ("DNS is unknown", lambda: but(records=in_dns("unknown"), keys=(status("pending"),))),
    ("DNS differs", lambda: but(records=in_dns("missing"), keys=(status("pending", MISSING),))),
)


@pytest.mark.parametrize(("case", "made"), ORDER)
def test_the_first_that_holds_counts(case: str, made: Callable[[], Situation]) -> None:
    row = row_of(HERE, made())
    assert row is not None
    assert row.name == case


@pytest.mark.parametrize("state", ["missing", "waits"])
def test_where_a_pipeline_applies_you_push(state: str) -> None:
    piped = here(pipeline=".github/workflows/mailauth.yml")
    at = but(records=in_dns(state))
    step = next_step(piped, [at])
    assert step is not None
    assert step.commands[-1] == ("git", "push", "--set-upstream", "origin", "HEAD")
    assert not any("apply" in command for command in step.commands)


def test_a_step_names_the_pipeline() -> None:
    step = next_step(here(pipeline=".gitlab-ci.yml"), [but(records=in_dns("missing"))])
    assert step is not None
    assert ".gitlab-ci.yml applies what was reviewed, after the merge" in step.why


# What still comes, by the key that the domain has.
LATER_CASES: dict[str, tuple[Situation, tuple[str, ...]]] = {
    "the first TTL, signs": (but(keys=(status(ttl=300),)), ("300",)),
    "a shorter one, signs": (but(keys=(status(ttl=60),)), ("60",)),
    "a longer one, signs": (but(keys=(status(ttl=3600),)), ()),
    "none of its own, signs": (but(keys=(status(),)), ()),
    "the first TTL, waits": (but(keys=(status("pending", ttl=300),)), ()),
    "the first TTL, revoked": (but(keys=(status("revoked", ttl=300),)), ()),
    "the first TTL, DNS differs": (but(keys=(status(ttl=300),), records=in_dns("differs")), ()),
}


@pytest.mark.parametrize("case", LATER_CASES)
def test_the_short_ttl_of_a_key_that_signs_is_for_later(case: str) -> None:
    at, ttls = LATER_CASES[case]
    assert list(areas.later(HERE, at)) == [
        f"write `ttl: 3600` for s1 in zones/policy/example.com.yaml, and publish it: {ttl} was "
        "short so that you waited less"
        for ttl in ttls
    ]


UNKNOWN = {"files are wrong", "the local server is down", "DNS is unknown"} | {
    "a sender's key is unknown",
    "the signing host cannot be read",
    "the signing host is partly unseen",
}


def test_what_is_unknown_is_said_to_be() -> None:
    said: Sequence[tuple[str, object]] = [
        *((name, next_step(found, [])) for name, (found, _) in REPO_CASES.items()),
        *((name, next_step(found, [at])) for name, (at, found, _) in DOMAIN_CASES.items()),
    ]
    assert {name for name, step in said if getattr(step, "unknown", None)} == UNKNOWN


def test_several_domains_in_one_case_are_one_step() -> None:
    other = replace(but(records=in_dns("missing")), domain=DomainName("example.net"))
    three = here(policies=3)
    step = next_step(three, [but(records=in_dns("missing")), other, DONE])
    assert commands(step) == (
        "mailauth-dns plan example.com example.net --out plan.json; mailauth-dns apply plan.json"
    )
    both = next_step(HERE, [but(records=in_dns("missing")), other])
    assert commands(both) == "mailauth-dns plan --out plan.json; mailauth-dns apply plan.json"


def test_the_most_urgent_domain_comes_first() -> None:
    waits = but(keys=(status("pending", to=KeyState.ACTIVE, at=LATER, seen=NOW),))
    missing = replace(but(records=in_dns("missing")), domain=DomainName("example.net"))
    step = next_step(HERE, [waits, missing])
    assert step is not None
    assert step.what == "Plan, read the plan, and apply it"
    assert step.why == "DNS lacks example.com TXT"


def test_a_wait_says_until_when_and_how_long() -> None:
    waits = but(keys=(status("pending", to=KeyState.ACTIVE, at=LATER, seen=NOW),))
    step = next_step(HERE, [waits])
    assert step is not None
    assert (step.what, step.takes, step.at) == (
        "Wait until 13:00 UTC, then let s1 sign",
        "1 hour of waiting",
        LATER,
    )


RAMPS = {
    "no report": (
        Ramp("p none -> quarantine"),
        "read the DMARC reports that come: `reports read PATH --write`; `dmarc status example.com` "
        "says what is left to p none -> quarantine",
    ),
    "time brings it": (
        Ramp("p none -> quarantine", reports=9, not_before=date(2026, 12, 9), blocks=("x",)),
        "from 2026-12-09 `dmarc advance example.com`: p none -> quarantine, if mail goes on so",
    ),
    "something is broken": (
        Ramp("p quarantine -> reject", reports=9, blocks=("97.9 percent aligned, 98 needed",)),
        "p quarantine -> reject waits (`dmarc status example.com`): 97.9 percent aligned, 98 needed",
    ),
}


@pytest.mark.parametrize("case", RAMPS)
def test_what_the_next_step_of_dmarc_waits_for_is_for_later(case: str) -> None:
    ramp, said = RAMPS[case]
    at = but(dmarc=Policy.NONE, ramp=ramp)
    assert row_of(HERE, at) is None
    assert list(areas.later(HERE, at)) == [said]
