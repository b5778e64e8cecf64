"""A policy's tests: judge a message as a receiver would, and compare the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.evaluate.dkim_key import claimed
from mailauth_dns.evaluate.message import Message, judge
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.verdict import Verdict
from mailauth_dns.policy.mail_tests import ExpectSection, MailTest, MessageSection
from mailauth_dns.policy.repo import Policy, Route
from mailauth_dns.records.name import DomainName
from mailauth_dns.simulate import sender_tests
from mailauth_dns.simulate.sender_tests import SenderTest


class TestResult(StrEnum):
    """How a test ended. Unknown: nothing DNS said is wrong, but it did not say enough."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trial:
    """One test in one state of DNS; `problems` say what is not as expected or is unknown."""

    domain: DomainName
    name: str
    verdict: Verdict
    outcome: TestResult
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """A test of a domain, and the keys of its policy that lead to where it is declared."""

    domain: DomainName
    test: MailTest | SenderTest
    route: Route


def tests_of(policies: Iterable[Policy]) -> Iterator[PolicyTest]:
    """Yield every test: those that policies hold, and those that their senders bring along."""
    for policy in policies:
        for number, test in enumerate(policy.body.tests):
            yield PolicyTest(policy.domain, test, ("tests", number))
        for sent in sender_tests.sender_tests(policy):
            yield PolicyTest(policy.domain, sent, ("senders", sent.use.key))


def judged(domain: DomainName, message: MessageSection, resolver: Resolver) -> Verdict:
    """Return the verdict of a receiver who asks `resolver`.

    A signature without `d` is the domain's own.
    """
    signatures = tuple(
        claimed(DomainName(each.d or domain), each.s, resolver) for each in message.dkim
    )
    return judge(
        Message((message.from_,), message.sender, message.client, message.ip, signatures), resolver
    )


def conduct(each: PolicyTest, resolver: Resolver) -> Trial | None:
    """Judge a test's message, and compare the verdict with what is expected.

    It is None for a test that nobody can make, as `sender_tests.found` says.
    """
    domain, test = each.domain, each.test
    if isinstance(test, SenderTest):
        found = sender_tests.found(domain, test, resolver)
        if found is None:
            return None
        verdict, (wrong, open_) = found, sender_tests.problems(test, found)
    else:
        verdict = judged(domain, test, resolver)
        wrong, open_ = _compared(test.expect, verdict)
    outcome = TestResult.FAILED if wrong else TestResult.UNKNOWN if open_ else TestResult.PASSED
    return Trial(domain, test.name, verdict, outcome, (*wrong, *open_))


def _compared(expect: ExpectSection, verdict: Verdict) -> tuple[list[str], list[str]]:
    """Return what is not as expected, and what is unknown."""
    found = {
        "spf": verdict.spf.result,
        "dkim": verdict.dkim,
        "dmarc": verdict.dmarc,
        "disposition": verdict.disposition,
    }
    wrong, open_ = [], []
    for key, result in found.items():
        expected = getattr(expect, key)
        # For a message that DMARC could not judge, the disposition is unknown.
        known = result is not None and str(result) != "temperror"
        if expected is not None and not known:
            open_.append(f"{key} is unknown, expected {expected}")
        elif expected is not None and str(result) != expected:
            wrong.append(f"{key} is {result}, expected {expected}")
    return wrong, open_
