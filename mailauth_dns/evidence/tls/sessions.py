"""What TLS reports say of sessions under a domain's MTA-STS policy (RFC 8460 §4).

Sessions under another policy say nothing of ours: under DANE, without a policy, or under an older
one that lists other exchangers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from mailauth_dns.evidence.evidence import Evidence, Window
from mailauth_dns.evidence.kept.session_policies import kept_exchangers
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.tls import Mode, PolicyType, TlsPolicy

_LONGEST = 8 * 86400  # seconds; RFC 8460 §4.2: a report is about a day, and some send one a week
NOT_SAID = "not said"  # sessions that failed, and the reporter gives no reason


@dataclass(frozen=True, slots=True)
class FailedAlike:
    """Sessions that failed for one reason at one exchanger; None: the reporter did not say where.

    `reason` is a word of RFC 8460 §4.3, or a later one. `last` is the day of the last of them.
    """

    exchanger: DomainName | None
    reason: str
    sessions: int
    reporters: tuple[str, ...]
    last: date


@dataclass(frozen=True, slots=True)
class Sessions:
    """What one report says of one policy; `counts`: it is the one in question.

    `told`: the reporter names its exchangers. Where it does not, failures count and nothing else.
    """

    window: Window
    secured: int
    failed: int
    failures: tuple[tuple[DomainName | None, str, int], ...]
    counts: bool
    told: bool

    @property
    def day(self) -> date:
        """The day that it is about."""
        return self.window.last_day

    @property
    def reporter(self) -> str:
        """Whose report it is."""
        return self.window.reporter

    @property
    def total(self) -> int:
        """All sessions."""
        return self.secured + self.failed


def sessions_of(evidence: Evidence, exchangers: Collection[str], today: date) -> Iterator[Sessions]:
    """Yield what each report says; `exchangers` are those of the policy, as it lists them.

    A report of a day that has not come is false, and so is one of no time or of a month.
    """
    for report in evidence.sessions:
        length = report.window.end - report.window.begin
        if report.window.last_day > today or not 0 < length <= _LONGEST:
            continue
        for policy in report.policies:
            failures = tuple(_failures(policy))
            failed = sum(count for _, _, count in failures)
            ours = _counts(policy, frozenset(exchangers))
            told = bool(policy.exchangers)
            # Success at exchangers that nobody names says nothing of ours.
            yield Sessions(report.window, policy.successful, 0, (), ours and told, told)
            yield Sessions(report.window, 0, failed, failures, ours, told)


def alike(sessions: Collection[Sessions]) -> tuple[FailedAlike, ...]:
    """Return the failures by exchanger and reason, the most first."""
    found: dict[tuple[DomainName | None, str], list[tuple[Sessions, int]]] = {}
    for each in sessions:
        for exchanger, reason, count in each.failures:
            found.setdefault((exchanger, reason), []).append((each, count))
    rows = (
        FailedAlike(
            exchanger,
            reason,
            sum(count for _, count in seen),
            tuple(sorted({each.reporter for each, _ in seen})),
            max(each.day for each, _ in seen),
        )
        for (exchanger, reason), seen in found.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.sessions, row.exchanger or "", row.reason)))


def _failures(policy: TlsPolicy) -> Iterator[tuple[DomainName | None, str, int]]:
    yield from ((each.exchanger, each.result, each.count) for each in policy.failures if each.count)
    # Where the parts are fewer than the sum, the sum holds; where they are more, the parts do.
    rest = policy.failed - sum(each.count for each in policy.failures)
    if rest > 0:
        yield None, NOT_SAID, rest


def _counts(policy: TlsPolicy, ours: frozenset[str]) -> bool:
    """Tell whether these sessions say how the policy would fare that lists `ours`."""
    if policy.type is not PolicyType.STS or policy.mode is Mode.NONE:
        return False
    told = policy.exchangers
    if policy.mode is not None and told:  # the policy's own lines are in the report
        return kept_exchangers(told) == kept_exchangers(ours)
    return all(any(covers(pattern, each) for pattern in ours) for each in told)


def covers(pattern: str, host: str) -> bool:
    """Tell whether a policy's `mx` lists a host, or is the pattern itself (RFC 8461 §4.1)."""
    if pattern.startswith("*.") and host != pattern:
        return host.partition(".")[2] == pattern[2:]
    return host == pattern
