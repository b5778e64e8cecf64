"""What an answer may be, by where it goes: a label of the return path, a selector, a key, a name.

A sender's console shows whole names; a policy gives the part that the entry asks for.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_core import PydanticCustomError

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName, publishable_name
from mailauth_dns.senders.answers import AnswerProblem, Route, texts_of
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.templates import places
from mailauth_dns.senders.use import Said
from mailauth_dns.typed_yaml.scalars import public_key, refuse_private_key


def problems(said: Said, entry: Entry, domain: DomainName) -> Iterator[AnswerProblem]:
    """Yield the answers that cannot stand where the entry puts them."""
    path = entry.return_path
    at = places(path.at) if path is not None and path.at is not None else frozenset()
    listed = entry.dkim.selectors if entry.dkim is not None else ()
    selectors = frozenset[str]().union(*(places(each.selector) for each in listed))
    keys = entry.key_asks
    for key, answer in said.answers.items():
        for number, text in enumerate(texts_of(answer)):
            message = _not_a_key(text) if key in keys else _is_private(text)
            if message is None and key in at:
                message = _misplaced(key, text, "." + domain)
            elif message is None and key in selectors:
                message = _misplaced(key, text, f"._domainkey.{domain}", "._domainkey")
            if message is not None:
                route: Route = (key,) if isinstance(answer, str) else (key, number)
                yield AnswerProblem(route, message)


def _not_a_key(text: str) -> str | None:
    try:
        public_key(text)
    except PydanticCustomError as error:
        return error.message()
    return None


def _is_private(text: str) -> str | None:
    try:
        refuse_private_key(text)
    except PydanticCustomError as error:
        return error.message()
    return None


def _misplaced(key: str, text: str, *endings: str) -> str | None:
    """Return what is wrong with a label; one with a name behind it would have that name twice."""
    name = text.rstrip(".").lower()
    for ending in endings:
        if name == ending.removeprefix("."):
            return f"{name} is no label; write only what stands before it"
        if name.endswith(ending):
            return f"write only what stands before {ending}: `{key}: {name.removesuffix(ending)}`"
    try:
        (selector if "._domainkey" in endings else plain_labels)(name)
    except RecordSyntaxError as error:
        return str(error)
    return None


def plain_labels(text: str) -> str:
    """Return the labels of a return path.

    Raises:
        RecordSyntaxError: the name belongs to other records, or is a wildcard.
    """
    if any(label.startswith(("_", "*")) for label in text.split(".")):
        expected = "a return path is a label such as bounce, without `*` and without `_` before it"
        raise RecordSyntaxError(text, 0, len(text), expected)
    return text


def selector(text: str) -> str:
    """Return a selector in the one spelling.

    Raises:
        RecordSyntaxError: it is no selector, or every selector.
    """
    name = publishable_name(text)
    if "*" in name or "_domainkey" in name.split("."):
        expected = "a selector is one or more labels such as mx2026"
        raise RecordSyntaxError(text, 0, len(text), expected)
    return name
