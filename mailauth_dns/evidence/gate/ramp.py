"""The ramp: from `p=none` to a DMARC policy that receivers enforce, a step at a time (RFC 9989).

The order is p, then np, then sp: most mail is the domain's own, and nobody should send from names
that do not exist. `pct` has no part in it, since receivers ignore it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from mailauth_dns.diff.dmarc_requests import LEVEL, Request
from mailauth_dns.diff.dmarc_tightening import applied, tightens
from mailauth_dns.records.dmarc import Alignment, Policy, Record, Testing

_ONE_LEVEL_MORE = {Policy.NONE: Policy.QUARANTINE, Policy.QUARANTINE: Policy.REJECT}
_REQUESTS = {"p": "effective_p", "sp": "effective_sp", "np": "effective_np"}
_ALIGNMENTS = {"adkim": "effective_adkim", "aspf": "effective_aspf"}


@dataclass(frozen=True, slots=True)
class Step:
    """A change after which receivers do more about mail that fails; `tag` is what changes first.

    `before` and `after` are what that tag asks for. `record_before` is None where the domain has
    no record that receivers apply. `words` say it for people, such as "p none -> quarantine".

    `own` and `below` tell whether mail of the domain itself and of names below it may fare worse,
    and `strict` names the tags of alignment, adkim and aspf, that become strict.
    """

    tag: str
    before: str
    after: str
    record_before: Record | None
    record_after: Record
    words: str
    own: bool = field(init=False)
    below: bool = field(init=False)
    strict: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        # A year of reports asks for these a million times.
        strict = frozenset(_stricter(self.record_before, self.record_after))
        object.__setattr__(self, "strict", strict)
        object.__setattr__(self, "own", bool(strict) or self._raises("p"))
        object.__setattr__(self, "below", bool(strict) or self._raises("sp") or self._raises("np"))

    def _raises(self, tag: str) -> bool:
        return _request(self.record_after, tag).above(_request(self.record_before, tag)) > 0


def next_step(record: Record) -> Step | None:
    """Return the next step from a record; None where it asks for all that DMARC can ask for.

    What is only tried (`t=y`) comes into force first.
    """
    after = _after(record)
    return None if after is None else _step(record, after)


def tried(step: Step) -> Step | None:
    """Return a step in which the new policy is only tried (`t=y`).

    None where the step is to end a test, and where `t=y`, which counts for all tags, would take
    back what another one asks for.
    """
    test = replace(step.record_after, t=Testing.YES)
    if test == step.record_before:
        return None
    for tag in _REQUESTS:
        was, now = _request(step.record_before, tag), _request(test, tag)
        if LEVEL[now.requested] < LEVEL[was.requested]:
            return None
    return _step(step.record_before, test)


@lru_cache(maxsize=1024)  # many zones make the same change
def step_between(before: frozenset[str], after: frozenset[str]) -> Step | None:
    """Return the step from the values of a record set to others; None where it tightens nothing.

    With the two exchanged it is what a weaker policy gives away.
    """
    record = applied(after)
    if record is None or not tightens(before, after):
        return None
    return _step(applied(before), record)


def _stricter(before: Record | None, after: Record) -> Iterator[str]:
    """Yield the tags of alignment, adkim and aspf, that become strict."""
    for tag, effective in _ALIGNMENTS.items():
        was, now = getattr(before, effective, None), getattr(after, effective)
        if now is Alignment.STRICT and was is not Alignment.STRICT:
            yield tag


def _after(record: Record) -> Record | None:
    if any(_request(record, tag).tried for tag in _REQUESTS):
        return replace(record, t=None)
    if (p := _ONE_LEVEL_MORE.get(record.effective_p)) is not None:
        return replace(record, p=p)
    if record.effective_np is not Policy.REJECT:
        return replace(record, np=Policy.REJECT)
    if (sp := _ONE_LEVEL_MORE.get(record.effective_sp)) is not None:
        return replace(record, sp=sp)
    return None


def _step(before: Record | None, after: Record) -> Step:
    for tag in _REQUESTS:
        was, now = _request(before, tag), _request(after, tag)
        if now.above(was) > 0:
            words = f"{tag} {was.tag} -> {now.tag}"
            named = tag if was.policy is not now.policy else "t"
            return Step(named, was.tag, now.tag, before, after, words)
    tag = next(_stricter(before, after))
    return Step(tag, "r", "s", before, after, f"{tag} r -> s")


def _request(record: Record | None, tag: str) -> Request:
    return Request.of(record, getattr(record, _REQUESTS[tag], None))
