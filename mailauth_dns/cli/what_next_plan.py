"""What to run after a plan and after an apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from mailauth_dns.cli import command_lines
from mailauth_dns.cli.session import Session
from mailauth_dns.cli.what_next import MAX_NAMED, PLAN, WAIT, by_hand
from mailauth_dns.deploy.apply import ApplyResult
from mailauth_dns.deploy.make_plan import unresolved
from mailauth_dns.deploy.replan import NoLongerReviewed
from mailauth_dns.deploy.zone_results import Status, ZoneResult
from mailauth_dns.export.pipeline import pipeline_of
from mailauth_dns.keys.times import span
from mailauth_dns.plan.alike import distinct, matching, picked
from mailauth_dns.plan.evidence_entry import STS_WITHOUT_EVIDENCE, WITHOUT_EVIDENCE
from mailauth_dns.plan.permissions import (
    LIVE_UNKNOWN,
    NOT_AUTHORITATIVE,
    Refusal,
    refusals,
)
from mailauth_dns.plan.plan import TEST_FAILS, TEST_UNKNOWN, Plan, Where
from mailauth_dns.plan.policy_permissions import changing_domains
from mailauth_dns.policy.allowed_changes import REFUSED_BY
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName

# The rules that ask for evidence, and the commands that judge it.
_JUDGED_BY = {WITHOUT_EVIDENCE: "dmarc", STS_WITHOUT_EVIDENCE: "mta_sts"}


def after_plan(
    session: Session,
    file: Plan,
    written: Path | None,
    declaring: Sequence[str],
    *,
    live: bool,
    shards: int = 0,
) -> None:
    """Say what comes after a plan, which was put together from so many `shards`.

    `written` is its file, `declaring` are the repo's domains.
    """
    named = file.domains or ()
    if file.shard is not None:
        why = "puts the shards together"
        session.next("plan", "merge", "SHARD...", "--out", PLAN, why=why)
    elif file.live_only:
        _live_only(session, file)
    elif not file.zones and not file.failed and file.notes:
        session.next("plan", *named, why="plans every zone")
    elif not file.zones and not file.failed:
        by_hand(session, named or declaring, why="the records for a web form")
    elif unresolved(file) and written is not None and _some_zone_is_ready(file):
        session.next("apply", str(written), why="applies what it can; the rest stays as it is")
    elif unresolved(file):
        session.next("plan", *named, "--out", PLAN, why="once what is failed or blocked is mended")
    elif not file.pending:
        session.next("verify", *named, why="nothing is to change; asks every server")
    elif refused := refusals(file.zones, ()):
        _refused(session, file, refused, live=live, shards=shards)
    elif pipeline := pipeline_of(session.root):
        session.next("next", *named, why=f"{pipeline} applies what is reviewed, after the merge")
    elif written is not None:
        session.next("apply", str(written), why="does what you reviewed, and nothing else")
    else:
        session.again("--out", PLAN, why="writes the plan for apply")


def _some_zone_is_ready(file: Plan) -> bool:
    """Tell whether apply would do all that a plan has for one of its zones."""
    refused = refusals(file.zones, ())
    return any(
        zone.changes and not zone.refused and zone.where not in refused for zone in file.zones
    )


def _live_only(session: Session, file: Plan) -> None:
    """Say what comes after a plan that cannot be applied."""
    if unresolved(file):
        session.again(why="once what is failed or blocked is mended")
    else:
        why = "where the providers' secrets are; asks the providers too, and can be applied"
        session.next("plan", *(file.domains or ()), "--out", PLAN, why=why)


def _refused(
    session: Session,
    file: Plan,
    refused: Mapping[Where, Sequence[Refusal]],
    *,
    live: bool,
    shards: int,
) -> None:
    """Say what shows why apply would refuse zones of a plan."""
    named = file.domains or ()
    changing = picked(file.zones, lambda zone: (zone.where, bool(zone.changes)))
    whole = all(where in refused for where, changes in changing if changes)
    zones = list(dict.fromkeys(zone for zone, _ in refused))
    what = "this plan" if whole else zones[0] if len(zones) == 1 else f"{len(zones)} zones of it"
    rules = [each.rule for reasons in refused.values() for each in reasons if each.rule is not None]
    of_dns = (NOT_AUTHORITATIVE, LIVE_UNKNOWN)
    of_changes = [rule for rule in rules if rule not in (*of_dns, TEST_FAILS, TEST_UNKNOWN)]
    if of_changes:
        session.next("rules", of_changes[0], why=f"apply refuses {what}; the page says what to do")
    elif set(rules) - set(of_dns):
        session.next("test", *named, why=f"apply refuses {what}, because a test breaks")
    elif not live and shards:
        why = f"each shard again without --no-live: apply refuses {what}, because DNS was not asked"
        session.next("plan", *named, "--shard", f"I/{shards}", "--out", "FILE", why=why)
    elif not live:
        session.next(
            "plan", *named, "--out", PLAN, why=f"apply refuses {what}, because DNS was not asked"
        )
    else:
        session.next("diff", *named, why=f"apply refuses {what}, because of what DNS says")


def after_apply(session: Session, result: ApplyResult, file: Path | None, repo: Repo) -> None:
    """Say what comes after an apply of the plan in `file`."""
    domains = _few_changed(result)
    out = ("--out", str(file) if file is not None else PLAN)
    if result.interrupted:
        session.again(why="does what is left; what is done is recognised")
    elif refused := list(matching(result.zones, lambda zone: zone.refusals)):
        _permit(session, refused, file, repo)
    elif any(zone.status is Status.REFUSED for zone, _ in distinct(result.zones)):
        session.next("plan", *domains, *out, why="plans again what was refused")
    elif not result.complete and all(_is_as_planned(zone) for zone, _ in distinct(result.zones)):
        session.next("plan", *out, why="once what is blocked or could not be planned is mended")
    elif not result.complete:
        session.again(why="does what is left; what is done is recognised")
    elif result.live is None or result.live:
        session.next("verify", *domains, *WAIT, why="waits until every server has it")
    elif result.waiting:
        session.next("plan", *domains, *out, why="later, for what had to wait")
    else:
        session.next("next", *domains, why=f"every server has it{_in_caches(result)}")


def _few_changed(result: ApplyResult) -> list[str]:
    """Return the domains that were changed; nothing where they are too many to be named."""
    found: set[str] = set()
    for zone in matching(result.zones, lambda each: each.changes):
        found.update(change.domain for change in zone.changes)
        if len(found) > MAX_NAMED:
            return []
    return sorted(found)


def _in_caches(result: ApplyResult) -> str:
    """Return for how long resolvers may still hold what was there before."""
    ttls = [
        change.ttl_before or 0
        for zone, _ in distinct(result.zones)
        for change in zone.changes
        if change.before
    ]
    return (
        f"; caches may hold the old records for {span(timedelta(seconds=max(ttls)))}"
        if ttls
        else ""
    )


def _is_as_planned(zone: ZoneResult) -> bool:
    """Tell whether apply did all that the plan has for a zone: the rest needs a new plan."""
    was_not_planned = zone.status is Status.NOT_TRIED and not zone.changes
    return was_not_planned or (zone.status is not Status.FAILED and zone.undone == frozenset())


def _permit(session: Session, refused: Sequence[ZoneResult], file: Path | None, repo: Repo) -> None:
    """Name the refused zones, and say how a review permits what was refused there."""
    zones = list(dict.fromkeys(zone.zone for zone in refused))
    left = f" and {len(zones) - MAX_NAMED} more" if len(zones) > MAX_NAMED else ""
    session.say(f"refused, nothing was written there: {', '.join(zones[:MAX_NAMED])}{left}")
    _evidence_first(session, refused)
    wanted = to_permit(refused, repo)
    for path, rules in list(wanted.items())[:MAX_NAMED]:
        session.say(f"If that is meant, write in {path}, and have it reviewed:")
        session.say("  allow:")
        for rule in rules:
            session.say(f"    - {{rule: {rule}, reason: WHY, until: LAST DAY}}")
    rules = [each.rule for zone in refused for each in zone.refusals if each.rule is not None]
    if wanted and file is not None:
        session.next("apply", str(file), why="once it is permitted; what is done is recognised")
    elif wanted:
        session.again(why="once it is permitted")
    else:
        session.next("rules", rules[0], why="why nothing was written, and what to do")


def _evidence_first(session: Session, refused: Iterable[ZoneResult]) -> None:
    """Say how reports permit what was refused for want of them: that needs no permission."""
    asked = dict.fromkeys(
        (_JUDGED_BY[refusal.rule], refusal.domain)
        for zone in refused
        for refusal in zone.refusals
        if refusal.rule in _JUDGED_BY
    )
    if not asked:
        return
    session.say("Evidence comes first. Keep what reports say, and see what the step waits for:")
    session.say(f"  {session.spelled(('mailauth-dns', 'reports', 'read', 'PATH', '--write'))}")
    for group, domain in list(asked)[:MAX_NAMED]:
        session.say(f"  {session.spelled(('mailauth-dns', group, 'status', domain))}")


def to_permit(refused: Iterable[ZoneResult], repo: Repo) -> dict[str, list[str]]:
    """Return the rules that policies would have to permit, by the policy's path."""
    paths = {policy.domain: policy.path for policy in repo.policies}
    found: dict[str, list[str]] = {}
    for zone in refused:
        for refusal in zone.refusals:
            if refusal.rule not in REFUSED_BY:
                continue
            of_zone = refusal.rule == NOT_AUTHORITATIVE
            for domain in _of_zone(zone, repo) if of_zone else [refusal.domain]:
                rules = found.setdefault(paths[DomainName(domain)], [])
                if refusal.rule not in rules:
                    rules.append(refusal.rule)
    return found


def _of_zone(zone: ZoneResult, repo: Repo) -> Sequence[str]:
    """Return the domains that must permit what is about a whole zone."""
    if changing := changing_domains(zone.changes):
        return sorted(changing)
    # Only consents to reports change. One domain of the zone is enough: the shortest is its own.
    return sorted((each.domain for each in repo.policies if each.zone == zone.zone), key=len)[:1]


def ways_on(session: Session, stale: NoLongerReviewed, reviewed: Plan, file: Path) -> Iterator[str]:
    """Yield what can be done with a plan that has stale zones."""
    named = reviewed.domains or ()
    domains = named if len(named) <= MAX_NAMED else ()
    yield f"plan again: {session.spelled(['mailauth-dns', 'plan', *domains, '--out', str(file)])}"
    if len(stale.rest) > MAX_NAMED:
        yield (
            f"or apply some of the {len(stale.rest)} other zones of this plan: "
            "name each with --only ZONE"
        )
    elif stale.rest:
        options = [word for zone in stale.rest for word in ("--only", zone)]
        rest = command_lines.repeated(session.given, options, without="--only")
        yield f"or apply the rest of this plan: {rest}"


def after_no(session: Session) -> None:
    """Say what comes after an apply that was answered with no."""
    session.next("plan", "--out", PLAN, why="writes the plan to a file, to be reviewed")
