"""Whether the parts of a plan belong together, and are all there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mailauth_dns.errors import PlanRefused
from mailauth_dns.plan.plan import Plan
from mailauth_dns.plan.shard_entry import ShardEntry

_MAX_NAMED = 5

# What all parts have in common.
_COMMON: Mapping[str, Callable[[Plan, ShardEntry], object]] = {
    "the number of parts": lambda _, shard: shard.of,
    "the version of mailauth-dns": lambda plan, _: plan.tool,
    "the commit": lambda plan, _: plan.commit,
    "the files in zones/ and providers/": lambda _, shard: shard.files,
    "the day in UTC": lambda plan, _: plan.made_at[:10],
    "the domains": lambda plan, _: plan.domains,
    "--no-live": lambda _, shard: shard.live,
    "--normalize": lambda plan, _: plan.normalize,
    "--provider": lambda _, shard: shard.providers,
    "--show-kept": lambda _, shard: shard.show_kept,
    "the zones that are planned": lambda plan, shard: (shard.places, plan.notes),
}


def named(parts: Iterable[tuple[str, Plan]]) -> Mapping[str, Plan]:
    """Return parts by the names of their files.

    Raises:
        PlanRefused: a file is given twice.
    """
    found: dict[str, Plan] = {}
    for name, plan in parts:
        if name in found:
            raise PlanRefused(f"{name} is given twice; name each part once")
        found[name] = plan
    return found


def check(parts: Mapping[str, Plan], *, tool: str, files: str) -> ShardEntry:
    """Check that the parts, by name, are all there, once each, and made of the same.

    It returns what the first one says of them all. `tool` is this program's version, and `files`
    what the repo holds here.

    Raises:
        PlanRefused: they cannot be merged; the text names the part, and says what to do.
    """
    shards = {name: _shard(name, plan) for name, plan in parts.items()}
    (first, shard), *others = shards.items()
    for name, other in others:
        for what, of in _COMMON.items():
            if of(parts[name], other) != of(parts[first], shard):
                raise PlanRefused(
                    f"{name} is not of the same plan as {first}, which differs in {what}; "
                    "make all parts from one commit, on one day, with the same options"
                )
    by_number: dict[int, str] = {}
    for name, other in shards.items():
        if other.number in by_number:
            raise PlanRefused(f"{name} is part {other}, and so is {by_number[other.number]}")
        by_number[other.number] = name
    if missing := [str(n) for n in range(1, shard.of + 1) if n not in by_number]:
        more = len(missing) - _MAX_NAMED
        named = ", ".join(missing[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise PlanRefused(
            f"of {shard.of} parts, {named} {'is' if len(missing) == 1 else 'are'} missing; "
            f"`plan --shard {missing[0]}/{shard.of}` makes part {missing[0]}"
        )
    if parts[first].tool != tool:
        raise PlanRefused(
            f"{first} was made by mailauth-dns {parts[first].tool}, and this is {tool}; "
            "merge with the same version"
        )
    if shard.files != files:
        raise PlanRefused(
            f"{first} was made from other files than those in zones/ and providers/ here; "
            f"check out {parts[first].commit or 'what it was made from'}, or plan again"
        )
    return shard


def _shard(name: str, plan: Plan) -> ShardEntry:
    if plan.shard is None:
        raise PlanRefused(f"{name} is a whole plan, and no part of one; there is nothing to merge")
    return plan.shard


def note(shard: ShardEntry) -> str:
    """Return what the reader of a part must know first."""
    return f"this is part {shard} of a plan; `plan merge` puts the parts together"


def refuse_part(path: Path, plan: Plan) -> None:
    """Refuse a part where a plan is wanted: what it does not show may change all the same.

    Raises:
        PlanRefused: it is a part.
    """
    if plan.shard is not None:
        raise PlanRefused(
            f"{path} is part {plan.shard} of a plan; put all parts together first: "
            "`plan merge PART... --out plan.json`"
        )
