"""What the senders commands write with `--format json`, as JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.render.json_shape_parts import (
    PASS,
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
from mailauth_dns.sender_checks.standing import State
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
    "senders status": document(
        senders=each(
            of(
                domain=TEXT,
                key=TEXT,
                sender=TEXT,
                name=TEXT,
                state=among(*State),
                retired=maybe(TEXT),
                gone_from=maybe(TEXT),
                mail_from=maybe(TEXT),
                spf=of(relaxed=ANSWER, strict=ANSWER),
                dkim=ANSWER,
                tests=maybe(each(of(name=TEXT, result=PASS, problems=TEXTS))),
                off=maybe(each(of(name=TEXT, type=TEXT, state=TEXT, reason=maybe(TEXT)))),
                delegation=maybe(
                    of(name=TEXT, wanted=TEXTS, live=maybe(TEXTS), reason=maybe(TEXT))
                ),
                missing=each(of(key=TEXT, find=TEXT)),
                is_over=TRUTH,
                next=TEXTS,
            )
        )
    ),
    "senders retire": document(
        path=TEXT,
        domain=TEXT,
        key=TEXT,
        sender=TEXT,
        retired=TEXT,
        gone_from=TEXT,
        tests=TEXTS,
    ),
    "senders show": document(
        id=TEXT,
        entry={"type": "object"},
        example=maybe(of(domain=TEXT, senders={"type": "object"}, records=RECORDS, notes=TEXTS)),
    ),
}
