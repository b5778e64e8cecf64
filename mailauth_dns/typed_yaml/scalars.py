"""Single values of a policy, typed from their source text.

Each has an error that says where the fault is and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim, server_address
from mailauth_dns.records.name import DomainName, domain_name, publishable_name
from mailauth_dns.typed_yaml.pasted_records import rewritten

# Our values pass through YAML, octoDNS and each provider's encoder. These characters do not survive
# all of them: quotes, backslashes and what is not printable ASCII. A single class is found quickly.
UNSAFE = re.compile(r"[^ !#-\[\]-~]")

MAX_TTL = 604800  # seconds, a week: longer ones keep a mistake alive
MAX_DURATION = timedelta(days=3650)


def fail(message: str, start: int = 0, end: int = 0) -> NoReturn:
    """Refuse a value; characters `start` to `end` of it are at fault."""
    # Pydantic fills in braces in the template, so the message is passed as a value.
    raise PydanticCustomError(
        "mailauth", "{message}", {"message": message, "start": start, "end": end}
    )


def said(value: object) -> str:
    """Return a value as its author wrote it, or what kind of thing it is."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return repr(value)


def refuse_private_key(text: str) -> str:
    """Return the text; one that holds a private key is refused without being shown."""
    if len(text) >= 12 and dkim.holds_private_key(text):
        fail(
            "this is a private key; take it out of the repo and out of git's history, make a "
            "new key, and give only the public part"
        )
    return text


def public_key(text: str) -> str:
    """Return a DKIM key as `p=` has it, or fail."""
    # No message quotes the value: what people paste here by mistake is a private key.
    refuse_private_key(text)
    if UNSAFE.search(text) or ";" in text:
        fail("p holds only base64; take out quotes, semicolons and line breaks")
    try:
        key = dkim.parse(f"p={text}").key_bytes
    except RecordSyntaxError as error:
        fail(error.expected)
    if not key:
        fail("p is empty; write `state: revoked`")
    return text


def checked(
    parse: Callable[[str], object], prefix: str = "", suffix: str = "", refused: str = ""
) -> AfterValidator:
    """Return a validator that parses `prefix + text + suffix` and places an error inside `text`.

    `refused` is a character that would end the value: text behind it would be something else.
    """

    @lru_cache(maxsize=1024)  # fleets say the same few things many times
    def check(text: str) -> str:
        refuse_private_key(text)
        if unsafe := UNSAFE.search(text):
            fail(
                f"{_named(unsafe[0])} cannot be published safely; take it out",
                unsafe.start(),
                unsafe.end(),
            )
        if refused and refused in text:
            at = text.index(refused)
            fail(f"{refused!r} ends a tag; give every tag as a key of its own", at, at + 1)
        try:
            parse(prefix + text + suffix)
        except RecordSyntaxError as error:
            start = min(max(error.start - len(prefix), 0), len(text))
            end = min(max(error.end - len(prefix), start), len(text))
            found = text[start:end]
            fail(
                f"{found!r}: {error.expected}" if 0 < len(found) <= 60 else error.expected,
                start,
                end,
            )
        return text

    return AfterValidator(check)


def _named(character: str) -> str:
    names = {
        '"': "a quote",
        "\\": "a backslash",
        "\n": "a line break",
        "\t": "a tab",
        "\0": "a NUL",
    }
    return names.get(character) or (
        f"the control character U+{ord(character):04X}" if ord(character) < 32 else f"{character!r}"
    )


def _name(text: str, read: Callable[[str], DomainName] = domain_name) -> str:
    try:
        return read(text)
    except RecordSyntaxError as error:
        fail(error.expected, error.start, error.end)


def host_name(text: str) -> str:
    """Return the domain name in a text, or fail."""
    return _no_wildcard(_name(text))


def _own_name(text: str) -> str:
    return _no_wildcard(_name(text, publishable_name))


def _no_wildcard(name: str) -> str:
    if name.startswith("*"):
        fail("a wildcard cannot have a policy of its own; name the domain", 0, 1)
    return name


def _selector(text: str) -> str:
    name = _name(text, publishable_name)
    if "*" in name and name != "*":
        fail("a selector is one or more labels such as mx2026, or '*' alone")
    return name


def _bool(text: object) -> bool:
    if isinstance(text, bool):
        return text
    if text in ("true", "True", "false", "False"):
        return text in ("true", "True")
    fail(f"{said(text)} is neither true nor false")


def integer(low: int, high: int, unit: str) -> BeforeValidator:
    """Return a validator of whole numbers; `unit` is what is counted."""

    def check(text: object) -> int:
        if isinstance(text, int) and not isinstance(text, bool):
            number = text
        elif isinstance(text, str) and re.fullmatch(r"[0-9]{1,12}", text):
            number = int(text)
        else:
            fail(f"{said(text)} is not a number of {unit}; use {low} to {high}")
        if not low <= number <= high:
            fail(f"{number} is out of range; use {low} to {high} {unit}")
        return number

    return BeforeValidator(check)


def _moment(text: object) -> datetime:
    if isinstance(text, datetime):
        return text
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        fail(f"{said(text)} is not a date and time; write 2026-05-31 or 2026-05-31T12:00:00Z")
    if not 1990 <= moment.year < 2200:
        fail(f"{said(text)} is not a date in the life of a key")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _duration(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    match = re.fullmatch(r"([0-9]{1,6})(s|m|h|d)", str(text))
    if match is None:
        fail(f"{said(text)} is not a time; write 7d, 12h, 30m or 90s")
    duration = timedelta(seconds=int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]])
    if duration > MAX_DURATION:
        fail(f"{text!r} is too long; at most {MAX_DURATION.days}d")
    return duration


def _selector_template(text: str) -> str:
    filled = text.replace("{date}", "20260531").replace("{type}", "ed25519")
    if "{date}" not in text or "{" in filled or "}" in filled:
        fail(
            f"{text!r} is not a template for names of selectors; write {{date}} in it, "
            f"and {{type}} where "
            f"wanted: mx{{date}}"
        )
    _selector(filled)
    return text


def _day(text: object) -> date:
    if isinstance(text, date):
        return text
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        fail(f"{said(text)} is not a day; write 2027-01-31")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is not in the calendar; write 2027-01-31")
    if not 1990 <= day.year < 3000:
        fail(f"{text!r} is too far from today; write a day such as 2027-01-31")
    return day


def one_of(*accepted: str) -> Any:  # noqa: ANN401 - what Annotated takes
    """Return a validator of words."""

    def check(text: object) -> object:
        if text not in accepted:
            fail(
                f"{said(text)} is not known here; use {', '.join(accepted[:-1])} or {accepted[-1]}"
            )
        return text

    return BeforeValidator(check)


def _provider_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", text):
        fail(
            f"{text!r} is not a provider's id; use the file name of providers/<id>.yaml without "
            "its ending"
        )
    return text


def _address(text: str) -> str:
    try:
        server_address.parse(text)
    except RecordSyntaxError as error:
        fail(error.expected, error.start, error.end)
    return text


def _report_uri(text: str) -> str:
    if "," in text:
        fail(
            "a comma inside a report address must be written %2C; write several "
            "addresses as several items",
            text.index(","),
            text.index(",") + 1,
        )
    return text


def refuse_record(value: object) -> None:
    """Refuse a record where its parts belong, and show them."""
    if isinstance(value, str) and (instead := rewritten(value)) is not None:
        fail(f"a policy takes a record part by part; write {instead}")


class Section(BaseModel):
    """A part of a policy: immutable, and a key that it does not know is a problem."""

    # Most sections are read as parts of another: pydantic builds one when it is first read alone.
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True
    )


Ttl = Annotated[
    int,
    integer(1, MAX_TTL, "seconds"),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_TTL}),
]
OwnTtl = Annotated[
    Ttl | None,
    Field(description="seconds, for this record alone; default: the policy's `ttl`"),
]
# An editor reads `pct: 50` as a number. A policy takes what is written.
TagText = Annotated[str, WithJsonSchema({"type": ["string", "number"]})]
Flag = Annotated[bool, BeforeValidator(_bool)]
Domain = Annotated[str, AfterValidator(host_name)]
OwnDomain = Annotated[str, AfterValidator(_own_name)]  # one that owns records
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}[smhd]$"}),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
ProviderId = Annotated[str, AfterValidator(_provider_id)]
ServerAddress = Annotated[str, AfterValidator(_address)]
Selector = Annotated[str, AfterValidator(_selector)]
SelectorTemplate = Annotated[str, AfterValidator(_selector_template)]
ReportAddress = Annotated[str, AfterValidator(_report_uri)]
