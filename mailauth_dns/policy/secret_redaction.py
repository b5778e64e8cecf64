"""Take secrets out of what providers and their libraries say, in any spelling.

A client library quotes what it was given: as Python prints it, in JSON, in a URL, in a header of
basic authentication. A `Redactor` cleans every text before a user, a plan file or a log gets it.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote

from mailauth_dns.policy.provider_stanza import Stanza, names_secret

# Characters. Shorter ones stand in too many other words to be taken out of a text.
SHORTEST_SECRET = 4
_SHORTEST_UNNAMED = 8  # characters, if no stanza names the variable: `AUTH=yes` is no secret
HIDDEN = "***"

_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: repr(text)[1:-1],
    # With a quote of each kind in the text, Python escapes the single ones.
    lambda text: repr(text + "'\"")[1:-4],
    lambda text: ascii(text)[1:-1],
    lambda text: repr(text.encode("utf-8", "surrogateescape"))[2:-1],
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    lambda text: quote(text, errors="surrogateescape"),
    lambda text: quote(text, safe="", errors="surrogateescape"),
    lambda text: quote_plus(text, errors="surrogateescape"),
    html.escape,
    lambda text: text.encode("utf-8", "surrogateescape").hex(),
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}")
_URL_PASSWORD = re.compile(r"://[^\s/?#@:]*:([^\s/?#]+)@")
_URLSAFE = str.maketrans("-_", "+/")


class Redactor:
    """Takes secrets out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        parts = {
            part for secret in secrets for part in _parts(secret) if len(part) >= SHORTEST_SECRET
        }
        self._octets = sorted(
            (part.encode("utf-8", "surrogateescape") for part in parts), key=len, reverse=True
        )
        # Twice, for JSON within what Python prints and the like.
        spellings = {again for part in parts for once in _spelled(part) for again in _spelled(once)}
        longest_first = sorted(spellings, key=lambda text: (-len(text), text))
        self._pattern = (
            re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
            if spellings
            else None
        )

    def text(self, said: str) -> str:
        """Return a text with `***` in the place of every secret."""
        if self._pattern is None:
            return said
        return _BASE64.sub(self._without_encoded, self._pattern.sub(HIDDEN, said))

    def line(self, said: str) -> str:
        """Return a text as one line, white space squeezed, without secrets.

        The text is searched twice: squeezing hides a secret that has white space in it, and line
        breaks hide one that is broken over lines.
        """
        return self.text(" ".join(self.text(said).split()))

    def _without_encoded(self, match: re.Match[str]) -> str:
        """Take out a run of Base64 that holds a secret anywhere.

        Basic authentication encodes `user:secret` (RFC 7617).
        """
        run = match[0].translate(_URLSAFE)
        for start in range(min(4, len(run))):
            whole = len(run) - start
            for length in range(whole, max(whole - 4, 3), -1):
                piece = run[start : start + length]
                if length % 4 == 1:
                    continue
                decoded = base64.b64decode(piece + "=" * (-length % 4))
                if any(octets in decoded for octets in self._octets):
                    return HIDDEN
        return match[0]


def _parts(secret: str) -> Iterator[str]:
    """Yield what may be quoted of a secret: all of it, stripped, squeezed, and each line."""
    yield secret
    yield secret.strip()
    yield " ".join(secret.split())
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from map(str.strip, lines)
        yield "".join(lines)
    yield from _in_json(secret)
    yield from _in_urls(secret)


def _in_urls(text: str) -> Iterator[str]:
    """Yield the passwords of URLs (RFC 3986 §3.2.1): client libraries quote pieces of a URL."""
    for password in _URL_PASSWORD.findall(text):
        yield password
        yield unquote(password)


def _in_json(secret: str) -> Iterator[str]:
    """Yield the secrets in the credentials of a service account, which are a JSON object."""
    try:
        data = json.loads(secret) if secret.lstrip().startswith("{") else None
    except ValueError:
        return
    for key, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, str) and names_secret(key):
            yield from _parts(value)


def _spelled(text: str) -> Iterator[str]:
    yield text
    for spelling in _SPELLINGS:
        yield spelling(text)


def secrets_of(
    stanzas: Iterable[Stanza], environment: Mapping[str, str] = os.environ
) -> frozenset[str]:
    """Return what must not be shown: the variables that stanzas name, and those named as secrets.

    Client libraries also read credentials that no stanza names, such as AWS_SECRET_ACCESS_KEY.
    """
    named = {name for stanza in stanzas for name in stanza.environment}
    # Those of a proxy, whatever its variable is called.
    passwords = frozenset(
        password for value in environment.values() for password in _in_urls(value)
    )
    return passwords | frozenset(
        value
        for name, value in environment.items()
        if len(value) >= (SHORTEST_SECRET if name in named else _SHORTEST_UNNAMED)
        and (name in named or names_secret(name))
    )
