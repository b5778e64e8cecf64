"""What TLS reports have to say before MTA-STS is enforced."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evidence.evidence import SessionReport
from mailauth_dns.evidence.gate.gate import TlsGate
from mailauth_dns.evidence.tls.sessions import FailedAlike
from mailauth_dns.evidence.tls.verdict import LONGEST, TlsVerdict, tls_verdict
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.tls import Mode, PolicyType
from tests.evidence.tls_reports import MX, TODAY, daily, day, evidence, report, sts

GATE = TlsGate()
GOOD = daily(sts(50))


def verdict(*reports: SessionReport, gate: TlsGate = GATE) -> TlsVerdict:
    return tls_verdict(evidence(*reports), MX, gate, TODAY)


def blocked(*reports: SessionReport, gate: TlsGate = GATE) -> list[str]:
    return [each.words for each in verdict(*reports, gate=gate).blocks]


EXPIRED = ("certificate-expired", "mx2.example.com", 1)

HISTORIES: list[tuple[str, tuple[SessionReport, ...], list[str]]] = [
    ("two weeks without a failure", GOOD, []),
    (
        "no report",
        (),
        [
            "0 days with a report, 14 needed",
            "0 sessions, 100 needed",
            "no session, 99 percent secured needed",
            "0 reporters, 2 needed",
            "no two reports, of the last 7 days needed",
        ],
    ),
    (
        "a report without a session",
        daily(sts(0)),
        [
            "0 days with a report, 14 needed",
            "0 sessions, 100 needed",
            "no session, 99 percent secured needed",
            "0 reporters, 2 needed",
            "no two reports, of the last 7 days needed",
        ],
    ),
    (
        "thirteen days",
        daily(sts(50), range(1, 14)),
        ["13 days with a report, 14 needed"],
    ),
    (
        "two weeks with ten days missing",
        daily(sts(50), range(1, 3)) + daily(sts(50), range(12, 15)),
        ["5 days with a report, 14 needed"],
    ),
    ("a month in which every second day is missing", daily(sts(50), range(1, 30, 2)), []),
    ("little mail, for a month", daily(sts(2), range(1, 31)), []),
    (
        "next to no mail, for three months",
        daily(sts(1), range(1, 91, 3)),
        ["60 sessions, 100 needed"],
    ),
    (
        "one reporter",
        daily(sts(50), range(1, 16), by=("google.com",)),
        ["1 reporter, 2 needed"],
    ),
    (
        "one reporter, and a report of another",
        (*daily(sts(50), range(1, 16), by=("google.com",)), report(3, sts(2), by="other.example")),
        ["2 reporters, 2 needed: one has sent a single report, which alone cannot decide"],
    ),
    (
        "a report that alone makes the fourteenth day",
        (*daily(sts(50), range(1, 14)), report(14, sts(50))),
        [
            "14 days with a report, 14 needed: one day has a single report, which alone cannot "
            "decide"
        ],
    ),
    (
        "a report that alone makes the sessions",
        (
            *daily(sts(2)),
            report(3, sts(9000), by="other.example"),
            report(2, sts(1), by="c.example"),
        ),
        ["9057 sessions, 100 needed: 57 without the largest report, which alone cannot decide"],
    ),
    (
        "a report that alone is new",
        (*daily(sts(50), range(9, 30)), report(1, sts(1))),
        [
            "last report 2026-11-27, not more than 7 days old needed: it is the only one so new",
        ],
    ),
    (
        "the last report is old",
        daily(sts(50), range(9, 30)),
        ["last report 2026-11-19, not more than 7 days old needed"],
    ),
    (
        "a certificate that has expired",
        daily(sts(50, EXPIRED)),
        [
            "98 percent secured, 99 needed: certificate-expired at mx2.example.com (28 sessions)",
        ],
    ),
    ("a certificate that one session in two hundred saw", daily(sts(199, EXPIRED)), []),
    (
        "a certificate that was renewed before the window",
        GOOD + daily(sts(0, ("certificate-expired", "mx2.example.com", 40)), range(15, 30)),
        [],
    ),
    (
        "one reporter sees what the others do not",
        (*GOOD, *daily(sts(20, EXPIRED), by=("mail.example",))),
        [
            "99.1 percent secured, 99 needed: mail.example has 95.2 percent: "
            "certificate-expired at mx2.example.com (14 sessions)",
        ],
    ),
    (
        "one reporter, with an accident",
        (*GOOD, report(5, sts(20, ("starttls-not-supported", None, 2)), by="mail.example")),
        [],
    ),
    (
        "a failure that the parts do not name",
        daily(sts(10, failed=5)),
        ["66.6 percent secured, 99 needed: not said (140 sessions)"],
    ),
    (
        "a word that no RFC knows",
        daily(sts(10, ("moon-phase", "mx1.example.com", 5))),
        ["66.6 percent secured, 99 needed: moon-phase at mx1.example.com (140 sessions)"],
    ),
    (
        "a policy that could not be fetched",
        daily(sts(0, ("sts-policy-fetch-error", None, 9), mode=None, mx=())),
        ["0 percent secured, 99 needed: sts-policy-fetch-error (252 sessions)"],
    ),
]


@pytest.mark.parametrize(
    ("reports", "expected"), [row[1:] for row in HISTORIES], ids=[row[0] for row in HISTORIES]
)
def test_gate(reports: tuple[SessionReport, ...], expected: list[str]) -> None:
    assert blocked(*reports) == expected
    assert verdict(*reports).met == (not expected)


APART = [
    ("no policy", sts(50, mode=None, mx=(), type=PolicyType.NONE)),
    ("DANE", sts(50, mode=None, mx=(), type=PolicyType.TLSA)),
    ("the reporter did not say which", sts(50, mode=None, mx=(), type=None)),
    ("mode none", sts(50, mode=Mode.NONE)),
    ("an older policy, with fewer exchangers", sts(50, mx=("mx1.example.com",))),
    ("an older policy, with another exchanger", sts(50, mx=(*MX, "old.example.com"))),
    ("an exchanger that is not ours", sts(50, mode=None, mx=("mx.example.net",))),
]


@pytest.mark.parametrize("policy", [row[1] for row in APART], ids=[row[0] for row in APART])
def test_sessions_that_say_nothing_of_the_policy_do_not_count(policy: object) -> None:
    assert isinstance(policy, type(sts(1)))
    found = verdict(*daily(policy))
    assert (found.sessions, found.met, found.apart) == (0, False, 28 * 50)
    beside = verdict(*GOOD, *daily(policy, by=("dane.example",)))
    assert (beside.sessions, beside.met, beside.apart) == (28 * 50, True, 14 * 50)


@pytest.mark.parametrize("mode", [Mode.TESTING, Mode.ENFORCE, None])
@pytest.mark.parametrize("mx", [MX[:1], ("*.example.com",)])
def test_a_report_need_not_repeat_the_policy(mode: Mode | None, mx: tuple[str, ...]) -> None:
    ours = ("*.example.com",)
    named = sts(50, mode=mode, mx=mx if mode is None else ours)
    assert tls_verdict(evidence(*daily(named)), ours, GATE, TODAY).met


@pytest.mark.parametrize("mode", [Mode.TESTING, Mode.ENFORCE, None])
def test_sessions_with_exchangers_that_nobody_names_only_hold_back(mode: Mode | None) -> None:
    good, bad = sts(50, mode=mode, mx=()), sts(9000, EXPIRED, EXPIRED, mode=mode, mx=())
    found = verdict(*daily(good))
    assert (found.sessions, found.met, found.apart) == (0, False, 28 * 50)
    assert verdict(*GOOD, *daily(good)).met
    assert blocked(*GOOD, *daily(bad)) == [
        "96.1 percent secured, 99 needed: certificate-expired at mx2.example.com (56 sessions)"
    ]


def test_failures_with_exchangers_that_nobody_names_stand_for_no_day() -> None:
    known = daily(sts(9000), range(1, 8))
    unnamed = daily(sts(0, EXPIRED, mx=()), range(8, 20))
    assert blocked(*known, *unnamed) == ["7 days with a report, 14 needed"]


def test_the_worst_failures_come_first() -> None:
    reports = [
        report(3, sts(90, EXPIRED, ("starttls-not-supported", "mx1.example.com", 7))),
        report(2, sts(90, EXPIRED), by="yahoo.com"),
    ]
    assert verdict(*reports).failures == (
        FailedAlike(
            DomainName("mx1.example.com"), "starttls-not-supported", 7, ("google.com",), day(3)
        ),
        FailedAlike(
            DomainName("mx2.example.com"),
            "certificate-expired",
            2,
            ("google.com", "yahoo.com"),
            day(2),
        ),
    )


WAITS = [
    ("nothing blocks", daily(sts(50)), TODAY),
    ("a week of mail", daily(sts(50), range(1, 8)), day(-7)),
    ("half the sessions in two weeks", daily(sts(1), range(1, 15)), day(-38)),
    ("too little mail to wait for", daily(sts(1), range(1, 90, 7)), None),
    ("one reporter", daily(sts(50), range(1, 8), ("google.com",)), None),
    ("failures", daily(sts(0, EXPIRED)), None),
    ("no report", (), None),
]


@pytest.mark.parametrize(
    ("reports", "expected"), [row[1:] for row in WAITS], ids=[row[0] for row in WAITS]
)
def test_day_on_which_the_step_may_come(
    reports: tuple[SessionReport, ...], expected: date | None
) -> None:
    assert verdict(*reports).not_before == expected


def test_a_report_of_a_day_that_has_not_come_does_not_count() -> None:
    false = daily(sts(0, ("certificate-expired", None, 1000)), range(-20, 0))
    assert verdict(*GOOD, *false) == verdict(*GOOD)
    assert not verdict(*false).sessions


def test_the_window_is_the_shortest_that_has_what_the_gate_asks_for() -> None:
    found = verdict(*daily(sts(2), range(1, 90)))
    assert (found.first, found.last, found.days, found.sessions) == (day(26), day(1), 26, 104)
    assert (day(1) - day(LONGEST)).days == LONGEST - 1


GATES = [
    (TlsGate(days=5), daily(sts(50), range(1, 6))),
    (TlsGate(sessions=10), daily(sts(1))),
    (TlsGate(secured=90), daily(sts(20, EXPIRED))),
    (TlsGate(reporters=1), daily(sts(50), range(1, 16), ("google.com",))),
    (TlsGate(newest=timedelta(days=20)), daily(sts(50), range(15, 30))),
]


@pytest.mark.parametrize(("gate", "reports"), GATES)
def test_a_policy_may_ask_for_less(gate: TlsGate, reports: tuple[SessionReport, ...]) -> None:
    assert verdict(*reports, gate=gate).met
    assert gate.sessions != GATE.sessions or not verdict(*reports).met


@given(
    true=st.lists(
        st.tuples(st.integers(1, 20), st.integers(0, 30), st.integers(0, 30)), min_size=1
    ),
    false=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 10**7)), max_size=20),
)
def test_one_false_reporter_does_not_hide_what_fails(
    true: list[tuple[int, int, int]], false: list[tuple[int, int]]
) -> None:
    """Where three sessions and a percent fail, no number of good ones of one reporter helps."""
    seen = [
        report(back, sts(secured, ("certificate-expired", None, failed)))
        for back, secured, failed in true
    ]
    secured, failed = (sum(row[number] for row in true) for number in (1, 2))
    forged = [report(back, sts(number), by="forger.example") for back, number in false]
    if failed >= 3 and secured < 99 * failed:
        recent = [each for each in seen if each.window.begin >= 0]
        assert not verdict(*recent, *forged, gate=TlsGate(days=20)).met
