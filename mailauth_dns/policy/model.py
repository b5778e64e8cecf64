"""What a policy file may say, as pydantic models.

Field names are the RFCs' own tag names. Every scalar arrives as the text that was written. The
record parsers judge the tags, so a policy cannot hold what a record could not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    WithJsonSchema,
    model_validator,
)

from mailauth_dns.policy.absent import AbsentWord, section_or_absent
from mailauth_dns.policy.allowed_changes import PermissionSection, once_each
from mailauth_dns.policy.mail_tests import MailTest, distinct
from mailauth_dns.policy.sections.bimi import BimiSections
from mailauth_dns.policy.sections.dkim import DkimSection
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.policy.sections.mta_sts import MtaStsSection
from mailauth_dns.policy.sections.senders import SenderKey, SenderSection
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.policy.sections.tls_rpt import TlsRptSection
from mailauth_dns.records.family import Family
from mailauth_dns.typed_yaml.scalars import (
    Day,
    Duration,
    Flag,
    OwnDomain,
    ProviderId,
    Section,
    ServerAddress,
    Ttl,
    fail,
)

DEFAULT_GRACE = timedelta(days=30)


def _told(text: str) -> str:
    if not text.strip():
        fail("the reason is blank; say why the finding is accepted")
    return text


class WaiverSection(Section):
    """A finding of lint that the owner knows of and accepts for a time."""

    rule: str = Field(description="the rule's id, such as SPF046")
    reason: Annotated[
        str, AfterValidator(_told), WithJsonSchema({"type": "string", "pattern": r"\S"})
    ] = Field(description="why it is accepted, for those who read it later")
    until: Day = Field(description="the last day that it holds, in UTC")


class PolicyFile(Section):
    """A policy: who may send mail for a domain, and what receivers should do with the rest."""

    domain: OwnDomain | None = Field(None, description="the domain this policy is for")
    domains: tuple[OwnDomain, ...] | None = Field(
        None, description="several domains with the same policy"
    )
    domains_file: str | None = Field(
        None, description="a file with one domain a line, relative to this one; # opens a comment"
    )
    zone: OwnDomain | None = Field(
        None, description="the DNS zone that holds the records; default: the domain"
    )
    providers: tuple[ProviderId, ...] = Field(
        (), description="ids of providers/*.yaml to publish at"
    )
    nameservers: tuple[ServerAddress, ...] = Field((), description="addresses to ask for live DNS")
    ttl: Ttl | None = Field(None, description="seconds; default: what is there, else 3600")
    senders: dict[SenderKey, SenderSection] = Field(
        default_factory=dict,
        description="who sends mail for the domain: names of `mailauth-dns senders`, and `server`",
    )
    sender_grace: Duration = Field(
        DEFAULT_GRACE,
        json_schema_extra={"default": "30d"},
        description="how long a retired sender's SPF and keys stay; default 30d",
    )
    spf: Annotated[SpfSection | AbsentWord | None, section_or_absent(SpfSection)] = Field(
        None, description="which hosts may send mail for the domain; `absent` deletes our record"
    )
    dkim: DkimSection | None = Field(None, description="the keys that sign mail of the domain")
    dmarc: Annotated[DmarcSection | AbsentWord | None, section_or_absent(DmarcSection)] = Field(
        None, description="what receivers should do with mail that fails; `absent` deletes ours"
    )
    mta_sts: Annotated[MtaStsSection | AbsentWord | None, section_or_absent(MtaStsSection)] = Field(
        None, description="that mail to the domain comes over verified TLS; `absent` deletes ours"
    )
    tls_rpt: Annotated[TlsRptSection | AbsentWord | None, section_or_absent(TlsRptSection)] = Field(
        None, description="where senders report how TLS went; `absent` deletes ours"
    )
    bimi: BimiSections | None = Field(
        None, description="logos by selector; the selector receivers look for first is `default`"
    )
    waivers: tuple[WaiverSection, ...] = Field(
        (), description="findings of lint that are known and accepted"
    )
    allow: Annotated[tuple[PermissionSection, ...], AfterValidator(once_each)] = Field(
        (), description="changes that apply would refuse, and that are meant"
    )
    parked: Flag | None = Field(
        None,
        description="the domain sends and receives no mail; false takes the parking records away",
    )
    tests: Annotated[tuple[MailTest, ...], AfterValidator(distinct)] = Field(
        (), description="what receivers must say once this is live"
    )

    @model_validator(mode="after")
    def _whole(self) -> PolicyFile:
        named = [
            name
            for name in ("domain", "domains", "domains_file")
            if getattr(self, name) is not None
        ]
        if len(named) != 1:
            fail(
                "name what the policy is for: `domain`, `domains` or `domains_file`"
                + (f", not {' and '.join(named)}" if named else "")
            )
        if self.domains == ():
            fail("`domains` is empty; list at least one")
        if len(set(self.providers)) != len(self.providers):
            fail("a provider is listed twice")
        return self


def sections_of(body: PolicyFile, family: Family) -> Mapping[str, Any]:
    """Return what a policy says of one family: each section by its selector.

    The key is empty for a family without selectors.
    """
    found: Any = body
    for key in family.row.section:
        found = getattr(found, key, None)
    if found is None:
        return {}
    selected: Mapping[str, Any] = found if family.row.selected else {"": found}
    return selected


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file."""
    schema = PolicyFile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mailauth-dns policy",
        **schema,
    }
