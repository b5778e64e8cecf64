"""Set-up templates that senders give to DNS hosts: Domain Connect 2.2, read and judged.

Variables stand between percent signs: `%token%`. In what is read here they are places in braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mailauth_dns.errors import MailAuthError

MAX_TEXT = 1_000_000  # characters; the largest public template has some 30 000
MAX_RECORDS = 500

_VARIABLE = re.compile(r"%([^%\s]{1,64})%")
_BUILT_IN = {"domain": "domain", "fqdn": "domain", "host": ""}
_VALUE_KEYS = ("pointsTo", "data", "target", "spfRules")


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A record of a template; `host` is below the domain, "" for the domain itself.

    `replaces_all` tells that its owner would lose all other TXT values at the name.
    """

    type: str
    host: str
    value: str
    priority: int | None = None
    replaces_all: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A template; `variables` are the places in its records, with the sender's own words."""

    provider: str
    service: str
    name: str
    records: tuple[TemplateRecord, ...]
    variables: tuple[str, ...]
    described: str = ""


@dataclass(frozen=True, slots=True)
class Warning:
    """What is risky in a template: the record, and why."""

    record: TemplateRecord
    text: str


def read(text: str) -> Template:
    """Return the template in a JSON text.

    Raises:
        MailAuthError: it is no template.
    """
    if len(text) > MAX_TEXT:
        raise MailAuthError(f"has {len(text)} characters; at most {MAX_TEXT} are read")
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise MailAuthError(
            f"line {error.lineno}, column {error.colno}: is not JSON: {error.msg}"
        ) from None
    except (ValueError, RecursionError):
        raise MailAuthError("is JSON that is too deep, or has too long a number") from None
    if not isinstance(data, dict) or not isinstance(data.get("records"), list):
        raise MailAuthError(
            "is no Domain Connect template: expected an object with providerId, serviceId and a "
            "list of records"
        )
    if len(data["records"]) > MAX_RECORDS:
        raise MailAuthError(f"has {len(data['records'])} records; at most {MAX_RECORDS} are read")
    records = tuple(_record(each, number) for number, each in enumerate(data["records"], 1))
    names = dict.fromkeys(name for each in records for name in _places(each))
    provider, service = _word(data, "providerId"), _word(data, "serviceId")
    name = _word(data, "providerName", provider)
    return Template(
        provider, service, name, records, tuple(names), _word(data, "variableDescription", "")
    )


def _word(data: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = data.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise MailAuthError(f"{key}: expected a text, as Domain Connect has it")
    return " ".join(value.split())


def _record(data: Any, number: int) -> TemplateRecord:  # noqa: ANN401 - any JSON
    where = f"records[{number - 1}]"
    if not isinstance(data, dict):
        raise MailAuthError(f"{where}: expected an object with type, host and a value")
    type = data.get("type")
    if not isinstance(type, str) or not re.fullmatch("[A-Za-z0-9]{1,16}", type):
        raise MailAuthError(f"{where}.type: expected a type such as CNAME, TXT, MX or SPFM")
    texts = {key: data[key] for key in ("host", *_VALUE_KEYS) if data.get(key) is not None}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise MailAuthError(f"{where}.{key}: expected a text, not {_kind(value)}")
    host = _places_in(texts.get("host", "@")).strip().rstrip(".").lower()
    value = next((texts[key] for key in _VALUE_KEYS if key in texts), "")
    mode = data.get("txtConflictMatchingMode")
    priority = str(data.get("priority"))
    return TemplateRecord(
        type.upper(),
        "" if host in ("@", "{domain}") else host.removesuffix(".{domain}"),
        _places_in(value).strip(),
        int(priority) if re.fullmatch("[0-9]{1,5}", priority) else None,
        isinstance(mode, str) and mode.lower() == "all",
    )


def _kind(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "an object")


def _places_in(text: str) -> str:
    """Return a text with braces for the percent signs of variables; none stand in DNS names."""

    def place(match: re.Match[str]) -> str:
        known = _BUILT_IN.get(match[1].lower())
        if known is not None:
            return f"{{{known}}}" if known else ""
        return f"{{{place_name(match[1])}}}"

    return _VARIABLE.sub(place, text.replace("{", "(").replace("}", ")"))


def place_name(variable: str) -> str:
    """Return a variable as a key that a policy may give.

    >>> place_name("DKIM1-Host"), place_name("2nd")
    ('dkim1_host', 'v_2nd')
    """
    name = re.sub(r"[^a-z0-9]+", "_", variable.lower()).strip("_") or "value"
    return name if name[0].isalpha() else f"v_{name}"


def _places(record: TemplateRecord) -> Iterator[str]:
    for name in re.findall(r"\{([a-z0-9_]+)\}", f"{record.host} {record.value}"):
        if name != "domain":
            yield name


# What is risky

_TOKEN = re.compile(
    r"u\d{5,}|\d{6,}|(?=[0-9a-f-]*\d)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,}"
    r"|(?=[a-z0-9]*\d[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{16,}"
)
_KEY = re.compile(r"(?:^|;)\s*p\s*=\s*([^;\s{]{16,})")


def warnings(template: Template) -> Iterator[Warning]:
    """Yield what a user should know before anybody applies a template."""
    for record in template.records:
        tokens = tuple(_about_tokens(record))
        yield from tokens
        if record.type == "SPFM":
            text = f"merges {record.value} into the SPF record of the domain; a policy has it here"
            yield Warning(record, text)
        elif record.type == "TXT" and record.host == "_dmarc":
            replaces = "replaces whatever is there" if record.replaces_all else "is set"
            yield Warning(record, f"a DMARC policy {replaces}: {record.value}")
        elif record.type == "CNAME" and record.host == "_dmarc":
            yield Warning(record, f"DMARC is handed to {record.value}")
        elif record.type == "TXT" and record.replaces_all:
            yield Warning(record, "replaces every other TXT value at this name")
        elif record.type == "TXT" and record.value.lower().startswith("v=spf1"):
            yield Warning(record, f"a whole SPF record, beside or over yours: {record.value}")
        elif not tokens and (told := _beyond_policies(record)) is not None:
            yield Warning(record, told)


def _beyond_policies(record: TemplateRecord) -> str | None:
    """Return what a record does that no policy here says, None where a policy can say it."""
    name = record.host or "the domain itself"
    match record.type:
        case "NS":
            return f"hands {name} to other name servers, with all that is there and below it"
        case "MX" if not record.host:
            return f"mail to the domain goes to {record.value}; set it by hand if that is meant"
        case "A" | "AAAA" | "CNAME" if record.host in ("", "*", "www"):
            return f"leads {name} to {record.value}; set it by hand if that is meant"
        case "TXT" if "_domainkey" not in record.host:
            return (
                "is no SPF, DKIM or DMARC: set it by hand, for example to prove the domain is yours"
            )
    return None


def looks_like_token(word: str) -> bool:
    """Tell whether a label or a value looks like what a console gives one account."""
    return _TOKEN.fullmatch(word) is not None


def _about_tokens(record: TemplateRecord) -> Iterator[Warning]:
    if record.type == "TXT" and (key := _KEY.search(record.value)) is not None:
        yield Warning(
            record,
            f"the key {key[1][:12]}... is fixed: whoever has its private half can sign as every "
            "domain that uses this template",
        )
        return
    for word in re.split(r"[.=:;\s_\"']+", f"{record.host} {record.value}".lower()):
        if looks_like_token(word):
            yield Warning(
                record, f"{word} looks like the token of somebody's account; yours is another"
            )
