"""The reasons and warnings that come with a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailauth_dns.evaluate.dkim_key import DkimCheck, DkimResult
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.records.name import DomainName
from tests.evaluate.message_cases import FORWARDED, OURS, SETS, SPOOF, UNSIGNED, of, signed
from tests.evaluate.zones import Recorded

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
            dkim=(signed("sender.example"), signed("example.com", DkimResult.FAIL, "no key at s1")),
        ),
        [
            "SPF passes for bounce.example.com (MAIL FROM), which is aligned with example.com: "
            "both belong to example.com",
            "DKIM passes for sender.example (selector s1), which is not aligned with example.com: "
            "it is neither example.com nor below it",
            "DKIM says fail for example.com (selector s1): no key at s1",
            "DMARC passes for example.com by SPF",
        ],
    ),
    (
        replace(UNSIGNED, header_from=("a@strict.example",), mail_from="a@bounce.strict.example"),
        [
            "SPF passes for bounce.strict.example (MAIL FROM), which is not aligned: "
            "strict alignment accepts only strict.example",
            "the message has no DKIM signature",
            "DMARC fails for strict.example: the record of strict.example requests reject",
        ],
    ),
    (
        replace(of("x@nothing.example.com"), mail_from=""),
        [
            "SPF says none for evil.example (HELO, for the null sender): "
            "evil.example publishes no SPF record",
            "the message has no DKIM signature",
            "DMARC fails for nothing.example.com: the record of example.com requests reject "
            "for subdomains that do not exist",
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
            "SPF says none for evil.example (HELO, for the null sender): "
            "evil.example publishes no SPF record",
            "the message has no DKIM signature",
            "DMARC fails for trial.example: the record of trial.example requests reject, "
            "but only as a test (t=y), so one level less applies: quarantine",
        ],
    ),
    (
        replace(of("x@open.example"), ip="192.0.2.10"),
        [
            "SPF passes for open.example (MAIL FROM)",
            "the message has no DKIM signature",
            "no DMARC policy applies to open.example: "
            "there is no record at _dmarc.open.example, _dmarc.example",
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
        "no DMARC policy applies to two.example: "
        "_dmarc.two.example has 2 records, so receivers use none of them",
    ),
    (
        of("x@broken.example"),
        "the DMARC record of broken.example has no valid policy and no report address, "
        "so no policy applies to broken.example",
    ),
    (
        of("a@example.com", "b@strict.example"),
        "the From header names example.com and strict.example, "
        "so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        of(),
        "the From header holds no address that can be read, "
        "so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        of("no address"),
        "'no address' in the From header has no domain name, "
        "so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        replace(OURS, from_fields=2),
        "the message has 2 From fields where one is needed (RFC 5322 §3.6), "
        "so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        replace(of(), from_fields=0),
        "the message has no From field where one is needed (RFC 5322 §3.6), "
        "so DMARC cannot pass, and receivers refuse such mail",
    ),
    (
        replace(SPOOF, unseen=190),
        "whether DMARC passes for example.com, and what is requested, is unknown: "
        "one of the signatures that were not checked may pass",
    ),
]


@pytest.mark.parametrize(("message", "said"), LAST)
def test_why_dmarc_says_so(message: Message, said: str) -> None:
    assert judge(message, Recorded(SETS)).why[-1] == said


def test_signatures_that_nobody_looked_at_are_counted() -> None:
    assert (
        "3 more DKIM signatures were not checked: "
        "receivers may verify only a few of them (RFC 6376 §6.1)"
        in (judge(replace(OURS, unseen=3), Recorded(SETS)).why)
    )


def test_a_body_that_is_signed_in_part_is_warned_of() -> None:
    limited = DkimCheck(DomainName("example.com"), "s1", DkimResult.PASS, unsigned=17)
    [warning] = judge(replace(OURS, dkim=(limited,)), Recorded(SETS)).warnings
    assert warning == (
        "the signature of example.com (selector s1) has a body length limit (l=): "
        "the last 17 octets of the body are not signed, so anybody can have added them "
        "(RFC 6376 §8.2)"
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
