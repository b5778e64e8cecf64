"""A policy with more exchangers than are kept of a report is known by those that are."""

from __future__ import annotations

import pytest

from mailauth_dns.evidence.gate.gate import TlsGate
from mailauth_dns.evidence.kept.session_policies import fewer_policies
from mailauth_dns.evidence.tls.verdict import tls_verdict
from tests.evidence.tls_reports import DOMAIN, TODAY, daily, evidence, sts


def hosts(*numbers: int) -> tuple[str, ...]:
    return tuple(f"mx{number:02}.example.com" for number in numbers)


MANY = hosts(*range(25))


@pytest.mark.parametrize(
    ("found", "met"),
    [(MANY, True), (MANY[::-1], True), (hosts(*range(1, 26)), False), (MANY[:3], False)],
    ids=["the same", "in another order", "another first one", "fewer"],
)
def test_a_policy_with_many_exchangers(found: tuple[str, ...], met: bool) -> None:
    [kept] = fewer_policies(DOMAIN, [sts(50, mx=found)])
    assert tls_verdict(evidence(*daily(kept)), MANY, TlsGate(), TODAY).met == met
