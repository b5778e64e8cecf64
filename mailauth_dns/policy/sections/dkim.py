"""The `dkim` section: the keys of a domain (RFC 6376 §3.6.1)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from mailauth_dns.policy.absent import refuse_absent
from mailauth_dns.records import dkim
from mailauth_dns.typed_yaml.scalars import (
    Domain,
    Duration,
    Moment,
    OwnTtl,
    Section,
    Selector,
    SelectorTemplate,
    TagText,
    checked,
    fail,
    one_of,
    public_key,
    refuse_private_key,
    refuse_record,
)


def _dkim_tag(tag: str) -> AfterValidator:
    return checked(dkim.parse, f"v=DKIM1; {tag}=", "; p=", refused=";")


def _key_tag_name(text: str) -> str:
    if text in ("v", "k", "h", "s", "t", "n", "p"):  # RFC 6376 §3.2: upper and lower case apart
        fail(
            f"{text} is known; give it as the key {text}"
            if text != "v"
            else "v is written by itself; leave it out"
        )
    return text


KeyTagName = Annotated[
    str, AfterValidator(_key_tag_name), checked(dkim.parse, "v=DKIM1; ", "=; p=", refused=";")
]


class KeyState(StrEnum):
    """Where a selector's key is in its life, in this order."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    REVOKED = "revoked"
    ABSENT = "absent"


State = Annotated[
    KeyState,
    one_of(*KeyState),
    WithJsonSchema({"enum": list(KeyState), "title": "State", "type": "string"}),
]


class SelectorSection(Section):
    """One DKIM selector: a key file, a key, a delegation, or its end (RFC 6376 §3.6.1)."""

    key: Annotated[str, AfterValidator(refuse_private_key)] | None = Field(
        None, description="file in zones/keys/<domain>/ that holds the public key as PEM"
    )
    p: Annotated[str, AfterValidator(public_key)] | None = Field(
        None, description="the public key in base64, as published"
    )
    cname: Domain | None = Field(None, description="the sender's name that holds the key")
    k: Annotated[str, _dkim_tag("k")] | None = Field(
        None, description="the kind of key; default: what the key file holds, else rsa"
    )
    h: Annotated[str, _dkim_tag("h")] | None = Field(
        None, description="hash algorithms that may be used, such as sha256; default: all"
    )
    s: Annotated[str, _dkim_tag("s")] | None = Field(
        None, description="services that the key is for; default: all of them"
    )
    t: Annotated[str, _dkim_tag("t")] | None = Field(
        None,
        description="flags: y says that the domain tests DKIM, s that subdomains may not use it",
    )
    n: Annotated[TagText, _dkim_tag("n")] | None = Field(
        None, description="a note for people; no receiver acts on it"
    )
    other: dict[KeyTagName, Annotated[TagText, _dkim_tag("x")]] = Field(
        default_factory=dict, description="tags that verifiers do not know"
    )
    state: State = Field(
        default=KeyState.ACTIVE,
        description=(
            "where the key is in its life: pending (published, does not sign yet), active (signs), "
            "retiring (published, signs no more), revoked (an empty key), absent (deleted)"
        ),
    )
    since: Moment | None = Field(
        None, description="when the key came into this state, in UTC unless an offset is given"
    )
    seen: Moment | None = Field(
        None,
        description=(
            "when every authoritative server was first found to serve the key; `dkim status` "
            "writes it"
        ),
    )
    signed_until: Moment | None = Field(
        None, description="when the key stopped signing; `dkim rotate` writes it"
    )
    ttl: OwnTtl = None

    @model_validator(mode="after")
    def _whole(self) -> SelectorSection:
        sources = [name for name in ("key", "p", "cname") if getattr(self, name) is not None]
        if len(sources) > 1:
            fail(f"{' and '.join(sources)} are given; keep one")
        if not sources and self.state not in (KeyState.REVOKED, KeyState.ABSENT):
            fail(
                "no key; give `key` (a file), `p` (as published) or `cname` (delegated), or "
                "`state: revoked` or `absent`"
            )
        tags = [tag for tag in ("k", "h", "s", "t", "n") if getattr(self, tag) is not None] + list(
            self.other
        )
        if self.cname is not None and tags:
            fail(f"a delegated selector has no tags of its own; leave out {', '.join(tags)}")
        if self.cname is not None and self.state is KeyState.REVOKED:
            fail(
                "a delegated selector is revoked by its sender; use `state: absent`, or leave "
                "out `cname` to publish an empty key here"
            )
        return self


class RotationSection(Section):
    """How long a key lives on when it no longer signs."""

    grace: Duration = Field(
        default=timedelta(days=7),
        json_schema_extra={"default": "7d"},
        description="from the last signature to the revocation: mail waits that long in queues",
    )
    revoked_for: Duration = Field(
        default=timedelta(days=30),
        json_schema_extra={"default": "30d"},
        description="how long the empty key stays published",
    )


class DkimSection(Section):
    """The DKIM keys of the domain."""

    selector_template: SelectorTemplate = Field(
        default="{date}",
        description=(
            "names of new selectors; {date} is the day, such as 20260531, {type} is rsa or ed25519"
        ),
    )
    rotation: RotationSection = Field(
        default=RotationSection(),
        json_schema_extra={"default": {}},
        description="how long a key lives on when it no longer signs",
    )
    selectors: dict[Selector, SelectorSection] = Field(
        default_factory=dict,
        description="keys by selector; a selector that is not named here is never touched",
    )

    @model_validator(mode="before")
    @classmethod
    def _not_absent(cls, value: object) -> object:
        refuse_absent(value, "{state: absent}")
        refuse_record(value)
        return value
