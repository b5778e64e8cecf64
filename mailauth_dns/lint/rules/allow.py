"""Rules about `allow`: permissions for what apply would refuse.

A plan tells which permissions it does not need; lint tells those that no plan can need.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.spf import MAX_TERMS
from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family


@rule("ALLOW001", "allow-expired", Severity.WARNING, "practice")
def allow_expired(subject: Subject) -> Iterator[Problem]:
    """The last day of a permission is over: apply refuses again what it permitted.

    Bad:
        allow: [{rule: DMARC033, reason: "never sent mail", until: 2020-01-31}]
    Good:
        no permission, once the change is applied; or a new day in `until`
    """
    for index, permission in enumerate(subject.policy.body.allow):
        if permission.until < subject.today:
            yield Problem(
                ("allow", index),
                f"the permission for {permission.rule} ended on {permission.until}",
                "take it out, or give it a new day",
            )


@rule("ALLOW002", "allow-without-use", Severity.WARNING, "practice")
def allow_without_use(subject: Subject) -> Iterator[Problem]:
    """A permission that no plan of this policy needs would permit a mistake that comes later.

    Bad:
        allow: [{rule: TEST001, reason: "we move", until: 2030-01-31}]  # and there are no tests
    Good:
        no permission
    """
    for index, permission in enumerate(subject.policy.body.allow):
        if permission.until >= subject.today:
            reason = _never_needed(permission.rule, subject)
            if reason is not None:
                message = f"apply cannot refuse this policy by {permission.rule}: {reason}"
                yield Problem(("allow", index), message, "take it out")


def _never_needed(rule: str, subject: Subject) -> str | None:
    """Return why no plan of the policy can be refused by a rule; None where one can."""
    body = subject.policy.body
    families = {entry.family for entry in subject.declared}
    ended = {entry.family for entry in subject.declared if not entry.values}
    match rule:
        case "DKIM030" if families.isdisjoint({Family.DKIM, Family.RETURN_PATH}):
            return "it names no selector and no return path"
        case "DKIM034" if Family.DKIM not in families:
            return "it names no selector"
        case "DMARC032" | "DMARC033" if Family.DMARC not in families:
            return "it has no `dmarc`"
        case "DMARC032" if isinstance(body.dmarc, DmarcSection) and not _enforces(subject):
            return "it asks nobody to stop mail"
        case "DMARC033" if isinstance(body.dmarc, DmarcSection) and not _rejects(subject):
            return "it asks nobody to reject mail"
        case "DNS004" if not any(entry.values for entry in subject.declared):
            return "it publishes no record"
        case "DNS008" if not body.providers:
            return "it names no provider"
        case "SND010" if not any(use.life.gone for use in subject.policy.senders):
            return "the grace of no sender is over"
        case "SPF010" if not _needs_many_lookups(subject):
            return f"its own terms need no more than {MAX_TERMS} lookups"
        case "STS017" if Family.MTA_STS not in ended:
            return "it does not end MTA-STS"
        case "STS019" if subject.mta_sts is None or subject.mta_sts.mode != "enforce":
            return "it does not enforce MTA-STS"
        case "TEST001" | "TEST002" if not subject.policy.has_tests:
            return "it has no tests"
    return None


def _enforces(subject: Subject) -> bool:
    return any(
        asked not in (None, dmarc.Policy.NONE)
        for record in _records(subject)
        for asked in (record.p, record.sp, record.np)
    )


def _rejects(subject: Subject) -> bool:
    return any(dmarc.Policy.REJECT in (record.p, record.sp) for record in _records(subject))


def _records(subject: Subject) -> Iterator[dmarc.Record]:
    for entry in subject.declared:
        if entry.family is Family.DMARC:
            yield from map(dmarc.parse, entry.values)


def _needs_many_lookups(subject: Subject) -> bool:
    record = subject.published_spf
    return record is not None and record.own_lookups > MAX_TERMS
