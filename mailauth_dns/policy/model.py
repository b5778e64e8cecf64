"""What a policy file may say, as pydantic models.

Field names are the RFCs' own tag names. Every scalar arrives as the text that was written; the record parsers judge the tags, so
that a policy cannot hold what a record could not.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.policy.mail_tests import MailTest, distinct
from mailauth_dns.policy.pasted_records import rewritten
from mailauth_dns.policy.scalars import (
    UNSAFE,
    Day,
    Domain,
    Duration,
    Flag,
    Moment,
    OwnDomain,
    ProviderId,
    ReportAddress,
    Section,
    Selector,
    SelectorTemplate,
    ServerAddress,
    TagText,
    Ttl,
    checked,
    fail,
    one_of,
    refuse_private_key,
    refuse_record,
    section_or_absent,
)
from mailauth_dns.policy.sections import BimiSections, MtaStsSection, TlsRptSection
from mailauth_dns.records import dkim, dmarc, spf


def _tag_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]+", text):
        fail(f"{text!r} is not a tag's name; it holds letters only")
    if text.lower() in {"v", *DmarcSection.model_fields}:
        fail(f"{text} is known; give it as the key {text.lower()}")
    return text


def _dmarc_tag(tag: str) -> AfterValidator:
    return checked(dmarc.parse, f"v=DMARC1; {tag}=", refused=";")


def _dkim_tag(tag: str) -> AfterValidator:
    return checked(dkim.parse, f"v=DKIM1; {tag}=", "; p=", refused=";")


def _public_key(text: str) -> str:
    # No message quotes the value: what people paste here by mistake is a private key.
    refuse_private_key(text)
    if UNSAFE.search(text) or ";" in text:
        fail("p holds base64 only; a quote, a semicolon or a line break does not belong to it")
    try:
        key = dkim.parse(f"p={text}").key_bytes
    except RecordSyntaxError as error:
        fail(error.expected)
    if not key:
        fail("p is empty; write `state: revoked`")
    return text


def _key_tag_name(text: str) -> str:
    if text in ("v", "k", "h", "s", "t", "n", "p"):  # RFC 6376 §3.2: upper and lower case apart
        fail(
            f"{text} is known; give it as the key {text}"
            if text != "v"
            else "v is written by itself; leave it out"
        )
    return text


def _spf_term(text: str) -> str:
    if re.match(r"v=", text, re.IGNORECASE):
        instead = rewritten(text) if " " in text else None
        fail(
            f"the version is written for you; write {instead}"
            if instead
            else "the version is written for you; list the terms behind it"
        )
    return text


def _bare_name(text: object) -> object:
    if isinstance(text, str) and text.lower().startswith("include:"):
        fail("give the name alone, without include:", 0, len("include:"))
    return text


SpfName = Annotated[Domain, BeforeValidator(_bare_name)]
SpfTerm = Annotated[str, AfterValidator(_spf_term), checked(spf.parse_term)]
ReportUri = Annotated[ReportAddress, _dmarc_tag("rua")]
TagName = Annotated[str, AfterValidator(_tag_name)]
KeyTagName = Annotated[
    str, AfterValidator(_key_tag_name), checked(dkim.parse, "v=DKIM1; ", "=; p=", refused=";")
]
DmarcPolicy = Annotated[
    str, _dmarc_tag("p"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})
]
Alignment = Annotated[str, _dmarc_tag("adkim"), WithJsonSchema({"enum": ["r", "s"]})]


class SpfSection(Section):
    """The SPF record of the domain (RFC 7208)."""

    terms: tuple[SpfTerm, ...] = Field(
        (), description="terms and modifiers as published, in order, without `all`"
    )
    all: Annotated[
        Literal["pass", "fail", "softfail", "neutral"] | None,
        one_of("pass", "fail", "softfail", "neutral"),
    ] = Field(None, description="what to say of every other host")
    redirect: Annotated[str, checked(spf.parse_term, "redirect=")] | None = None
    flatten: tuple[SpfName, ...] = Field(
        (),
        description="names of includes in `terms` to be replaced by the addresses in zones/locks/spf.json, which `spf lock` writes",
    )
    ttl: Ttl | None = None

    @field_validator("flatten")
    @classmethod
    def _included(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "terms" in info.data:
            included = [
                term.domain.folded
                for term in map(spf.parse_term, info.data["terms"])
                if isinstance(term, spf.Include)
            ]
            known = ", ".join(name for name in included if "%" not in name)
            for name in names:
                if name not in included:
                    fail(
                        f"{name} is not included; `flatten` takes names of includes in `terms`: {known or 'there is none'}"
                    )
        if len(set(names)) != len(names):
            fail("a name is listed twice")
        return names

    @model_validator(mode="after")
    def _whole(self) -> SpfSection:
        if self.redirect is not None and self.all is not None:
            fail("`redirect` is never looked at when there is an `all`; keep one of them")
        try:
            self.record  # noqa: B018 - read for its errors, and kept
        except RecordSyntaxError as error:
            fail(str(error))
        return self

    @property
    def words(self) -> tuple[str, ...]:
        """The terms and modifiers in order, `all` and `redirect` with them, and nothing flattened."""
        closing = {"pass": "+all", "fail": "-all", "softfail": "~all", "neutral": "?all"}
        ending = (closing[self.all],) if self.all is not None else ()
        return (
            *self.terms,
            *ending,
            *((f"redirect={self.redirect}",) if self.redirect is not None else ()),
        )

    @cached_property
    def record(self) -> spf.Record:
        """The record as it is without flattening."""
        return spf.parse(self.text)

    @cached_property
    def text(self) -> str:
        """The text of `record`."""
        return " ".join([spf.VERSION, *self.words])


State = Literal["pending", "active", "retiring", "revoked", "absent"]


class SelectorSection(Section):
    """One DKIM selector: a key file, a key as published, a delegation, or its end (RFC 6376 §3.6.1)."""

    key: Annotated[str, AfterValidator(refuse_private_key)] | None = Field(
        None, description="file in zones/keys/<domain>/ that holds the public key as PEM"
    )
    p: Annotated[str, AfterValidator(_public_key)] | None = Field(
        None, description="the public key in base64, as published"
    )
    cname: Domain | None = Field(None, description="the sender's name that holds the key")
    k: Annotated[str, _dkim_tag("k")] | None = None
    h: Annotated[str, _dkim_tag("h")] | None = None
    s: Annotated[str, _dkim_tag("s")] | None = None
    t: Annotated[str, _dkim_tag("t")] | None = None
    n: Annotated[TagText, _dkim_tag("n")] | None = None
    other: dict[KeyTagName, Annotated[TagText, _dkim_tag("x")]] = Field(
        default_factory=dict, description="tags that verifiers do not know"
    )
    state: Annotated[State, one_of("pending", "active", "retiring", "revoked", "absent")] = "active"
    since: Moment | None = None
    seen: Moment | None = None
    signed_until: Moment | None = None
    ttl: Ttl | None = None

    @model_validator(mode="after")
    def _whole(self) -> SelectorSection:
        sources = [name for name in ("key", "p", "cname") if getattr(self, name) is not None]
        if len(sources) > 1:
            fail(f"{' and '.join(sources)} are given; keep one")
        if not sources and self.state not in ("revoked", "absent"):
            fail(
                "no key; give `key` (a file), `p` (as published) or `cname` (delegated), or `state: revoked` or `absent`"
            )
        tags = [tag for tag in ("k", "h", "s", "t", "n") if getattr(self, tag) is not None] + list(
            self.other
        )
        if self.cname is not None and tags:
            fail(f"a delegated selector has no tags of its own; leave out {', '.join(tags)}")
        if self.cname is not None and self.state == "revoked":
            fail(
                "a delegated selector is revoked by its sender; use `state: absent`, or leave out `cname` to publish an empty key here"
            )
        return self


class RotationSection(Section):
    """How long a key lives on when it no longer signs."""

    grace: Duration = Field(
        default=timedelta(days=7),
        description="from the last signature to the revocation: mail waits that long in queues",
    )
    revoked_for: Duration = Field(
        default=timedelta(days=30), description="how long the empty key stays published"
    )


class DkimSection(Section):
    """The DKIM keys of the domain."""

    selector_template: SelectorTemplate = Field(
        default="{date}",
        description="names of new selectors; {date} is the day, such as 20260531, {type} is rsa or ed25519",
    )
    rotation: RotationSection = RotationSection()
    selectors: dict[Selector, SelectorSection] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _not_absent(cls, value: object) -> object:
        if value == "absent":
            fail(
                "undeclared selectors are never touched; declare each one that shall go as `{state: absent}`"
            )
        refuse_record(value)
        return value


class DmarcSection(Section):
    """The DMARC record of the domain (RFC 9989 §4.7)."""

    p: DmarcPolicy | None = None
    sp: (
        Annotated[str, _dmarc_tag("sp"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})]
        | None
    ) = None
    np: (
        Annotated[str, _dmarc_tag("np"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})]
        | None
    ) = None
    adkim: Alignment | None = None
    aspf: Alignment | None = None
    fo: Annotated[TagText, _dmarc_tag("fo")] | None = None
    rua: tuple[ReportUri, ...] | None = None
    ruf: tuple[ReportUri, ...] | None = None
    psd: Annotated[str, _dmarc_tag("psd"), WithJsonSchema({"enum": ["y", "n", "u"]})] | None = None
    t: Annotated[str, _dmarc_tag("t"), WithJsonSchema({"enum": ["y", "n"]})] | None = None
    pct: Annotated[TagText, _dmarc_tag("pct")] | None = Field(
        None, description="historic: receivers ignore it since RFC 9989"
    )
    rf: Annotated[str, _dmarc_tag("rf")] | None = Field(
        None, description="historic: receivers ignore it since RFC 9989"
    )
    ri: Annotated[TagText, _dmarc_tag("ri")] | None = Field(
        None, description="historic: receivers ignore it since RFC 9989"
    )
    other: dict[TagName, Annotated[TagText, _dmarc_tag("x")]] = Field(
        default_factory=dict, description="tags that no RFC knows"
    )
    ttl: Ttl | None = None

    @model_validator(mode="after")
    def _whole(self) -> DmarcSection:
        if self.rua == () or self.ruf == ():
            fail("rua and ruf need an address; leave the key out to ask for no reports")
        try:
            self.record  # noqa: B018 - read for its errors, and kept
        except RecordSyntaxError as error:
            fail(str(error))
        return self

    def _joined(self) -> str:
        parts = ["v=DMARC1"]
        for tag in (
            "p",
            "sp",
            "np",
            "adkim",
            "aspf",
            "fo",
            "rua",
            "ruf",
            "psd",
            "t",
            "pct",
            "rf",
            "ri",
        ):
            value = getattr(self, tag)
            if value is not None:
                parts.append(f"{tag}={','.join(value) if isinstance(value, tuple) else value}")
        parts += [f"{tag}={value}" for tag, value in self.other.items()]
        return "; ".join(parts)

    @cached_property
    def record(self) -> dmarc.Record:
        """The record that is published."""
        return dmarc.parse(self._joined())

    @cached_property
    def text(self) -> str:
        """The record as published."""
        return str(self.record)


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
    spf: Annotated[SpfSection | Literal["absent"] | None, section_or_absent(SpfSection)] = None
    dkim: DkimSection | None = None
    dmarc: Annotated[DmarcSection | Literal["absent"] | None, section_or_absent(DmarcSection)] = (
        None
    )
    mta_sts: Annotated[
        MtaStsSection | Literal["absent"] | None, section_or_absent(MtaStsSection)
    ] = None
    tls_rpt: Annotated[
        TlsRptSection | Literal["absent"] | None, section_or_absent(TlsRptSection)
    ] = None
    bimi: BimiSections | None = Field(
        None, description="logos by selector; the selector receivers look for first is `default`"
    )
    waivers: tuple[WaiverSection, ...] = Field(
        (), description="findings of lint that are known and accepted"
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


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file."""
    schema = PolicyFile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mailauth-dns policy",
        **schema,
    }
