"""What the shapes in `json_shapes` are made of, and the parts that several of them have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailauth_dns.plan import plan_shape

Shape = Mapping[str, Any]

TEXT: Shape = {"type": "string"}
NUMBER: Shape = {"type": "integer"}
TRUTH: Shape = {"type": "boolean"}
FORMAT: Shape = {"const": 1}
DEFINITIONS = plan_shape.json_schema()["$defs"]


def of(**keys: Shape) -> Shape:
    """Return the shape of an object with these keys; later versions may have more."""
    return {"type": "object", "properties": keys, "required": list(keys)}


def document(**keys: Shape) -> Shape:
    """Return the shape of a whole document, which has the number of its format."""
    return of(format=FORMAT, **keys)


def each(item: Shape) -> Shape:
    """Return the shape of a list."""
    return {"type": "array", "items": item}


def maybe(shape: Shape) -> Shape:
    """Return the shape of what may be null."""
    return {"anyOf": [shape, {"type": "null"}]}


def among(*values: str) -> Shape:
    """Return the shape of a text that is one of these."""
    return {"enum": list(values)}


def without(shape: Shape, *optional: str) -> Shape:
    """Return the same object's shape, in which these keys may be missing."""
    return {**shape, "required": [key for key in shape["required"] if key not in optional]}


TEXTS = each(TEXT)
TIME: Shape = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
SEVERITY = among("error", "warning", "info")
PASS = among("passed", "failed", "unknown")
RISK = among("safe", "caution", "breaking")

# A live row is what a plan has too.
LIVE_FIELDS = DEFINITIONS["LiveEntry"]["properties"]
LIVE_ROW = of(**LIVE_FIELDS)
MISTAKE = of(id=TEXT, seen=TEXT, meaning=TEXT, remedy=TEXT)

FINDING = {
    "rule": TEXT,
    "slug": TEXT,
    "severity": SEVERITY,
    "domain": maybe(TEXT),
    "domains": TEXTS,
    "path": TEXT,
    "line": NUMBER,
    "column": NUMBER,
    "name": maybe(TEXT),
    "type": maybe(TEXT),
    "server": maybe(TEXT),
    "unknown": TRUTH,
    "message": TEXT,
    "fix": TEXT,
    "source": TEXT,
}

VERDICT = {
    "spf": TEXT,
    "dkim": TEXT,
    "dmarc": TEXT,
    "disposition": maybe(among("none", "quarantine", "reject")),
    "author_domain": maybe(TEXT),
    "policy_domain": maybe(TEXT),
    "identifiers": each(
        of(
            mechanism=among("SPF", "DKIM"),
            domain=maybe(TEXT),
            result=TEXT,
            aligned=maybe(TRUTH),
            reason=maybe(TEXT),
        )
    ),
    "why": TEXTS,
    "warnings": TEXTS,
}
TRIAL = of(result=PASS, **VERDICT)
BEFORE_AFTER = without(document(before=of(**VERDICT), after=of(**VERDICT)), "after")

ALIGNS = among("yes", "no", "unknown")
DAY: Shape = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
EXPLAINED = of(
    domain=TEXT,
    senders=each(
        of(
            key=TEXT,
            sender=TEXT,
            name=TEXT,
            path=TEXT,
            line=NUMBER,
            retired=maybe(DAY),
            gone_from=maybe(DAY),
            gone=TRUTH,
            return_path=TEXT,
            mail_from=maybe(TEXT),
            aligns=of(relaxed=ALIGNS, strict=ALIGNS),
            spf=TEXTS,
            dkim=each(of(selector=TEXT, cname=maybe(TEXT))),
            signs_with=TEXTS,
            records=each(of(name=TEXT, type=TEXT, value=TEXT)),
            why=TEXT,
            notes=TEXTS,
        )
    ),
    own=of(spf=TEXTS, dkim=TEXTS),
)
