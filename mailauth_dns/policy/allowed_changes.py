"""`allow` in a policy: what apply would refuse, permitted under review, with a last day."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from mailauth_dns.typed_yaml.scalars import Day, Section, fail

# What apply refuses, by rule. That live DNS is unknown (live-unknown) is not among them: who writes
# a policy cannot know it, so only who runs apply permits it.
REFUSED_BY = (
    "DKIM030",
    "DKIM034",
    "DMARC032",
    "DMARC033",
    "DNS004",
    "DNS008",
    "SND010",
    "SPF010",
    "STS017",
    "STS019",
    "TEST001",
    "TEST002",
)


def _refusing(rule: str) -> str:
    if rule == "live-unknown":
        fail(
            "no policy can know that live DNS is unknown; "
            "who runs apply permits it: --allow live-unknown"
        )
    if rule not in REFUSED_BY:
        meant = rule.strip().upper().partition(":")[0]  # the command line's DMARC033:example.com
        instead = (meant,) if meant in REFUSED_BY else REFUSED_BY
        fail(f"apply refuses nothing by {rule!r}; write {' or '.join(instead)}")
    return rule


def _told(text: str) -> str:
    if not text.strip():
        fail("the reason is blank; say why the change is meant")
    return text


class PermissionSection(Section):
    """A change that apply would refuse, and that is meant."""

    rule: Annotated[
        str,
        AfterValidator(_refusing),
        WithJsonSchema({"type": "string", "enum": list(REFUSED_BY)}),
    ] = Field(description="the rule by which apply refuses it, such as DMARC033")
    reason: Annotated[
        str, AfterValidator(_told), WithJsonSchema({"type": "string", "pattern": r"\S"})
    ] = Field(description="why it is meant, for those who review it")
    until: Day = Field(description="the last day that it is permitted, in UTC")


def once_each(permissions: tuple[PermissionSection, ...]) -> tuple[PermissionSection, ...]:
    """Refuse two permissions of one rule: a reader could not tell which of the days counts."""
    rules = [permission.rule for permission in permissions]
    twice = next((rule for rule in rules if rules.count(rule) > 1), None)
    if twice is not None:
        fail(f"{twice} is permitted twice; keep one")
    return permissions
