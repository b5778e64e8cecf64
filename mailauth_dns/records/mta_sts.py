"""MTA-STS: a domain asks senders to deliver only over verified TLS (RFC 8461).

It has two parts: a TXT record whose `id` says which policy is current (§3.1), and the policy
itself, a text that the domain serves over HTTPS (§3.2).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.tags import extensions, parse_fields

MAX_AGE = 31557600  # seconds, about a year: the longest that a policy may be kept (RFC 8461 §3.2)

LABEL = "_mta-sts"  # RFC 8461 §3.1
_KNOWN = frozenset({"id"})
_ID = re.compile(r"[A-Za-z0-9]{1,32}")


class Mode(StrEnum):
    """What senders do when the host or its certificate is not as the policy says (RFC 8461 §5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Record:
    """The TXT record, such as `v=STSv1; id=20260601`; senders ignore the fields in `other`."""

    id: str
    other: tuple[tuple[str, str], ...] = ()

    @property
    def meaning(self) -> Hashable:
        """Equal for records that no sender tells apart."""
        return (self.id, frozenset(self.other))

    def __str__(self) -> str:
        """Return the record as published."""
        return "; ".join(
            ["v=STSv1", f"id={self.id}", *(f"{name}={value}" for name, value in self.other)]
        )


def owner_name(domain: DomainName) -> DomainName:
    """Return where a domain's record is published (RFC 8461 §3.1)."""
    return DomainName(f"{LABEL}.{domain}")


# A fleet publishes the same texts many times, and several steps look at each.
@lru_cache(maxsize=1024)
def parse(text: str) -> Record:
    """Return the record in `text`; upper and lower case differ.

    Raises:
        RecordSyntaxError: senders would find no policy.
    """
    fields = parse_fields(text, "v=STSv1", _KNOWN)
    # RFC 8461 §3.2: of a repeated field the first counts.
    id = next((field for field in fields if field.name == "id"), None)
    if id is None:
        raise RecordSyntaxError(
            text, len(text), len(text), "expected id=, which changes with the policy"
        )
    if not _ID.fullmatch(id.value):
        raise RecordSyntaxError(text, id.start, id.end, "an id holds 1 to 32 letters and digits")
    return Record(id.value, extensions(fields, _KNOWN))


# The policy


_FIELD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_FIELD_VALUE = re.compile(r"[^\x00-\x1f\x7f]+")
_SECONDS = re.compile(r"[0-9]{1,10}")
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy: which hosts take the domain's mail, and what to do about others.

    `max_age` is in seconds.

    `mx` holds host names, or `*.` and a name for every host one label below it. `other` are
    extension fields, which senders ignore.
    """

    mode: Mode
    mx: tuple[DomainName, ...]
    max_age: int
    other: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return the text to serve, with LF line ends (RFC 8461 §3.2 allows LF and CRLF)."""
        fields = [
            ("version", "STSv1"),
            ("mode", self.mode.value),
            *(("mx", name) for name in self.mx),
            ("max_age", str(self.max_age)),
        ]
        return "".join(f"{name}: {value}\n" for name, value in [*fields, *self.other])


def parse_policy(text: str) -> Policy:
    """Return the policy in `text`; only `mx` may repeat, unknown fields stay (RFC 8461 §3.2).

    Raises:
        RecordSyntaxError: a line is no field, a value is wrong, or a field is missing.
    """
    found: dict[str, tuple[int, str]] = {}
    mx: list[DomainName] = []
    at = 0
    for line in text.removesuffix("\n").split("\n"):
        bare = line.removesuffix("\r")
        name, colon, rest = bare.partition(":")
        value = rest.strip(" \t")
        if not (colon and _FIELD_NAME.fullmatch(name) and _FIELD_VALUE.fullmatch(value)):
            raise RecordSyntaxError(text, at, at + len(bare), _line_fault(bare))
        start = at + len(name) + 1 + len(rest) - len(rest.lstrip(" \t"))
        if name == "mx":
            mx.append(_placed_pattern(text, start, value))
        found.setdefault(name, (start, value))
        at += len(line) + 1
    for name in ("version", "mode", "max_age"):
        if name not in found:
            raise RecordSyntaxError(text, len(text), len(text), f"{name} is missing")
    start, version = found["version"]
    if version != "STSv1":
        raise RecordSyntaxError(text, start, start + len(version), "expected STSv1")
    mode = _mode(text, *found["mode"])
    if mode is not Mode.NONE and not mx:
        raise RecordSyntaxError(
            text, len(text), len(text), "expected at least one mx, unless the mode is none"
        )
    known = {"version", "mode", "mx", "max_age"}
    return Policy(
        mode,
        tuple(mx),
        _max_age(text, *found["max_age"]),
        tuple((name, value) for name, (_, value) in found.items() if name not in known),
    )


def line_of(error: RecordSyntaxError) -> int:
    """Return the number of the line of a policy that an error is about."""
    return error.text.count("\n", 0, error.start) + 1


def _line_fault(line: str) -> str:
    if line.startswith(("\ufeff", "\xef\xbb\xbf")):
        return "expected version: STSv1 first, and no byte order mark (BOM) before it"
    if "\r" in line:
        return "expected LF or CRLF at the end of a line, not CR alone"
    if "\0" in line:
        return "expected text; there is a NUL in it, so it may be UTF-16"
    return "expected a line such as mode: enforce"


def _mode(text: str, start: int, value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise RecordSyntaxError(
            text, start, start + len(value), "expected enforce, testing or none"
        ) from None


def _max_age(text: str, start: int, value: str) -> int:
    if not _SECONDS.fullmatch(value) or int(value) > MAX_AGE:
        raise RecordSyntaxError(
            text, start, start + len(value), f"expected seconds up to {MAX_AGE}"
        )
    return int(value)


def _placed_pattern(text: str, at: int, value: str) -> DomainName:
    try:
        return mx_pattern(value)
    except RecordSyntaxError as error:
        raise RecordSyntaxError(text, at + error.start, at + error.end, error.expected) from None


def mx_pattern(text: str) -> DomainName:
    """Return a host name, or `*.` and a name, in the one spelling (RFC 8461 §3.2, §4.1).

    Raises:
        RecordSyntaxError: it is none, or is not in A-labels.
    """
    if not text.isascii():
        raise RecordSyntaxError(
            text, 0, len(text), "an internationalised name stands in A-labels here: xn--..."
        )
    if (reason := no_host(text)) is not None:
        raise RecordSyntaxError(text, 0, len(text), reason)
    if text.endswith("."):
        raise RecordSyntaxError(
            text, len(text) - 1, len(text), "a policy's names have no dot at their end"
        )
    name = domain_name(text)
    labels = name.removeprefix("*.").split(".")
    if name == "*" or not all(_HOST_LABEL.fullmatch(label) for label in labels):
        raise RecordSyntaxError(text, 0, len(text), "expected a host name, or *. and a domain name")
    return name


def no_host(text: str) -> str | None:
    """Return what is wrong with a text in a host name's place; None where it may be a name."""
    if "/" in text:
        return "expected a host name, not a URL"
    _, colon, port = text.rpartition(":")
    if colon and text.count(":") == 1 and port.isdigit() and not text.startswith("["):
        return "expected a host name, without a port"
    if ":" in text or "[" in text or text.removesuffix(".").rpartition(".")[2].isdigit():
        return (
            "expected a host name, not an address: senders compare it with the names in MX records"
        )
    return None


_DERIVED = re.compile(r"(?P<mode>enforce|testing|none)[0-9a-f]{16}")


def derived_id(policy: Policy) -> str:
    """Return an id that changes with the policy.

    It is the mode and sixteen hexadecimal digits of the SHA-256 of the text. The mode is there so
    that the record alone tells people, and the next plan, what was published.
    """
    return policy.mode.value + hashlib.sha256(str(policy).encode()).hexdigest()[:16]


def mode_of(id: str) -> Mode | None:
    """Return the mode in an id that we derived; None for any other id."""
    match = _DERIVED.fullmatch(id)
    return Mode(match["mode"]) if match is not None else None
