"""One line of state for each area of a domain: its files, SPF, DKIM, DMARC, and who signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.guide import dmarc_steps, key_steps
from mailauth_dns.guide.situation import Area, Here, Record, RecordState, Situation
from mailauth_dns.guide.wording import clock, many
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dmarc import Policy

Mark = Literal["ok", "todo", "wait", "unknown", "-"]
_RANK: tuple[Mark, ...] = ("-", "ok", "wait", "unknown", "todo")  # the worst last


@dataclass(frozen=True, slots=True)
class AreaState:
    """The state of one area: a mark, and the reason for it in a line."""

    area: Literal["policy", "spf", "dkim", "dmarc", "other", "signing"]
    mark: Mark
    text: str


_PUBLISHED: dict[RecordState, tuple[Mark, str]] = {
    "as policy": ("ok", "in DNS as the policy says"),
    "missing": ("todo", "not in DNS yet"),
    "differs": ("todo", "DNS has something else"),
    "waits": ("wait", "comes later"),
    "unknown": ("unknown", "DNS is unknown"),
}


def states(here: Here, at: Situation) -> Iterator[AreaState]:
    """Yield the state of each area, in the order of the work."""
    yield _policy(here, at)
    yield _records(at, "spf", "not in the policy")
    yield _dkim(here, at)
    yield _dmarc(at)
    if any(record.area == "other" for record in at.records):
        yield _records(at, "other", "")
    yield _signing(at)


def _policy(here: Here, at: Situation) -> AreaState:
    if at.fault is not None:
        return AreaState("policy", "todo", f"{at.path}: lint finds {at.errors} to mend")
    if at.stale or here.stale:
        return AreaState("policy", "todo", f"{at.path}: not compiled")
    if here.uncommitted:
        return AreaState(
            "policy", "todo", f"{at.path}: {many(len(here.uncommitted), 'file')} not committed"
        )
    warned = f"; {many(at.warnings, 'warning')} by lint" if at.warnings else ""
    return AreaState("policy", "ok", f"{at.path}{warned}")


def _worst(records: list[Record]) -> Record:
    return max(records, key=lambda each: _RANK.index(_PUBLISHED[each.state][0]))


def _records(at: Situation, area: Area, none: str) -> AreaState:
    records = [record for record in at.records if record.area == area]
    if not records:
        return AreaState(area, "-", none)
    worst = _worst(records)
    mark, text = _PUBLISHED[worst.state]
    return AreaState(area, mark, f"{text}: {worst.reason}" if worst.reason else text)


def _dkim(here: Here, at: Situation) -> AreaState:
    published = _records(at, "dkim", "no key")
    keys = [status for status in at.keys if status.key.section.state is not KeyState.ABSENT]
    if at.parked or not keys:
        unsigned = key_steps.is_unsigned(here, at)
        return AreaState("dkim", "todo", "mail is not signed") if unsigned else published
    marks: list[Mark] = [published.mark]
    needs = (key_steps.is_left_by_sender, key_steps.is_due, key_steps.is_unseen)
    if any(need(here, at) for need in needs):
        marks.append("todo")
    elif key_steps.is_unseen_at_sender(here, at):
        marks.append("unknown")
    elif any(at.own_keys(KeyState.PENDING)):
        marks.append("wait")
    mark = max(marks, key=_RANK.index)
    text = "; ".join(_key(here, status) for status in keys[:3])
    more = f"; {len(keys) - 3} more" if len(keys) > 3 else ""
    return AreaState("dkim", mark, f"{text}{more}")


_IN_DNS = {
    "served": "in DNS",
    "revoked": "empty in DNS",
    "missing": "not in DNS",
    "other": "DNS has another",
    "partly": "not at every server",
    "unknown": "DNS is unknown",
}


def _key(here: Here, status: KeyStatus) -> str:
    section = status.key.section
    kind = f"{section.state}" if section.cname is None else f"delegated, {section.state}"
    there = _IN_DNS[status.in_dns.state]
    if status.unsigned:
        there = "its sender has no key"
    elif status.unseen:
        there = f"{there}, its sender's key is unknown"
    text = f"{status.key.selector} {kind}, {there}"
    if section.state is not KeyState.ACTIVE and status.step is not None and status.step.at:
        text += f", next step from {clock(status.step.at, here.now)}"
    return text


_ASKS = {
    Policy.NONE: "p=none, nothing is rejected yet",
    Policy.QUARANTINE: "p=quarantine, failing mail goes to spam",
    Policy.REJECT: "p=reject, failing mail is rejected",
}


def _dmarc(at: Situation) -> AreaState:
    published = _records(at, "dmarc", "not in the policy")
    if at.dmarc_missing:
        return AreaState("dmarc", "todo", published.text)
    if at.dmarc is None or at.parked:
        return published
    return AreaState("dmarc", published.mark, f"{_ASKS[at.dmarc]}; {published.text}")


def _signing(at: Situation) -> AreaState:
    host = at.host
    if host is None:
        text = "not on this host" if at.signs else "nothing signs"
        return AreaState("signing", "-", text)
    if host.problem:
        return AreaState("signing", "unknown", host.problem)
    wrong = (*host.files, *host.postfix, *host.keys)
    if wrong:
        return AreaState("signing", "todo", wrong[0])
    if host.unseen:
        return AreaState("signing", "unknown", host.unseen[0])
    return AreaState("signing", "ok", f"{host.program} on this host signs as the policy says")


def later(here: Here, at: Situation) -> Iterator[str]:
    """Yield what comes by itself with time, and when."""
    for status in at.own_keys(KeyState.RETIRING, KeyState.REVOKED):
        step = status.step
        if step is not None and step.at is not None and not step.due(here.now):
            yield (
                f"from {clock(step.at, here.now)} `dkim rotate {at.domain}`: "
                f"{status.key.selector} becomes {step.to}"
            )
    if at.records_in("missing", "differs", "unknown"):
        return
    for status in key_steps.of_first_ttl(at):
        yield (
            f"write `ttl: {DEFAULT_TTL}` for {status.key.selector} in {at.path}, and publish it: "
            f"{status.key.section.ttl} was short so that you waited less"
        )
    if at.ramp is not None and not at.ramp.met:
        yield dmarc_steps.later(at.domain, at.ramp)
    if at.dmarc is Policy.QUARANTINE and not at.parked:
        yield "p=reject is stricter, and loses mail that goes through mailing lists (RFC 9989 §7.4)"
