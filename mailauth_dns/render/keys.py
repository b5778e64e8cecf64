"""Keys and their rotation as text for people and as JSON data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from mailauth_dns.keys.activation import Activation
from mailauth_dns.keys.adoption import Adopted
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.keygen import NewKey
from mailauth_dns.keys.next_step import when
from mailauth_dns.keys.policy_edit import Written
from mailauth_dns.keys.problems import KeyProblem
from mailauth_dns.keys.rotation import Rotated
from mailauth_dns.keys.status import KeyStatus
from mailauth_dns.keys.times import moment, span
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import dkim
from mailauth_dns.records.rsa_key import modulus_bits
from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count

_SERVED = {
    "served": "green",
    "revoked": "dim",
    "missing": "yellow",
    "other": "red",
    "partly": "yellow",
    "unknown": "magenta",
}
_STEP = {
    KeyState.ACTIVE: "begins to sign",
    KeyState.RETIRING: "stops signing",
    KeyState.REVOKED: "is revoked",
    KeyState.ABSENT: "is deleted",
    "successor": "may get a successor",
}


def status(states: Sequence[KeyStatus], now: datetime) -> Iterator[Text]:
    """Yield each key: its state and age, what DNS says, the next step and when you may take it."""
    for state in states:
        key, section = state.key, state.key.section
        age = f" for {_age(now - section.since)}" if section.since is not None else ""
        yield Text.assemble((key.name, "bold"), f"  {kind(key)}, {section.state}{age}")
        detail = f" ({state.in_dns.detail})" if state.in_dns.detail else ""
        seen = (
            f", since {moment(section.seen)} at every server"
            if section.seen is not None and state.in_dns.state == "served"
            else ""
        )
        yield Text.assemble(
            "    DNS: ", (state.in_dns.state, _SERVED[state.in_dns.state]), f"{detail}{seen}"
        )
        if state.wrong is not None:
            yield Text.assemble("    ", ("wrong: ", "bold red"), f"{state.wrong}; see dkim check")
        if state.unseen is not None:
            yield Text.assemble("    ", ("unknown: ", "magenta"), state.unseen)
        yield Text(f"    next: {next_said(state, now)}")
    yield Text(f"Keys: {len(states)}", style="bold")


def kind(key: Key) -> str:
    """Return what sort of key it is, in a few words."""
    if key.section.cname is not None:
        return f"delegated to {key.section.cname}"
    if key.public is None:
        return "no key"
    if key.public.k != "rsa":
        return key.public.k
    bits = modulus_bits(dkim.Record(p=key.public.p).key_bytes)
    return f"rsa {bits}" if bits is not None else "rsa"


def _age(age: timedelta) -> str:
    if age.days > 0:
        return count(age.days, "day")
    hours = max(0, int(age.total_seconds())) // 3600
    return count(hours, "hour") if hours else "less than an hour"


def next_said(state: KeyStatus, now: datetime) -> str:
    """Return what comes next for a key, and when you may do it."""
    step = state.step
    if step is None:
        return (
            "nothing"
            if state.key.ours or state.key.section.state in (KeyState.REVOKED, KeyState.ABSENT)
            else "nothing here; its sender rotates it"
        )
    command = "dkim activate" if step.to is KeyState.ACTIVE else "dkim rotate"
    return f"{_STEP[step.to]}, {when(step, now)}{f' ({command})' if step.due(now) else ''}"


def status_data(states: Iterable[KeyStatus], written: Iterable[Written]) -> dict[str, Any]:
    """Return the same as data."""
    return {
        "format": FORMAT,
        "keys": [_key_data(state) for state in states],
        "written": [_written_data(each) for each in written],
    }


def _key_data(state: KeyStatus) -> dict[str, Any]:
    key, section, step = state.key, state.key.section, state.step
    times = {
        name: moment(time) if (time := getattr(section, name)) is not None else None
        for name in ("since", "seen", "signed_until")
    }
    after = None
    if step is not None:
        after = {
            "to": step.to,
            "at": moment(step.at) if step.at is not None else None,
            "why": step.why or None,
        }
    return {
        "domain": key.domain,
        "selector": key.selector,
        "name": key.name,
        "type": key.public.k if key.public is not None else None,
        "cname": section.cname,
        "ours": key.ours,
        "state": section.state,
        **times,
        "dns": {"state": state.in_dns.state, "detail": state.in_dns.detail or None},
        "wrong": state.wrong,
        "unknown": state.unknown,
        "next": after,
    }


def _written_data(written: Written) -> dict[str, Any]:
    return {
        "path": written.path,
        "selector": written.selector,
        "keys": dict(written.keys),
        "tests": list(written.tests),
        "inherited": written.inherited or None,
    }


def new_key(made: NewKey) -> Iterator[Text]:
    """Yield where a new key is, and what comes next."""
    yield Text.assemble(
        (f"{made.selector}._domainkey.{made.domain}", "bold"), f"  {made.type}, {KeyState.PENDING}"
    )
    yield Text(f"    private  {made.private}")
    yield Text(f"    public   {made.public}")
    yield Text(f"    policy   {made.policy}")


def after_keygen(made: NewKey) -> str:
    """Return what to do with a new key, when it may sign, and what makes that sooner."""
    return (
        "once it is in DNS, `dkim activate` says when it may sign, and lets it then (--wait waits "
        f"for it). That is {span(made.wait)} after every server was first seen to have it (its "
        "TTL), or later where the zone's negative TTL is longer. To wait less, lower `ttl:` in the "
        "policy and the last number of the zone's SOA before you publish"
    )


def new_key_data(made: NewKey) -> dict[str, Any]:
    """Return the same as data."""
    return {
        "domain": made.domain,
        "selector": made.selector,
        "type": str(made.type),
        "private": str(made.private),
        "public": made.public.as_posix(),
        "policy": made.policy.as_posix(),
    }


def adopted(made: Adopted) -> Iterator[Text]:
    """Yield where an adopted key is, what DNS says of it, and who else could use it."""
    yield Text.assemble((made.key.name, "bold"), f"  {made.type}, {made.key.section.state}")
    yield Text(f"    private  {made.private}")
    if made.left is not None:
        yield Text(f"    also in  {made.left}: delete it when no program uses it")
    yield Text(f"    public   {made.public}")
    yield Text(f"    policy   {made.policy}")
    detail = f" ({made.in_dns.detail})" if made.in_dns.detail else ""
    yield Text.assemble("    DNS: ", (made.in_dns.state, _SERVED[made.in_dns.state]), detail)
    for weakness in made.weaknesses:
        yield Text.assemble(("    not safe: ", "yellow"), weakness)


def adopted_data(made: Adopted) -> dict[str, Any]:
    """Return the same as data."""
    return {
        "domain": made.key.domain,
        "selector": made.key.selector,
        "type": str(made.type),
        "state": made.key.section.state,
        "private": str(made.private),
        "left": str(made.left) if made.left is not None else None,
        "public": made.public.as_posix(),
        "policy": made.policy.as_posix(),
        "dns": {"state": made.in_dns.state, "detail": made.in_dns.detail or None},
        "weaknesses": list(made.weaknesses),
    }


def rotated(result: Rotated) -> Iterator[Text]:
    """Yield what a rotation wrote, and what must wait."""
    for written in result.written:
        yield Text(str(written))
    for made in result.made:
        yield from new_key(made)
    for reason in result.waiting:
        yield Text.assemble(("not yet: ", "yellow"), reason)


def rotated_data(result: Rotated) -> dict[str, Any]:
    """Return the same as data."""
    return {
        "format": FORMAT,
        "written": [_written_data(each) for each in result.written],
        "made": [new_key_data(each) for each in result.made],
        "waiting": list(result.waiting),
        "problem": result.problem,
    }


def activated(written: Iterable[Written], result: Activation) -> Iterator[Text]:
    """Yield what an activation wrote, which keys sign, and which have to wait."""
    for each in written:
        yield Text(str(each))
    for selector in result.active:
        yield Text.assemble(f"{selector}: ", ("active", "green"))
    for waiting in result.waiting:
        yield Text.assemble(("not yet: ", "yellow"), waiting.text)


def activated_data(written: Iterable[Written], result: Activation) -> dict[str, Any]:
    """Return the same as data."""
    return {
        "format": FORMAT,
        "written": [_written_data(each) for each in written],
        "active": list(result.active),
        "waiting": [
            {"why": each.text, "at": moment(each.at) if each.at is not None else None}
            for each in result.waiting
        ],
    }


_WEIGHT = {"wrong": "bold red", "unknown": "magenta", "note": "cyan"}


def problems(found: Iterable[KeyProblem], checked: int) -> Iterator[Text]:
    """Yield what is wrong with keys."""
    weights = Counter[str]()
    for problem in found:
        weights[problem.weight] += 1
        name = f"{problem.selector}._domainkey.{problem.domain}"
        yield Text.assemble(
            (name, "bold"),
            "  ",
            (problem.weight, _WEIGHT[problem.weight]),
            f"  {problem.rule}: {problem.message}",
        )
    yield Text(
        f"Check: {count(checked, 'key')}, {weights['wrong']} wrong, {weights['unknown']} unknown",
        style="bold",
    )


def problems_data(found: Iterable[KeyProblem], checked: int) -> dict[str, Any]:
    """Return the same as data."""
    rows = [
        {
            "domain": each.domain,
            "selector": each.selector,
            "rule": each.rule,
            "message": each.message,
            "unknown": each.weight == "unknown",
            "note": each.weight == "note",
        }
        for each in found
    ]
    return {"format": FORMAT, "keys": checked, "problems": rows}
