"""Results full of what others may write: markup, quotes, commands for terminals, marks that turn the text around."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailauth_dns.evaluate import dkim_key
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.spf_check import SpfCheck, SpfResult
from mailauth_dns.evaluate.spf_tree import LookupCost, Note, Remark
from mailauth_dns.evaluate.verdict import DmarcResult, Identifier, Mechanism, Verdict
from mailauth_dns.evidence.evidence import Evidence, MailReport, Row, Window
from mailauth_dns.evidence.sources.overview import Overview, overview
from mailauth_dns.evidence.sources.source_kind import AttributedRow, Attribution, SourceKind
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.in_dns import KeyInDns
from mailauth_dns.keys.next_step import KeyStep
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.pages.evidence_page import evidence_page
from mailauth_dns.pages.identities import Identities
from mailauth_dns.pages.keys_page import keys_page
from mailauth_dns.pages.message_page import message_page
from mailauth_dns.pages.plan_page import plan_page
from mailauth_dns.pages.spf_page import spf_page
from mailauth_dns.pages.tests_page import tests_page
from mailauth_dns.plan.digests import Digests
from mailauth_dns.plan.plan import (
    AuthorityEntry,
    BlockedEntry,
    ChangeEntry,
    FailedEntry,
    KeptEntry,
    LiveEntry,
    Plan,
    ServerEntry,
    TestState,
    TrialEntry,
    ZoneEntry,
)
from mailauth_dns.policy.public_key_files import PublicKey
from mailauth_dns.policy.sections.dkim import KeyState, SelectorSection
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import Disposition, PublishedPolicy
from mailauth_dns.simulate.before_after import Rehearsal
from mailauth_dns.simulate.run_mail_tests import TestResult, Trial

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

# Each would be seen by the browser's test if it left its place: it marks the page around the frame, or asks the server.
ATTACK = (
    "<script>parent.document.documentElement.dataset.ran=1</script>"
    "</style></title></svg></details><script>parent.document.documentElement.dataset.ran=2</script>"
    "\"'><img src=/stolen.png onerror=parent.document.documentElement.dataset.ran=3>"
    "<link rel=stylesheet href=/stolen.css><base href=//127.0.0.1:9/><svg onload=parent.document.documentElement.dataset.ran=4>"
    "]]>--><!--{{ 7 * 7 }}{% raw %}&amp;&#60;b&#62;"
    "\x1b[31m\x1b]8;;http://host.example/\x07\u202egnirts\u2066\u2069\r\n\x00\x7f\ufeff\ud800"
)
LONG = "x" * 100_000
NAME = DomainName("host.example")


def change(number: int, **given: object) -> ChangeEntry:
    values: dict[str, object] = {
        "domain": f"zone{number}.example",
        "name": f"zone{number}.example",
        "type": "TXT",
        "family": "spf",
        "before": ("v=spf1 mx ~all",),
        "after": ("v=spf1 -all",),
        "ttl_before": 300,
        "ttl_after": 3600,
        "kept": 1,
        "meaning": "may no longer send: mx; every other host softfail -> fail",
        "risk": "caution",
        "rules": (),
    }
    return ChangeEntry(**(values | given))  # type: ignore[arg-type]


def zone(number: int, *changes: ChangeEntry, **given: object) -> ZoneEntry:
    values: dict[str, object] = {
        "zone": f"zone{number}.example",
        "provider": "bind",
        "digests": Digests("0" * 64, "0" * 64, "0" * 64),
        "changes": changes,
        "blocked": (),
        "kept": (KeptEntry("www", "A", False, None, (f"A {number:08x}",)),),
        "live": (),
        "authority": AuthorityEntry("agrees", "the same NS set", True),
        "tests": (),
    }
    return ZoneEntry(**(values | given))  # type: ignore[arg-type]


def plan(*zones: ZoneEntry, failed: tuple[FailedEntry, ...] = ()) -> Plan:
    return Plan("0.1.0", "2026-11-28T12:00:00+00:00", "0123456789ab", None, False, zones, failed)


def trial(text: str, result: TestState) -> TrialEntry:
    return TrialEntry(
        text,
        text,
        result,
        "passed",
        (text,),
        "fail",
        "none",
        "fail",
        "reject",
        (text,),
        (text,),
    )


def hostile_plan(text: str) -> Plan:
    """A plan whose every text is this one."""
    pair = (text,)
    live = LiveEntry(
        text,
        text,
        text,
        pair,
        pair,
        None,
        text,
        "differs",
        (ServerEntry(text, pair, None), ServerEntry(text, None, text)),
    )
    full = zone(
        1,
        change(1, domain=text, name=text, type=text, before=pair, after=(text + "!",), meaning=text, risk="breaking", rules=pair),
        change(2, domain=text, name=text, type="MX", before=(), after=pair, meaning=text, risk="safe"),
        zone=text,
        provider=text,
        blocked=(BlockedEntry(text, text, text, "spf", text), BlockedEntry(text, text, text, "spf", text, True)),
        kept=(KeptEntry(text, text, True, text, pair), KeptEntry(text, "TXT", False, None, pair, pair)),
        live=(live,),
        authority=AuthorityEntry("differs", text, True),
        tests=(trial(text, "failed"), trial(text + "?", "unknown"), trial("good", "passed")),
    )  # fmt: skip
    made = plan(full, zone(2), failed=(FailedEntry(text, text, text),))
    return Plan(
        text, text, text, (text,), False, made.zones, made.failed, notes=(text,), live_only=True
    )


def hostile_tree(text: str) -> LookupCost:
    leaves = tuple(
        LookupCost(text, text, 1, number % 2, 0, (Note(Remark.MACRO, text),), Unknown(text) if number == 5 else None)
        for number in range(14)
    )  # fmt: skip
    return LookupCost(text, text, 0, children=(LookupCost(text, text, 1, children=leaves),))


def status(domain: str, selector: str, state: KeyState, text: str, **given: datetime) -> KeyStatus:
    section = SelectorSection.model_construct(
        None, key="key.pem", state=state, since=NOW - timedelta(days=3), **given
    )
    key = Key(
        DomainName(domain), DomainName(domain), selector, section, PublicKey(text, "AAAA"), 300
    )
    step = {
        KeyState.PENDING: KeyStep(KeyState.ACTIVE, NOW + timedelta(hours=1), text),
        KeyState.ACTIVE: KeyStep(KeyState.RETIRING, None, text),
        KeyState.RETIRING: KeyStep(KeyState.REVOKED, NOW + timedelta(days=4), text),
        KeyState.REVOKED: KeyStep(KeyState.ABSENT, NOW - timedelta(days=4), text),
    }.get(state)
    return KeyStatus(
        key, KeyInDns("partly", text, contradicts=state is KeyState.ACTIVE), step
    )  # fmt: skip


def hostile_keys(text: str) -> list[KeyStatus]:
    return [status(text, f"{text}{state}", state, text, seen=NOW, signed_until=NOW - timedelta(days=5)) for state in KeyState]  # fmt: skip


def verdict(text: str) -> Verdict:
    name = DomainName(text)
    identifiers = tuple(
        Identifier(mechanism, name, result, f"{text} (MAIL FROM {text})", text)
        for mechanism in Mechanism
        for result in ("pass", "fail", "temperror")
    )
    return Verdict(
        SpfCheck(SpfResult.FAIL, text),
        dkim_key.DkimResult.PASS,
        DmarcResult.FAIL,
        None,
        identifiers,
        None,
        (text, text),
        (text,),
    )


def hostile_evidence(text: str) -> Overview:
    """Evidence in which every word that a reporter or a policy may choose is this one."""
    row = Row(text, DomainName(text), 3, False, False, Disposition.REJECT)
    published = PublishedPolicy(DomainName(text))
    reports = tuple(
        MailReport(Window(day * 86400, day * 86400 + 1, text, text), published, (row,))
        for day in (20_000, 20_003)
    )
    rows = [
        AttributedRow(report.window, row, Attribution(kind, sender, text, text))
        for report in reports
        for kind in SourceKind
        for sender in (text, None)
    ]
    hosts = {text: DomainName(text)}
    return overview(Evidence(DomainName(text), reports), rows, hosts, None)


def pages(text: str) -> dict[str, str]:
    """Every page there is, each with this text wherever a text can stand."""
    found = verdict(text)
    trials = [Trial(DomainName(text), text, found, outcome, (text,)) for outcome in TestResult]
    return {
        "plan": plan_page(hostile_plan(text)),
        "spf": spf_page(text, hostile_tree(text)),
        "keys": keys_page(hostile_keys(text), NOW),
        "message": message_page(
            [(text, found), ("as it would be", found)], Identities((text,), text, text, text)
        ),
        "evidence": evidence_page(hostile_evidence(text), 20),
        "tests": tests_page([Rehearsal(each, each) for each in trials]),
    }
