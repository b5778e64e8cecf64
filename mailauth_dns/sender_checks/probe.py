"""Ask DNS whether the catalogue is still true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailauth_dns.senders import probes
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.probes import Finding, Result


@dataclass(frozen=True, slots=True)
class Probed:
    """A sender, and what DNS says of each fact that can be asked about."""

    sender: str
    name: str
    findings: tuple[Finding, ...]

    def of(self, *results: Result) -> tuple[Finding, ...]:
        """Return the findings with one of these results."""
        return tuple(each for each in self.findings if each.result in results)


def probe(senders: Iterable[tuple[str, Entry]]) -> tuple[Probed, ...]:
    """Ask recursive resolvers about all senders at once."""
    # This takes time to load, and only live DNS needs it.
    from mailauth_dns.live.observe import resolve

    wanted = [(sender, entry, probes.probes(entry)) for sender, entry in senders]
    questions = {question for *_, asked in wanted for each in asked for question in each.questions}
    questions |= {probes.canary(name) for name, _ in questions}
    answers = resolve(sorted(questions))
    return tuple(
        Probed(sender, entry.name, tuple(probes.judged(each, answers) for each in asked))
        for sender, entry, asked in wanted
    )
