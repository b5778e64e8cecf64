"""Values as YAML text on one line, such as `{selector: mx2026, tokens: [aaa, bbb]}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

Flow = str | Sequence[str] | Mapping[str, "Flow"]
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+/=_:-]*(?<!:)")


def flow_text(value: Flow) -> str:
    """Return a value on one line; what YAML would read as something else is quoted.

    >>> flow_text({"ip": ["192.0.2.10", "2001:db8::"], "note": "a: b"})
    '{ip: [192.0.2.10, "2001:db8::"], note: "a: b"}'
    """
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value != "null" else json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow_text(below)}" for key, below in value.items()) + "}"
    return "[" + ", ".join(map(flow_text, value)) + "]"
