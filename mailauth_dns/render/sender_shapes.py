"""What the senders commands write with `--format json`, as JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.render.json_shape_parts import (
    TEXT,
    TEXTS,
    TRUTH,
    Shape,
    among,
    document,
    each,
    maybe,
    of,
)
from mailauth_dns.senders.probes import About, Result

ANSWER = among("yes", "no", "unknown")
RECORDS = each(of(name=TEXT, type=TEXT, value=TEXT))

SENDER_SHAPES: Mapping[str, Shape] = {
    "senders list": document(
        senders=each(
            of(
                id=TEXT,
                name=TEXT,
                kind=maybe(TEXT),
                compiled=TRUTH,
                own=TRUTH,
                return_path=maybe(TEXT),
                spf=maybe(of(relaxed=ANSWER, strict=ANSWER)),
                dkim=maybe(ANSWER),
            )
        )
    ),
    "senders check": document(
        senders=each(
            of(
                id=TEXT,
                name=TEXT,
                findings=each(
                    of(
                        about=among(*About),
                        name=TEXT,
                        types=TEXTS,
                        result=among(*Result),
                        detail=TEXT,
                    )
                ),
            )
        )
    ),
    "senders show": document(
        id=TEXT,
        entry={"type": "object"},
        example=maybe(of(domain=TEXT, senders={"type": "object"}, records=RECORDS, notes=TEXTS)),
    ),
}
