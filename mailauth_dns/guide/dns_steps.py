"""Steps about DNS: asked, published at a provider or by hand, awaited."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mailauth_dns.export.exported_files import FORM_WAIT
from mailauth_dns.guide.situation import Here, Record, Situation
from mailauth_dns.guide.step import Command, Step, ours
from mailauth_dns.guide.wording import named, others, told

PLAN = "plan.json"
_PUSH = ("git", "push", "--set-upstream", "origin", "HEAD")
_SHOWN = 3  # records that are named


def is_unknown(_here: Here, at: Situation) -> bool:
    """Tell whether a server did not say what it has."""
    return bool(at.records_in("unknown"))


def server_is_down(here: Here, at: Situation) -> bool:
    """Tell whether the policy asks `serve` on this machine, and it does not answer."""
    return at.served_by is not None and is_unknown(here, at)


def _differs(at: Situation) -> bool:
    return bool(at.records_in("missing", "differs"))


def differs_at_provider(_here: Here, at: Situation) -> bool:
    """Tell whether records are to be changed through a provider."""
    return at.provided and _differs(at)


def differs_at_form(_here: Here, at: Situation) -> bool:
    """Tell whether records are to be changed by hand."""
    return not at.provided and _differs(at)


def _listed(records: Sequence[Record]) -> str:
    shown = [f"{each.name} {each.type}" for each in records[:_SHOWN]]
    if more := len(records) - len(shown):
        shown.append(f"{more} more")
    return ", ".join(shown)


def _to_change(group: Sequence[Situation]) -> str:
    """Return what is missing and what differs, in words."""
    missing = [record for at in group for record in at.records_in("missing")]
    other = [record for at in group for record in at.records_in("differs")]
    parts = [f"DNS lacks {_listed(missing)}"] if missing else []
    if other:
        parts.append(f"{'it' if missing else 'DNS'} has another {_listed(other)}")
    return "; ".join(parts)


def serve(_here: Here, group: Sequence[Situation]) -> Step:
    """The policy's servers are on this machine, and do not answer."""
    return Step(
        f"Start the name server that answers for {told(group)}",
        f"it is on this machine and does not answer: {group[0].records_in('unknown')[0].reason}",
        "a second; it runs until you stop it, so use a second terminal",
        (ours("serve", *(group[0].served_by or ())),),
        after=("take `nameservers` out of zones/policy to ask the servers of the zone instead",),
        unknown=True,
    )


def ask_again(here: Here, group: Sequence[Situation]) -> Step:
    """DNS could not be asked, so nobody knows what is published."""
    return Step(
        f"Find out why DNS is unknown for {told(group)}",
        f"what is published is unknown: {group[0].records_in('unknown')[0].reason}",
        "it is asked again for 10 minutes at most",
        (ours("verify", *named(here, group), "--wait", "10m"),),
        unknown=True,
    )


def ask_for_others(looked: int, total: int, named: Collection[str]) -> Step:
    """Nothing is to be done about the domains that were looked at, and there are more."""
    return Step(
        f"Ask DNS for all {total} domains",
        f"nothing is left to do for the {looked} of {total} that were looked at; what DNS has for "
        "the others is unknown",
        "minutes: some seconds for a thousand domains",
        (ours("verify", *named),),
        unknown=True,
    )


def publish(here: Here, group: Sequence[Situation]) -> Step:
    """Records are missing or differ, and a provider has them."""
    if here.pipeline is not None:
        return Step(
            "Push it, open a pull request, read the plan there, and merge",
            f"{_to_change(group)}; {here.pipeline} applies what was reviewed, after the merge",
            "as long as the review takes",
            (_PUSH,),
            after=("`next` again, when CI has applied it",),
        )
    return Step(
        "Plan, read the plan, and apply it",
        _to_change(group),
        "a minute; apply waits until every server agrees",
        _published(here, group),
        after=("`next` again, when DNS has it",),
    )


def paste(_here: Here, group: Sequence[Situation]) -> Step:
    """Records are missing or differ, and you change them by hand."""
    at = group[0]
    return Step(
        f"Paste the records of {at.domain} where its DNS is kept",
        f"{_to_change([at])}; the policy names no provider",
        "minutes at the form, and then up to the old record's TTL",
        (
            ours("export", at.domain, "--format", "paste"),
            ours("verify", at.domain, "--wait", FORM_WAIT),
        ),
        after=others(group, "then"),
    )


def wait(here: Here, group: Sequence[Situation]) -> Step:
    """A part of an SPF record must be known everywhere before a record includes it."""
    record = group[0].records_in("waits")[0]
    return Step(
        f"Wait, then lock and publish {record.name} {record.type}",
        record.reason,
        "as long as caches keep the old answer",
        (ours("spf", "lock"), *_published(here, group)),
    )


def _published(here: Here, group: Sequence[Situation]) -> tuple[Command, ...]:
    """Return the commands that publish files which are committed."""
    if here.pipeline is not None:
        return (_PUSH,)
    return (ours("plan", *named(here, group), "--out", PLAN), ours("apply", PLAN))
