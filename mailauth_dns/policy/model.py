"""What a policy file may say, as pydantic models.

Field names are the RFCs' own tag names. Every scalar arrives as the text that was written; the record parsers judge the tags, so
that a policy cannot hold what a record could not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim, dmarc, server, spf
from mailauth_dns.records.name import domain_name

_UNSAFE = re.compile(r'[^ -~]|["\\]')

MAX_TTL = 604800  # seconds, a week: longer ones keep a mistake alive


def _fail(message: str, start: int = 0, end: int = 0) -> NoReturn:
    # Pydantic takes braces in the template for places to fill in, so the message goes in as a value.
    raise PydanticCustomError("mailauth", "{message}", {"message": message, "start": start, "end": end})


def _checked(parse: Callable[[str], object], prefix: str = "", suffix: str = "", refused: str = "") -> AfterValidator:
    """Return a validator that parses `prefix + text + suffix` and places an error inside `text`.

    `refused` is a character that would end the value, so that text behind it would be something else.
    """

    @lru_cache(maxsize=1024)  # fleets say the same few things many times
    def check(text: str) -> str:
        # Our own values pass through YAML, octoDNS and every provider's encoder; these three do not survive all of them.
        if unsafe := _UNSAFE.search(text):
            _fail(f"{_named(unsafe[0])} cannot be published safely; take it out", unsafe.start(), unsafe.end())
        if refused and refused in text:
            at = text.index(refused)
            _fail(f"{refused!r} ends a tag; give every tag as a key of its own", at, at + 1)
        try:
            parse(prefix + text + suffix)
        except RecordSyntaxError as error:
            start = min(max(error.start - len(prefix), 0), len(text))
            end = min(max(error.end - len(prefix), start), len(text))
            found = text[start:end]
            _fail(f"{found!r}: {error.expected}" if 0 < len(found) <= 60 else error.expected, start, end)
        return text

    return AfterValidator(check)


def _named(character: str) -> str:
    names = {'"': "a quote", "\\": "a backslash", "\n": "a line break", "\t": "a tab", "\0": "a NUL"}
    return names.get(character) or (f"the control character U+{ord(character):04X}" if ord(character) < 32 else f"{character!r}")


def _name(text: str) -> str:
    try:
        return domain_name(text)
    except RecordSyntaxError as error:
        _fail(error.expected, error.start, error.end)


def _host_name(text: str) -> str:
    name = _name(text)
    if name.startswith("*"):
        _fail("a wildcard cannot have a policy of its own; name the domain", 0, 1)
    return name


def _selector(text: str) -> str:
    name = _name(text)
    if "*" in name and name != "*":
        _fail("a selector is one or more labels such as mx2026, or '*' alone")
    return name


def _bool(text: object) -> bool:
    if isinstance(text, bool):
        return text
    if text in ("true", "True", "false", "False"):
        return text in ("true", "True")
    _fail(f"{text!r} is neither true nor false")


def _integer(low: int, high: int, unit: str) -> BeforeValidator:
    def check(text: object) -> int:
        if isinstance(text, int) and not isinstance(text, bool):
            number = text
        elif isinstance(text, str) and re.fullmatch(r"[0-9]{1,12}", text):
            number = int(text)
        else:
            _fail(f"{text!r} is not a number of {unit}; use {low} to {high}")
        if not low <= number <= high:
            _fail(f"{number} is out of range; use {low} to {high} {unit}")
        return number

    return BeforeValidator(check)


def _moment(text: object) -> datetime:
    if isinstance(text, datetime):
        return text
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        _fail(f"{text!r} is not a date and time; write 2026-05-31 or 2026-05-31T12:00:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _one_of(*accepted: str) -> Any:  # noqa: ANN401 - what Annotated takes
    def check(text: object) -> object:
        if text not in accepted:
            _fail(f"{text!r} is not known here; use {', '.join(accepted[:-1])} or {accepted[-1]}")
        return text

    return BeforeValidator(check)


def _provider_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", text):
        _fail(f"{text!r} is not a provider's id; use the file name of providers/<id>.yaml without its ending")
    return text


def _address(text: str) -> str:
    try:
        server.server(text)
    except RecordSyntaxError as error:
        _fail(error.expected, error.start, error.end)
    return text


def _tag_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]+", text):
        _fail(f"{text!r} is not a tag's name; it holds letters only")
    if text.lower() in {"v", *DmarcSection.model_fields}:
        _fail(f"{text} is known; give it as the key {text.lower()}")
    return text


def _dmarc_tag(tag: str) -> AfterValidator:
    return _checked(dmarc.parse, f"v=DMARC1; {tag}=", refused=";")


def _dkim_tag(tag: str) -> AfterValidator:
    return _checked(dkim.parse, f"v=DKIM1; {tag}=", "; p=", refused=";")


def _public_key(text: str) -> str:
    # No message quotes the value: what people paste here by mistake is a private key.
    if _UNSAFE.search(text) or ";" in text:
        _fail("p holds base64 only; a quote, a semicolon or a line break does not belong to it")
    try:
        key = dkim.parse(f"p={text}").key_bytes
    except RecordSyntaxError as error:
        _fail(error.expected)
    if not key:
        _fail("p is empty; write `state: revoked`")
    if dkim.is_private_key(key):
        _fail("this is a private key; take it out of the repo and out of git's history, make a new key, and give only the public part")
    return text


def _spf_term(text: str) -> str:
    if re.match(r"v=", text, re.IGNORECASE):
        _fail("the version is written for you; list the terms behind it")
    return text


def _report_uri(text: str) -> str:
    if "," in text:
        _fail(
            "a comma inside a report address must be written %2C; several addresses are several items", text.index(","), text.index(",") + 1
        )
    return text


Ttl = Annotated[int, _integer(1, MAX_TTL, "seconds"), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_TTL})]
Flag = Annotated[bool, BeforeValidator(_bool)]
Domain = Annotated[str, AfterValidator(_host_name)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]
SpfTerm = Annotated[str, AfterValidator(_spf_term), _checked(spf.parse_term)]
ReportUri = Annotated[str, AfterValidator(_report_uri), _dmarc_tag("rua")]
TagName = Annotated[str, AfterValidator(_tag_name)]
DmarcPolicy = Annotated[str, _dmarc_tag("p"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})]
Alignment = Annotated[str, _dmarc_tag("adkim"), WithJsonSchema({"enum": ["r", "s"]})]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SpfSection(_Section):
    """The SPF record of the domain (RFC 7208)."""

    terms: tuple[SpfTerm, ...] = Field((), description="terms and modifiers as published, in order, without `all`")
    all: Annotated[Literal["pass", "fail", "softfail", "neutral"] | None, _one_of("pass", "fail", "softfail", "neutral")] = Field(
        None, description="what to say of every other host"
    )
    redirect: Annotated[str, _checked(spf.parse_term, "redirect=")] | None = None
    ttl: Ttl | None = None

    @model_validator(mode="after")
    def _whole(self) -> SpfSection:
        if self.redirect is not None and self.all is not None:
            _fail("`redirect` is never looked at when there is an `all`; keep one of them")
        text = self.text
        try:
            spf.parse(text)
        except RecordSyntaxError as error:
            _fail(str(error))
        return self

    @property
    def text(self) -> str:
        """The record as published."""
        closing = {"pass": "+all", "fail": "-all", "softfail": "~all", "neutral": "?all"}
        parts = ["v=spf1", *self.terms]
        if self.all is not None:
            parts.append(closing[self.all])
        if self.redirect is not None:
            parts.append(f"redirect={self.redirect}")
        return " ".join(parts)


State = Literal["pending", "active", "retiring", "revoked", "absent"]


class SelectorSection(_Section):
    """One DKIM selector: a key file, a key as published, a delegation, or its end (RFC 6376 §3.6.1)."""

    key: str | None = Field(None, description="file in zones/keys/<domain>/ that holds the public key as PEM")
    p: Annotated[str, AfterValidator(_public_key)] | None = Field(None, description="the public key in base64, as published")
    cname: Domain | None = Field(None, description="the sender's name that holds the key")
    k: Annotated[str, _dkim_tag("k")] | None = None
    h: Annotated[str, _dkim_tag("h")] | None = None
    s: Annotated[str, _dkim_tag("s")] | None = None
    t: Annotated[str, _dkim_tag("t")] | None = None
    n: Annotated[str, _dkim_tag("n")] | None = None
    state: Annotated[State, _one_of("pending", "active", "retiring", "revoked", "absent")] = "active"
    since: Moment | None = None
    seen: Moment | None = None
    signed_until: Moment | None = None
    ttl: Ttl | None = None

    @model_validator(mode="after")
    def _whole(self) -> SelectorSection:
        sources = [name for name in ("key", "p", "cname") if getattr(self, name) is not None]
        if len(sources) > 1:
            _fail(f"{' and '.join(sources)} are given; keep one")
        if not sources and self.state not in ("revoked", "absent"):
            _fail("no key; give `key` (a file), `p` (as published) or `cname` (delegated), or `state: revoked` or `absent`")
        tags = [tag for tag in ("k", "h", "s", "t", "n") if getattr(self, tag) is not None]
        if self.cname is not None and tags:
            _fail(f"a delegated selector has no tags of its own; leave out {', '.join(tags)}")
        if self.cname is not None and self.state == "revoked":
            _fail("a delegated selector is revoked by its sender; use `state: absent`, or leave out `cname` to publish an empty key here")
        return self


class DkimSection(_Section):
    """The DKIM keys of the domain."""

    selectors: dict[Annotated[str, AfterValidator(_selector)], SelectorSection] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _not_absent(cls, value: object) -> object:
        if value == "absent":
            _fail("undeclared selectors are never touched; declare each one that shall go as `{state: absent}`")
        return value


class DmarcSection(_Section):
    """The DMARC record of the domain (RFC 9989 §4.7)."""

    p: DmarcPolicy | None = None
    sp: Annotated[str, _dmarc_tag("sp"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})] | None = None
    np: Annotated[str, _dmarc_tag("np"), WithJsonSchema({"enum": ["none", "quarantine", "reject"]})] | None = None
    adkim: Alignment | None = None
    aspf: Alignment | None = None
    fo: Annotated[str, _dmarc_tag("fo")] | None = None
    rua: tuple[ReportUri, ...] | None = None
    ruf: tuple[ReportUri, ...] | None = None
    psd: Annotated[str, _dmarc_tag("psd"), WithJsonSchema({"enum": ["y", "n", "u"]})] | None = None
    t: Annotated[str, _dmarc_tag("t"), WithJsonSchema({"enum": ["y", "n"]})] | None = None
    pct: Annotated[str, _dmarc_tag("pct")] | None = Field(None, description="historic: receivers ignore it since RFC 9989")
    rf: Annotated[str, _dmarc_tag("rf")] | None = Field(None, description="historic: receivers ignore it since RFC 9989")
    ri: Annotated[str, _dmarc_tag("ri")] | None = Field(None, description="historic: receivers ignore it since RFC 9989")
    other: dict[TagName, Annotated[str, _dmarc_tag("x")]] = Field(default_factory=dict, description="tags that no RFC knows")
    ttl: Ttl | None = None

    @model_validator(mode="after")
    def _whole(self) -> DmarcSection:
        if self.rua == () or self.ruf == ():
            _fail("rua and ruf need an address; leave the key out to ask for no reports")
        try:
            dmarc.parse(self._joined())
        except RecordSyntaxError as error:
            _fail(str(error))
        return self

    def _joined(self) -> str:
        parts = ["v=DMARC1"]
        for tag in ("p", "sp", "np", "adkim", "aspf", "fo", "rua", "ruf", "psd", "t", "pct", "rf", "ri"):
            value = getattr(self, tag)
            if value is not None:
                parts.append(f"{tag}={','.join(value) if isinstance(value, tuple) else value}")
        parts += [f"{tag}={value}" for tag, value in self.other.items()]
        return "; ".join(parts)

    @property
    def text(self) -> str:
        """The record as published."""
        return str(dmarc.parse(self._joined()))


def _section_or_absent(section: type[_Section]) -> BeforeValidator:
    def check(value: object) -> object:
        if value != "absent" and not isinstance(value, dict | section):
            _fail(f"{value!r} is neither a mapping nor `absent`")
        return value

    return BeforeValidator(check)


class PolicyFile(_Section):
    """A policy: who may send mail for a domain, and what receivers should do with the rest."""

    domain: Domain | None = Field(None, description="the domain this policy is for")
    domains: tuple[Domain, ...] | None = Field(None, description="several domains with the same policy")
    domains_file: str | None = Field(None, description="a file with one domain a line, relative to this one; # opens a comment")
    zone: Domain | None = Field(None, description="the DNS zone that holds the records; default: the domain")
    providers: tuple[Annotated[str, AfterValidator(_provider_id)], ...] = Field((), description="ids of providers/*.yaml to publish at")
    nameservers: tuple[Annotated[str, AfterValidator(_address)], ...] = Field((), description="addresses to ask for live DNS")
    ttl: Ttl | None = Field(None, description="seconds; default: what is there, else 3600")
    spf: Annotated[SpfSection | Literal["absent"] | None, _section_or_absent(SpfSection)] = None
    dkim: DkimSection | None = None
    dmarc: Annotated[DmarcSection | Literal["absent"] | None, _section_or_absent(DmarcSection)] = None
    parked: Flag | None = Field(None, description="the domain sends and receives no mail; false takes the parking records away")

    @model_validator(mode="after")
    def _whole(self) -> PolicyFile:
        named = [name for name in ("domain", "domains", "domains_file") if getattr(self, name) is not None]
        if len(named) != 1:
            _fail("name what the policy is for: `domain`, `domains` or `domains_file`" + (f", not {' and '.join(named)}" if named else ""))
        if self.domains == ():
            _fail("`domains` is empty; list at least one")
        if len(set(self.providers)) != len(self.providers):
            _fail("a provider is listed twice")
        return self


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file."""
    schema = PolicyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "mailauth-dns policy", **schema}
