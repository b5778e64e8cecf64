"""The expressions of a workflow, `${{ ... }}`, as far as our files use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*')|(?P<op>&&|\|\||==|!=|!|\(|\))|(?P<call>\w+)\(\)|(?P<name>[\w.]+))"
)
_PYTHON = {"&&": " and ", "||": " or ", "!": " not "}


def value(expression: str, contexts: Mapping[str, Any]) -> Any:
    """Return what an expression without its braces is worth; a name that is not there is None."""
    python, at = "", 0
    text = expression.strip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token is not None, f"not understood: {text[at:]!r} in {expression!r}"
        at = token.end()
        if token["text"]:
            python += repr(token["text"][1:-1])
        elif token["op"]:
            python += _PYTHON.get(token["op"], token["op"])
        elif token["call"]:
            python += repr(contexts[f"{token['call']}()"])
        else:
            python += repr(_named(token["name"], contexts))
    return eval(python, {"__builtins__": {}})


def condition(text: str, contexts: Mapping[str, Any]) -> bool:
    """Tell whether an `if:` holds; without a status function it asks for success too."""
    braced = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text)
    asked = braced[1] if braced else text
    if not re.search(r"\b(?:cancelled|always|failure|success)\(\)", asked):
        asked = f"success() && ({asked})"
    return bool(value(asked, contexts))


def filled(text: object, contexts: Mapping[str, Any]) -> str:
    """Return a text with its expressions replaced by what they are worth."""

    def said(found: re.Match[str]) -> str:
        worth = value(found[1], contexts)
        return "" if worth is None else str(worth)

    return re.sub(r"\$\{\{(.*?)\}\}", said, str(text))


def _named(name: str, contexts: Mapping[str, Any]) -> Any:
    found: Any = contexts
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
