"""What the senders commands write with `--format json`, as JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.render.json_shape_parts import (
    ALIGNS,
    NUMBER,
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
from mailauth_dns.senders.suggestion import Kind

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
                spf=maybe(of(relaxed=ALIGNS, strict=ALIGNS)),
                dkim=maybe(ALIGNS),
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
                spf=of(relaxed=ALIGNS, strict=ALIGNS),
                dkim=ALIGNS,
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
    "senders suggest": document(
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
    ),
    "senders import-template": document(
        template=TEXT,
        sender=maybe(TEXT),
        path=maybe(TEXT),
        text=TEXT,
        variables=TEXTS,
        warnings=each(of(type=TEXT, host=TEXT, text=TEXT)),
    ),
}
