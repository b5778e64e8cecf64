"""How a declared sender stands: its life, what makes its mail align, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.use import Use
from mailauth_dns.simulate.run_mail_tests import TestResult, Trial
from mailauth_dns.simulate.sender_tests import signing_selectors


class State(StrEnum):
    """Where a sender is in its life."""

    ACTIVE = "active"
    RETIRED = "retired"  # it sends no more; its records stay for the grace
    GONE = "gone"  # the grace is over: the next plan takes its records away


@dataclass(frozen=True, slots=True)
class Delegation:
    """A name that is delegated to a sender, which is checked and never written.

    `wanted` are the sender's name servers, none where the catalogue does not know them. `live` are
    those that the zone's servers name; None, and `reason`, where that is unknown.
    """

    name: DomainName
    wanted: frozenset[str]
    live: frozenset[str] | None
    reason: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether DNS delegates the name to others, or to nobody."""
        if self.live is None:
            return False
        return not self.live or (bool(self.wanted) and not self.live <= self.wanted)


@dataclass(frozen=True, slots=True)
class Standing:
    """One sender of one policy.

    `missing` are optional answers that the policy does not give, each with where it is found.
    `asked` tells whether DNS was. Then `tests` are those that the sender brings along, on DNS as it
    is, and `off` are its records that DNS does not have as the policy says.
    """

    policy: Policy
    use: Use
    missing: tuple[tuple[str, str], ...] = ()
    asked: bool = False
    tests: tuple[Trial, ...] = ()
    off: tuple[LiveEntry, ...] = ()
    delegation: Delegation | None = None

    @property
    def state(self) -> State:
        """Where the sender is in its life."""
        if self.use.life.gone:
            return State.GONE
        return State.ACTIVE if self.use.life.retired is None else State.RETIRED

    @property
    def dkim(self) -> str:
        """Whether its mail aligns by DKIM as declared: yes, no, or unknown."""
        if signing_selectors(self.policy, self.use):
            return "yes"
        return "unknown" if self.use.entry is not None and self.use.entry.dkim is None else "no"

    @property
    def unknown(self) -> bool:
        """Whether DNS did not say all that it was asked."""
        return (
            any(row.state == "unknown" for row in self.off)
            or any(trial.outcome is TestResult.UNKNOWN for trial in self.tests)
            or (self.asked and self.delegation is not None and self.delegation.live is None)
        )

    @property
    def wrong(self) -> bool:
        """Whether something is to be done about it."""
        return (
            any(row.state not in ("unknown", "waits") for row in self.off)
            or any(trial.outcome is TestResult.FAILED for trial in self.tests)
            or (self.delegation is not None and self.delegation.is_wrong)
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left, so that the policy need not name it any more."""
        return self.state is State.GONE and self.asked and not self.off

    @property
    def next_steps(self) -> Iterator[str]:
        """What is to be done, a sentence each."""
        yield from self._of_life()
        if self.state is not State.GONE:
            yield from self._of_records()
            for key, find in self.missing:
                yield f"{key} is not given, and what needs it is left out. {find}"
        if self.delegation is not None and self.delegation.is_wrong and self.delegation.wanted:
            servers = ", ".join(sorted(self.delegation.wanted))
            yield f"delegate {self.delegation.name} to {servers} at your DNS; we never do"

    def _of_life(self) -> Iterator[str]:
        life, key = self.use.life, self.use.key
        if self.state is State.RETIRED:
            yield f"one plan takes its records away from {life.gone_from} on (UTC)"
        elif self.is_over:
            yield f"nothing of it is left: take senders.{key} out of {self.policy.path}"
        elif self.state is State.GONE and self.asked:
            if where := self._where:
                yield f"{self._publish} takes away what is left of it: {where}"
        elif self.state is State.GONE:
            yield f"its grace ended on {life.gone_from}: {self._publish} takes its records away"

    def _of_records(self) -> Iterator[str]:
        if where := self._where:
            yield f"DNS does not have it as the policy says: {where}; {self._publish} changes that"
        elif any(trial.outcome is TestResult.FAILED for trial in self.tests):
            yield f"`test {self.policy.domain}` says more about what fails"

    @property
    def _where(self) -> str:
        """The names at which DNS has something else than the policy says."""
        off = (row.name for row in self.off if row.state not in ("unknown", "waits"))
        return ", ".join(dict.fromkeys(off))

    @property
    def _publish(self) -> str:
        """The command that brings the policy into DNS."""
        domain, providers = self.policy.domain, self.policy.body.providers
        if providers:
            return f"`plan {domain}` ({', '.join(providers)})"
        return f"`export {domain} --format paste`"
