"""Shards of a plan: what they have in common, and where none may stand for the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mailauth_dns.errors import PlanRefused
from mailauth_dns.plan.plan import Plan
from mailauth_dns.plan.shard_entry import ShardEntry
from mailauth_dns.spread import merge
from mailauth_dns.spread.merge import COMMIT, DAY, FILES, TOOL, Made
from mailauth_dns.spread.shard import Shard


def check(shards: Iterable[tuple[str, Plan]], *, tool: str, files: str) -> Mapping[str, Plan]:
    """Return the shards of a plan by the names of their files, if they can be merged.

    `tool` is this program's version, and `files` what the repo holds here.

    Raises:
        PlanRefused: one is no shard.
        MailAuthError: they do not belong together; the text names the file.
    """
    shards = tuple(shards)
    made = [_made(name, plan) for name, plan in shards]
    merge.check(made, command="plan")
    merge.refuse_others(made[0], tool=tool, files=files)
    return dict(shards)


def _made(name: str, plan: Plan) -> Made:
    shard = plan.shard
    if shard is None:
        raise PlanRefused(f"{name} is a whole plan, and no shard of one; there is nothing to merge")
    same = {
        TOOL: plan.tool,
        COMMIT: plan.commit,
        FILES: shard.files,
        DAY: plan.made_at[:10],
        "the domains": plan.domains,
        "--no-live": shard.live,
        "--normalize": plan.normalize,
        "--provider": shard.providers,
        "--show-kept": shard.show_kept,
        "the zones that are planned": (shard.places, plan.notes),
    }
    return Made(name, Shard(shard.number, shard.of), same)


def note(shard: ShardEntry) -> str:
    """Return what the reader of a shard must know first."""
    return f"this is shard {shard} of a plan; `plan merge` puts the shards together"


def refuse_shard(path: Path, plan: Plan) -> None:
    """Refuse a shard where a plan is wanted: what it does not show may change all the same.

    Raises:
        PlanRefused: it is a shard.
    """
    if plan.shard is not None:
        raise PlanRefused(
            f"{path} is shard {plan.shard} of a plan; put all shards together first: "
            "`plan merge SHARD... --out plan.json`"
        )
