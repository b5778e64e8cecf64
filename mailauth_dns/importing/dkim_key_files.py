"""Read DKIM keys from the files that programs write beside a private key.

Such programs are opendkim-genkey, amavis, mox, Stalwart, Rspamd and mailcow. Most files are master
files (RFC 1035 §5.1) of one or several records. Others hold the bare value, a public key as PEM,
or JSON with either.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.masterfile.lexer import lines
from mailauth_dns.masterfile.loose_rows import LooseRow, Remarks, rows, text_value
from mailauth_dns.records import dkim
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.rsa_key import modulus_bits
from mailauth_dns.records.zone import unquoted

MAX_TEXT = 200_000  # characters; a 16384-bit key has 2900

_MARK = "._domainkey."
_BARE = re.compile(r"(?:v[ \t]*=[ \t]*DKIM1|[khstnp][ \t]*=)", re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN ([A-Z ]{1,30})-----([^-]*)-----END ")
_EXPECTED = (
    "expected a line such as default._domainkey IN TXT ( ... ), a value such as v=DKIM1; k=rsa; "
    "p=..., a public key as PEM, "
    "or JSON with one of these"
)


@dataclass(frozen=True, slots=True)
class Genkey:
    """One key record and its selector; `domain` is None if the file does not name it."""

    selector: str
    domain: DomainName | None
    record: dkim.Record


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a file, its lines without a key, and notes on how lines were read."""

    keys: tuple[Genkey, ...]
    passed_over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse(text: str, domain: DomainName, selector: str | None = None) -> Keys:
    """Return the keys in a file.

    Names without a domain lie in `domain`; a key without a name is for `selector`.

    Raises:
        RecordSyntaxError: there is no key, one is broken, or one has no selector. The error never
            quotes the file.
        MasterFileError: a quote or a parenthesis is not closed.
    """
    if len(text) > MAX_TEXT:
        raise RecordSyntaxError(
            text, 0, 0, f"a file of {len(text)} characters; at most {MAX_TEXT} are read"
        )
    if is_json(text):
        return Keys(tuple(_of_json(text, selector)))
    value = _of_pem(text) or _bare(text)
    if value is not None:
        return Keys((_named(text, value, selector),))
    return _of_records(text, domain)


def is_json(text: str) -> bool:
    """Tell whether a file opens as JSON does, and no key file of another kind."""
    return text.lstrip()[:1] in ("{", "[")


# Records


def _of_records(text: str, domain: DomainName) -> Keys:
    remarks = Remarks()
    keys: list[Genkey] = []
    passed: list[str] = []
    for row in rows(domain, text, remarks):
        selector, mark, of = row.owner.rpartition(_MARK)
        if not mark or not selector:
            passed.append(f"line {row.number}: {row.owner} {row.type}")
        elif row.type == "CNAME":
            raise RecordSyntaxError(
                text,
                0,
                0,
                f"line {row.number} is an alias, which has no key; give the record that it "
                "leads to",
            )
        else:
            keys.append(_key(text, row, selector, of, domain, remarks))
    if not keys:
        unnamed = (
            "expected a selector's name, default._domainkey; "
            if any(each.endswith(" TXT") for each in passed)
            else ""
        )
        raise RecordSyntaxError(text, 0, 0, unnamed + _EXPECTED)
    return Keys(tuple(keys), (*passed, *remarks.broken()), remarks.told())


def _key(
    text: str, row: LooseRow, selector: str, of: str, domain: DomainName, remarks: Remarks
) -> Genkey:
    try:
        value = text_value(row, remarks)
    except ValueError:
        raise RecordSyntaxError(
            text, 0, 0, f"line {row.number}: expected the record's text in quotes"
        ) from None
    try:
        named = _said(row.comment) if of == domain and not row.placed else DomainName(of)
        return Genkey(domain_name(selector), named, dkim.parse(value))
    except RecordSyntaxError as error:
        raise RecordSyntaxError(
            error.text, error.start, error.end, f"line {row.number}: {error.expected}"
        ) from None


def _said(comment: str) -> DomainName | None:
    """Return the domain in a comment such as `----- DKIM key default for example.com`."""
    words = comment.split()
    if len(words) > 2 and words[-2] == "for":
        with suppress(RecordSyntaxError):
            return domain_name(words[-1])
    return None


# Values without a name


def _named(text: str, value: str, selector: str | None) -> Genkey:
    record = dkim.parse(value)
    if selector is None:
        raise RecordSyntaxError(
            text, 0, 0, "the key has no name here; say which selector it is for: --selector NAME"
        )
    return Genkey(domain_name(selector), None, record)


def _bare(text: str) -> str | None:
    """Return the value in a file without names, quoted or up to the first empty line."""
    kept: list[str] = []
    for line in text.split("\n"):
        bare = line.strip()
        if kept and not bare:
            break
        if bare and not bare.startswith((";", "#", "//")):
            kept.append(line)
    joined = "\n".join(kept).strip()
    if _BARE.match(joined):
        return joined
    if not joined.startswith(('"', "(")):
        return None
    tokens = [token for line in lines("", joined) for token in line.tokens]
    if not all(token.startswith('"') for token in tokens):
        return None
    value = unquoted(" ".join(tokens)).strip()
    return value if _BARE.match(value) else None


def _of_pem(text: str) -> str | None:
    """Return the record for a public key as PEM; None if the file holds no PEM."""
    found = _PEM.search(text)
    if found is None or text[: found.start()].strip():
        return None
    if found[1] != "PUBLIC KEY":
        raise RecordSyntaxError(
            text,
            0,
            0,
            f"expected -----BEGIN PUBLIC KEY-----, this is {found[1]}; openssl pkey -in KEY "
            "-pubout writes it",
        )
    try:
        der = base64.b64decode("".join(found[2].split()), validate=True)
    except ValueError:
        raise RecordSyntaxError(
            text, 0, 0, "the public key in this file is broken; write it again from the private key"
        ) from None
    if der.startswith(_ED25519) and len(der) == len(_ED25519) + 32:
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(der[len(_ED25519) :]).decode()}"
    if modulus_bits(der) is None:
        raise RecordSyntaxError(
            text, 0, 0, "DKIM knows RSA and Ed25519 keys only; this is another kind, or is broken"
        )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


# SubjectPublicKeyInfo up to the key's 32 octets (RFC 8410 §4).
_ED25519 = bytes.fromhex("302a300506032b6570032100")


# JSON


def _of_json(text: str, selector: str | None) -> Iterator[Genkey]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise RecordSyntaxError(
            text, 0, 0, f"is not JSON, though it opens so; {_EXPECTED}"
        ) from None
    found = False
    for value, name in _values(data):
        found = True
        label, _, domain = (
            f"{name.rstrip('.')}.".partition(_MARK)
            if name is not None and "._domainkey" in name
            else (name, "", "")
        )
        key = _named(text, value, label or selector)
        yield replace(key, domain=domain_name(domain) if domain else None)
    if not found:
        raise RecordSyntaxError(text, 0, 0, _EXPECTED)


def _values(data: Any) -> Iterator[tuple[str, str | None]]:  # noqa: ANN401 - any JSON
    """Yield the values that are key records, each with the name that stands beside or above it."""
    waiting: list[tuple[Any, str | None]] = [(data, None)]
    while waiting:  # JSON can be deeper than Python calls
        node, name = waiting.pop()
        if isinstance(node, str):
            value = unquoted(node) if node.lstrip().startswith('"') else node
            if _BARE.match(value) and "p=" in value:
                yield value, name
        elif isinstance(node, list):
            waiting += [(each, name) for each in reversed(node)]
        elif isinstance(node, dict):
            texts = [each for each in node.values() if isinstance(each, str)]
            beside = next(
                (text for text in texts if "._domainkey" in text and not _BARE.match(text)), None
            )
            said = next(
                (
                    each
                    for key, each in node.items()
                    if key.lower().endswith("selector") and isinstance(each, str)
                ),
                None,
            )
            waiting += [
                (each, key if "._domainkey" in key else beside or said or name)
                for key, each in reversed(node.items())
            ]
