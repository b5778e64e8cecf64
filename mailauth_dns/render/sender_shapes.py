"""The shapes of what the senders commands write, see `json_shapes`."""

from __future__ import annotations

from mailauth_dns.render.json_shape_parts import (
    NUMBER,
    TEXT,
    TEXTS,
    TRUTH,
    among,
    document,
    each,
    maybe,
    of,
)
from mailauth_dns.senders.suggestion import Kind

SENDERS_SUGGEST = document(
    domain=TEXT,
    path=TEXT,
    written=TRUTH,
    policy=TEXT,
    diff=maybe(TEXT),
    senders=each(of(key=TEXT, sender=TEXT, answers={"type": "object"})),
    comments=TEXTS,
    remarks=each(of(kind=among(*Kind), name=TEXT, text=TEXT)),
    differences=each(of(**{"name": TEXT, "type": TEXT, "without": TEXTS, "with": TEXTS})),
    lookups=maybe(of(now=NUMBER, then=NUMBER, at_least=TRUTH)),
    unknown=each(of(name=TEXT, type=TEXT, reason=TEXT)),
)
SENDERS_IMPORT_TEMPLATE = document(
    template=TEXT,
    sender=maybe(TEXT),
    path=maybe(TEXT),
    text=TEXT,
    variables=TEXTS,
    warnings=each(of(type=TEXT, host=TEXT, text=TEXT)),
)
