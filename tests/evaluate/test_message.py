"""Whole messages, judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.evaluate.dkim_key import DkimResult, Result
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.verdict import Verdict
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import Recorded

SETS: dict[str, str | list[str]] = {
    "example.com TXT": "v=spf1 ip4:192.0.2.10 -all",
    "example.com MX": "10 mx.example.com.",
    "mx.example.com A": "192.0.2.10",
    "mx.example.com TXT": "v=spf1 a -all",
    "bounce.example.com TXT": "v=spf1 ip4:192.0.2.10 ~all",
    "news.example.com A": "192.0.2.1",
    "_dmarc.example.com TXT": "v=DMARC1; p=quarantine; sp=none; np=reject",
    "strict.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "_dmarc.strict.example TXT": "v=DMARC1; p=reject; adkim=s; aspf=s",
    "_dmarc.strictdkim.example TXT": "v=DMARC1; p=reject; adkim=s",
    "_dmarc.strictspf.example TXT": "v=DMARC1; p=reject; aspf=s",
    "m.strictdkim.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "m.strictspf.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "bounce.strict.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "sender.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "open.example TXT": "v=spf1 ip4:192.0.2.10 -all",
    "trial.example TXT": "v=spf1 -all",
    "_dmarc.trial.example TXT": "v=DMARC1; p=reject; t=y",
    "broken.example TXT": "v=spf1 nonsense",
    "_dmarc.broken.example TXT": "v=DMARC1; p=rejct",
    "_dmarc.xn--bcher-kva.example TXT": "v=DMARC1; p=reject",
    "_dmarc.two.example TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"],
}


def signed(d: str, result: Result = Result.PASS, reason: str | None = None) -> DkimResult:
    return DkimResult(DomainName(d), "s1", result, reason)


OURS = Message(
    ("alice@example.com",),
    "alice@example.com",
    "mx.example.com",
    "192.0.2.10",
    (signed("example.com"),),
)
UNSIGNED = replace(OURS, dkim=())
SPOOF = replace(UNSIGNED, ip="203.0.113.66", helo="evil.example")
FORWARDED = replace(OURS, ip="203.0.113.5", mail_from="list@sender.example")


def of(*header_from: str) -> Message:
    """A spoof of these addresses."""
    return replace(
        SPOOF, header_from=header_from, mail_from=header_from[0] if header_from else "x@example.com"
    )


def both(domain: str) -> Message:
    """Mail of a domain that passes SPF and DKIM for a name below it."""
    return replace(
        OURS, header_from=(f"a@{domain}",), mail_from=f"a@m.{domain}", dkim=(signed(f"m.{domain}"),)
    )


# message, spf, dkim, dmarc, disposition, aligned
VERDICTS = [
    (OURS, "pass", "pass", "pass", "none", ["SPF", "DKIM"]),
    (UNSIGNED, "pass", "none", "pass", "none", ["SPF"]),
    (SPOOF, "fail", "none", "fail", "quarantine", []),
    (FORWARDED, "fail", "pass", "pass", "none", ["DKIM"]),
    (replace(UNSIGNED, mail_from="list@sender.example"), "pass", "none", "fail", "quarantine", []),
    (replace(UNSIGNED, mail_from="x@bounce.example.com"), "pass", "none", "pass", "none", ["SPF"]),
    # the null path stands for the HELO name, which counts for nothing else
    (replace(UNSIGNED, mail_from=""), "pass", "none", "pass", "none", ["SPF"]),
    (
        replace(UNSIGNED, mail_from="", helo="[192.0.2.10]"),
        "none",
        "none",
        "fail",
        "quarantine",
        [],
    ),
    (
        replace(UNSIGNED, mail_from="x@sender.example", ip="203.0.113.5"),
        "fail",
        "none",
        "fail",
        "quarantine",
        [],
    ),
    # signatures
    (
        replace(OURS, ip="203.0.113.5", dkim=(signed("sender.example"),)),
        "fail",
        "pass",
        "fail",
        "quarantine",
        [],
    ),
    (
        replace(FORWARDED, dkim=(signed("sender.example"), signed("news.example.com"))),
        "fail",
        "pass",
        "pass",
        "none",
        ["DKIM"],
    ),
    (
        replace(SPOOF, dkim=(signed("example.com", Result.FAIL, "no key"),)),
        "fail",
        "fail",
        "fail",
        "quarantine",
        [],
    ),
    # subdomains: sp where they exist, np where they do not
    (of("x@news.example.com"), "none", "none", "fail", "none", []),
    (of("x@nothing.example.com"), "none", "none", "fail", "reject", []),
    # strict
    (
        replace(OURS, header_from=("a@strict.example",), mail_from="a@bounce.strict.example"),
        "pass",
        "pass",
        "fail",
        "reject",
        [],
    ),
    (
        replace(OURS, header_from=("a@strict.example",), mail_from="a@strict.example"),
        "pass",
        "pass",
        "pass",
        "none",
        ["SPF"],
    ),
    (
        replace(OURS, header_from=("a@strict.example",), dkim=(signed("mail.strict.example"),)),
        "pass",
        "pass",
        "fail",
        "reject",
        [],
    ),
    # strict for one mechanism, relaxed for the other
    (both("strictdkim.example"), "pass", "pass", "pass", "none", ["SPF"]),
    (both("strictspf.example"), "pass", "pass", "pass", "none", ["DKIM"]),
    # t=y, no policy, one that nobody can use, two of them
    (of("x@trial.example"), "fail", "none", "fail", "quarantine", []),
    (replace(of("x@open.example"), ip="192.0.2.10"), "pass", "none", "none", "none", []),
    (of("x@broken.example"), "permerror", "none", "none", "none", []),
    (of("x@two.example"), "none", "none", "none", "none", []),
    # From headers
    (of("a@example.com", "b@example.com"), "fail", "none", "fail", "quarantine", []),
    (of("a@example.com", "b@strict.example"), "fail", "none", "permerror", None, []),
    (of(), "fail", "none", "permerror", None, []),
    (replace(of("no address"), ip="192.0.2.10"), "none", "none", "permerror", None, []),
    (replace(OURS, from_fields=2), "pass", "pass", "permerror", None, []),
    (replace(of(), mail_from="", helo="", from_fields=0), "none", "none", "permerror", None, []),
    # Signatures that nobody looked at: one of them may pass, where nothing else does
    (replace(UNSIGNED, unseen=3), "pass", "temperror", "pass", "none", ["SPF"]),
    (replace(FORWARDED, unseen=3), "fail", "pass", "pass", "none", ["DKIM"]),
    (replace(SPOOF, unseen=3), "fail", "temperror", "temperror", None, []),
    (of("a@Example.COM."), "fail", "none", "fail", "quarantine", []),
    (replace(of("a@bücher.example"), mail_from=""), "none", "none", "fail", "reject", []),
]


@pytest.mark.parametrize(("message", "spf", "dkim", "dmarc", "disposition", "aligned"), VERDICTS)
def test_verdict(
    message: Message, spf: str, dkim: str, dmarc: str, disposition: str | None, aligned: list[str]
) -> None:
    verdict = judge(message, Recorded(SETS))
    assert (verdict.spf.result, verdict.dkim, verdict.dmarc, verdict.disposition) == (
        spf,
        dkim,
        dmarc,
        disposition,
    )
    assert [identifier.mechanism for identifier in verdict.aligned] == aligned


# message, names that do not answer, dmarc
DARK = [
    (OURS, "_dmarc.example.com", "temperror"),
    (OURS, "example.com", "pass"),  # SPF is unknown, and DKIM aligns
    (UNSIGNED, "example.com", "temperror"),  # SPF could have passed
    (UNSIGNED, "_dmarc.com", "pass"),  # the author domain itself needs no organizational domain
    (
        replace(UNSIGNED, mail_from="x@bounce.example.com"),
        "_dmarc.com",
        "pass",
    ),  # both walks have found example.com below it
    (
        replace(UNSIGNED, mail_from="x@sender.example"),
        "sender.example",
        "fail",
    ),  # would not align even if it passed
    # can never be of the author's organization, so nobody need ask: a sender's SPF domain, and the d= of a signature
    (replace(UNSIGNED, mail_from="x@sender.example"), "_dmarc.sender.example", "fail"),
    (replace(UNSIGNED, mail_from="x@sender.example"), "_dmarc.com", "fail"),
    (replace(SPOOF, dkim=(signed("sender.example"),)), "_dmarc.sender.example", "fail"),
    (replace(SPOOF, dkim=(signed("mail.example.com"),)), "_dmarc.mail.example.com", "temperror"),
    (replace(SPOOF, dkim=(signed("example.com", Result.TEMPERROR, "SERVFAIL"),)), "x", "temperror"),
    (replace(SPOOF, dkim=(signed("sender.example", Result.TEMPERROR, "SERVFAIL"),)), "x", "fail"),
    (
        replace(of("x@nothing.example.com"), mail_from="x@example.net"),
        "nothing.example.com",
        "temperror",
    ),  # sp or np?
    (
        replace(of("x@nothing.example.com"), dkim=(signed("example.com"),)),
        "nothing.example.com",
        "pass",
    ),
]


@pytest.mark.parametrize(("message", "dark", "dmarc"), DARK)
def test_unknown_is_a_temperror_where_it_matters(message: Message, dark: str, dmarc: str) -> None:
    verdict = judge(message, Recorded(SETS, [dark]))
    assert verdict.dmarc == dmarc
    if dmarc == "temperror":
        assert verdict.disposition is None
        assert "unknown" in verdict.why[-1]


WHY = [
    (
        OURS,
        [
            "SPF passes for example.com (MAIL FROM), which is the author domain",
            "DKIM passes for example.com (selector s1), which is the author domain",
            "DMARC passes for example.com by SPF and DKIM",
        ],
    ),
    (
        replace(
            OURS,
            mail_from="x@bounce.example.com",
            dkim=(signed("sender.example"), signed("example.com", Result.FAIL, "no key at s1")),
        ),
        [
            "SPF passes for bounce.example.com (MAIL FROM), which is aligned with example.com: both belong to example.com",
            "DKIM passes for sender.example (selector s1), which is not aligned with example.com: it does not lie at or below example.com",
            "DKIM says fail for example.com (selector s1): no key at s1",
            "DMARC passes for example.com by SPF",
        ],
    ),
    (
        replace(UNSIGNED, header_from=("a@strict.example",), mail_from="a@bounce.strict.example"),
        [
            "SPF passes for bounce.strict.example (MAIL FROM), which is not aligned: strict alignment takes strict.example alone",
            "the message has no DKIM signature",
            "DMARC fails for strict.example: the record of strict.example requests reject",
        ],
    ),
    (
        replace(of("x@nothing.example.com"), mail_from=""),
        [
            "SPF says none for evil.example (HELO, for the null sender): evil.example publishes no SPF record",
            "the message has no DKIM signature",
            "DMARC fails for nothing.example.com: the record of example.com requests reject for subdomains that do not exist",
        ],
    ),
    (
        replace(UNSIGNED, mail_from="", helo="[192.0.2.10]"),
        [
            "SPF says none: '[192.0.2.10]' is not a full domain name",
            "the message has no DKIM signature",
            "DMARC fails for example.com: the record of example.com requests quarantine",
        ],
    ),
    (
        replace(of("x@trial.example"), mail_from=""),
        [
            "SPF says none for evil.example (HELO, for the null sender): evil.example publishes no SPF record",
            "the message has no DKIM signature",
            "DMARC fails for trial.example: the record of trial.example requests reject, and one level less while it is only tried (t=y): "
            "quarantine",
        ],
    ),
    (
        replace(of("x@open.example"), ip="192.0.2.10"),
        [
            "SPF passes for open.example (MAIL FROM)",
            "the message has no DKIM signature",
            "no DMARC policy applies to open.example: there is no record at _dmarc.open.example, _dmarc.example",
        ],
    ),
]


@pytest.mark.parametrize(("message", "why"), WHY)
def test_the_reasons_are_told(message: Message, why: list[str]) -> None:
    assert list(judge(message, Recorded(SETS)).why) == why


# message, name that does not answer, part of what is told
WHY_UNANSWERED = [
    (
        replace(UNSIGNED, mail_from="x@bounce.example.com"),
        "_dmarc.com",
        "aligned with example.com: whatever is above decides for both",
    ),
    (
        replace(UNSIGNED, mail_from="x@sender.example"),
        "_dmarc.com",
        "not aligned with example.com: no domain is above both",
    ),
]


@pytest.mark.parametrize(("message", "dark", "told"), WHY_UNANSWERED)
def test_what_no_answer_is_needed_for_is_told(message: Message, dark: str, told: str) -> None:
    assert told in judge(message, Recorded(SETS, [dark])).why[0]


LAST = [
    (
        of("x@two.example"),
        "no DMARC policy applies to two.example: _dmarc.two.example has 2 records, so that none counts",
    ),
    (
        of("x@broken.example"),
        "the DMARC record of broken.example has no valid policy and asks for no reports, so none applies to broken.example",
    ),
    (
        of("a@example.com", "b@strict.example"),
        "the From header names example.com and strict.example, so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        of(),
        "the From header holds no address that can be read, so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        of("no address"),
        "'no address' in the From header has no domain name, so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        replace(OURS, from_fields=2),
        "the message has 2 From fields where one is needed (RFC 5322 §3.6), so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        replace(of(), from_fields=0),
        "the message has no From field where one is needed (RFC 5322 §3.6), so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        replace(SPOOF, unseen=190),
        "whether DMARC passes for example.com, and what is requested, is unknown: one of the signatures that were not looked at may pass",
    ),
]


@pytest.mark.parametrize(("message", "said"), LAST)
def test_why_dmarc_says_so(message: Message, said: str) -> None:
    assert judge(message, Recorded(SETS)).why[-1] == said


def test_signatures_that_nobody_looked_at_are_counted() -> None:
    assert (
        "3 more DKIM signatures were not looked at: receivers verify a few of them, and need not verify all (RFC 6376 §6.1)"
        in (judge(replace(OURS, unseen=3), Recorded(SETS)).why)
    )


def test_a_body_that_is_signed_in_part_is_warned_of() -> None:
    limited = DkimResult(DomainName("example.com"), "s1", Result.PASS, unsigned=17)
    [warning] = judge(replace(OURS, dkim=(limited,)), Recorded(SETS)).warnings
    assert warning == (
        "the signature of example.com (selector s1) has a body length limit (l=): the last 17 octets of the body are not signed, and "
        "anybody can have written them (RFC 6376 §8.2)"
    )


def test_mail_that_dkim_would_save_may_be_refused_before() -> None:
    [warning] = judge(FORWARDED, Recorded(SETS)).warnings
    assert warning.startswith(
        "SPF says fail for sender.example: a receiver that refuses mail for it (-all)"
    )
    assert not judge(OURS, Recorded(SETS)).warnings
    assert not judge(SPOOF, Recorded(SETS)).warnings
    soft = {**SETS, "sender.example TXT": "v=spf1 ~all"}
    assert not judge(FORWARDED, Recorded(soft)).warnings


def told(verdict: Verdict) -> tuple[object, ...]:
    return (
        verdict.spf,
        verdict.dkim,
        verdict.dmarc,
        verdict.disposition,
        verdict.why,
        verdict.warnings,
    )


messages = st.sampled_from([message for message, *_ in VERDICTS])
# Names of another organization, and of the same ones beside all that the messages name.
unrelated = st.builds(
    lambda labels, end: ".".join([*labels, end]),
    st.lists(st.sampled_from(["a", "_dmarc", "*", "s1._domainkey"]), max_size=3).map(
        lambda labels: [*labels[:1], *(x for x in labels[1:] if x != "*")]
    ),
    st.sampled_from(
        [
            "unrelated.example",
            "unrelated.example.com",
            "unrelated.strict.example",
            "unrelated.news.example.com",
        ]
    ),
)


@settings(deadline=None)
@given(
    messages,
    st.dictionaries(
        unrelated,
        st.sampled_from(["v=DMARC1; p=reject; psd=y", "v=spf1 +all", "v=DKIM1; p="]),
        max_size=4,
    ),
)
def test_an_unrelated_name_changes_no_verdict(message: Message, names: dict[str, str]) -> None:
    more = {**SETS, **{f"{name} TXT": text for name, text in names.items()}}
    assert told(judge(message, Recorded(more))) == told(judge(message, Recorded(SETS)))
