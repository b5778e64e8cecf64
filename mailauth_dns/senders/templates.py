"""Texts with places in braces, such as `{selector}.dkim.sender.example`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from mailauth_dns.typed_yaml.scalars import fail

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@lru_cache(maxsize=4096)  # a fleet fills the same few templates
def places(template: str) -> frozenset[str]:
    """Return the names of the places in a template; fail where a brace is not part of one."""
    if {"{", "}"} & set(_PLACE.sub("", template)):
        fail(f"{template!r} has a brace that belongs to no place; a place is such as {{token}}")
    return frozenset(_PLACE.findall(template))


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with each place replaced.

    Raises:
        KeyError: a place has no value.
    """
    return _PLACE.sub(lambda match: values[match[1]], template)
