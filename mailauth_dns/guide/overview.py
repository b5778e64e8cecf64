"""Where you are: the domains that were looked at, and the one thing to do now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailauth_dns.guide import areas, decision, dns_steps, files, observe
from mailauth_dns.guide.situation import Here, Situation
from mailauth_dns.guide.step import Step
from mailauth_dns.records.name import DomainName

MAX_LATER = 2  # lines about what comes after
SHOWN = 15  # domains in a table
MAX_LOOKED = 500  # domains that DNS is asked for in one run: `verify` asks for all


@dataclass(frozen=True)
class Overview:
    """The situation of the first of `total` domains, and what to do.

    `cases` says how many domains that were looked at are in each case of the table. No `step`:
    nothing is to be done now.
    """

    here: Here
    total: int
    situations: tuple[Situation, ...]
    cases: Mapping[str, int]
    step: Step | None

    @property
    def later(self) -> tuple[str, ...]:
        """What comes after the step, or by itself with time."""
        found = [*(self.step.after if self.step is not None else ())]
        for at in self.situations:
            found += areas.later(self.here, at)
        return tuple(dict.fromkeys(found))[:MAX_LATER]


def look(
    root: Path, named: Collection[DomainName], private_dir: Path | None, now: datetime
) -> Overview:
    """Return where the repo and these domains are, all where none is named.

    It asks DNS until it finds a domain that needs something, for MAX_LOOKED domains at most. Where
    there are more, the step says so: what was not looked at is not done.
    """
    here, read = files.read(root, named, private_dir, now)
    first = decision.repo_step(here)
    if read is None or first is not None:
        return Overview(here, 0, (), {}, first)
    cases = Counter[str]()
    kept: tuple[Situation, ...] = ()
    for batch in observe.situations(here, read):
        rows = [decision.row_of(here, at) for at in batch]
        cases.update(decision.DONE if row is None else row.name for row in rows)
        kept += batch
        if any(row is not None for row in rows):
            break
        kept = kept[:SHOWN]
        if cases.total() >= MAX_LOOKED:
            break
    total, step = len(read.chosen), decision.next_step(here, kept)
    if step is None and cases.total() < total:
        step = dns_steps.ask_for_others(cases.total(), total, named)
    return Overview(here, total, kept, cases, step)
