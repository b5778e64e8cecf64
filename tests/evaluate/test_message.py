"""Whole messages, judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.evaluate.dkim_key import DkimResult
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.verdict import Verdict
from tests.evaluate.message_cases import FORWARDED, OURS, SETS, SPOOF, UNSIGNED, both, of, signed
from tests.evaluate.zones import Recorded

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
        replace(SPOOF, dkim=(signed("example.com", DkimResult.FAIL, "no key"),)),
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
    # an SPF domain, or a d=, that can never belong to the author's organization: no need to ask
    (replace(UNSIGNED, mail_from="x@sender.example"), "_dmarc.sender.example", "fail"),
    (replace(UNSIGNED, mail_from="x@sender.example"), "_dmarc.com", "fail"),
    (replace(SPOOF, dkim=(signed("sender.example"),)), "_dmarc.sender.example", "fail"),
    (replace(SPOOF, dkim=(signed("mail.example.com"),)), "_dmarc.mail.example.com", "temperror"),
    (
        replace(SPOOF, dkim=(signed("example.com", DkimResult.TEMPERROR, "SERVFAIL"),)),
        "x",
        "temperror",
    ),
    (
        replace(SPOOF, dkim=(signed("sender.example", DkimResult.TEMPERROR, "SERVFAIL"),)),
        "x",
        "fail",
    ),
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
