"""Results as JSON data; every document has a `format` number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from mailauth_dns.diff.shown_values import public
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Rule
from mailauth_dns.lint.waiver import Waived
from mailauth_dns.records.name import DomainName

if TYPE_CHECKING:
    from mailauth_dns.deploy.apply import ApplyResult
    from mailauth_dns.diff.value_mistakes import Mistake
    from mailauth_dns.export.paste_steps import Sheet, Step
    from mailauth_dns.importing.finished_policy import Imported
    from mailauth_dns.importing.sources import Published
    from mailauth_dns.octo.compiled_folder import Compiled
    from mailauth_dns.plan.plan import LiveEntry

FORMAT = 1


def json_day(day: date | None) -> str | None:
    """Return a day as JSON has it."""
    return day.isoformat() if day is not None else None


def findings(found: Iterable[Finding], waived: Iterable[Waived]) -> dict[str, Any]:
    """Return lint's result."""
    silenced = [
        {
            **_finding(each.finding),
            "reason": each.waiver.reason,
            "until": each.waiver.until.isoformat(),
        }
        for each in waived
    ]
    return {
        "format": FORMAT,
        "findings": [_finding(finding) for finding in found],
        "waived": silenced,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "slug": finding.rule.slug,
        "severity": str(finding.rule.severity),
        "domain": finding.domain,
        "domains": list(finding.domains),
        "path": finding.place.source.path,
        "line": finding.place.line,
        "column": finding.place.column,
        "name": finding.at.key[0] if finding.at is not None else None,
        "type": finding.at.key[1] if finding.at is not None else None,
        "server": finding.at.server if finding.at is not None else None,
        "unknown": finding.unknown,
        "message": finding.message,
        "fix": finding.fix,
        "source": finding.rule.source,
    }


def imported(
    source: str, found: Collection[Published], made: Iterable[Imported], written: Collection[str]
) -> dict[str, Any]:
    """Return import's result.

    `found` is what was read; `written` are the paths of the policies that were written.
    """
    return {
        "format": FORMAT,
        "source": source,
        "notes": [note for each in found for note in each.notes],
        "not_read": [outside for each in found for outside in each.outside],
        "domains": [_imported(each, each.path in written) for each in made],
    }


def _imported(one: Imported, written: bool) -> dict[str, Any]:
    draft = one.draft
    return {
        "domain": draft.domain,
        "zone": draft.policy.zone,
        "path": one.path,
        "written": written,
        "policy": one.text,
        "not_said": [
            {
                "name": left.key[0],
                "type": left.key[1],
                "value": left.shown,
                "reason": left.reason,
            }
            for left in draft.left
        ],
        "proposals": [
            {
                "rule": found.rule.id,
                "severity": str(found.rule.severity),
                "message": found.message,
                "fix": found.fix,
            }
            for found in one.proposals
        ],
        "nearly_parked": draft.nearly_parked,
        "unknown": [
            {"name": name, "type": type, "reason": reason} for (name, type), reason in one.unknown
        ],
    }


def rules(shown: Iterable[Rule]) -> dict[str, Any]:
    """Return rules with their pages."""
    fields = ("id", "slug", "source", "page")
    return {
        "format": FORMAT,
        "rules": [
            {
                **{field: getattr(rule, field) for field in fields},
                "severity": str(rule.severity),
                "needs": rule.needs.value,
            }
            for rule in shown
        ],
    }


def compiled(
    result: Compiled, check: bool, explained: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """Return compile's result; with `check` nothing was written.

    `explained` is what senders come to, None where nobody asked.
    """
    names = {
        key: [path.as_posix() for path in getattr(result, key)]
        for key in ("stale", "gone", "foreign")
    }
    return {"format": FORMAT, "written": not check, **names, "explained": explained}


def live(
    seen: Mapping[DomainName, tuple[LiveEntry, ...]],
    why: Mapping[tuple[str, str], tuple[Mistake, ...]],
) -> dict[str, Any]:
    """Return rows of policy and live DNS by zone, each with the mistakes that explain it."""
    return {
        "format": FORMAT,
        "zones": {
            zone: [
                {
                    **_live_row(row),
                    "mistakes": [asdict(each) for each in why.get((row.name, row.type), ())],
                }
                for row in rows
            ]
            for zone, rows in seen.items()
        },
    }


def _live_row(row: LiveEntry) -> dict[str, Any]:
    """Return a row as JSON data; a private key that stands in DNS is not shown."""
    from mailauth_dns.plan import plan_json  # slow to load, and most results hold no plan

    data = plan_json.live_as_json(row)
    for said in (data, *data["servers"]):
        for key in ("live", "values"):
            if said.get(key) is not None:
                said[key] = [public(value) for value in said[key]]
    return data


def outcome(result: ApplyResult) -> dict[str, Any]:
    """Return apply's result."""
    zones = [
        {
            "zone": zone.zone,
            "provider": zone.provider,
            "status": str(zone.status),
            "changes": len(zone.changes),
            "detail": zone.detail,
            "refusals": [asdict(refusal) for refusal in zone.refusals],
        }
        for zone in result.zones
    ]
    rows = None if result.live is None else [_live_row(row) for row in result.live]
    return {"format": FORMAT, "zones": zones, "notes": list(result.notes), "live": rows}


def paste(sheets: Iterable[Sheet]) -> dict[str, Any]:
    """Return what to do at web forms, zone by zone."""
    return {
        "format": FORMAT,
        "zones": [
            {
                "zone": sheet.zone,
                "domains": list(sheet.domains),
                "servers": list(sheet.servers),
                "steps": [_step(step) for step in sheet.steps],
                "there": [{"name": name, "type": type} for name, type in sheet.there],
                "waits": list(sheet.waits),
                "refused": list(sheet.refused),
            }
            for sheet in sheets
        ],
    }


def _step(step: Step) -> dict[str, Any]:
    entry = step.entry
    return {
        "number": step.number,
        "domain": step.domain,
        "action": str(step.action),
        "family": str(step.family),
        "name": entry.name,
        "host": entry.host,
        "type": entry.type,
        "value": entry.value,
        "strings": entry.strings,
        "ttl": entry.ttl,
        "old": None if step.old is None else public(step.old),
        "deleted": list(map(public, step.deleted)),
        "kept": list(map(public, step.kept)),
        "meaning": step.meaning,
        "risk": step.risk,
        "rules": list(step.rules),
        "unknown": step.why,
        "note": step.note,
        "evidence": step.evidence,
    }
