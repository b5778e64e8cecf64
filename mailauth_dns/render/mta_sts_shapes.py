"""What the mta_sts commands write with `--format json`."""

from __future__ import annotations

from mailauth_dns.render.json_shape_parts import (
    FINDING,
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

_DAY = {"type": "string", "format": "date"}
_STANDING = {
    "domain": TEXT,
    "path": TEXT,
    "mode": among("enforce", "testing", "none"),
    "first": maybe(_DAY),
    "last": maybe(_DAY),
    "days": NUMBER,
    "sessions": NUMBER,
    "secured": NUMBER,
    "apart": NUMBER,
    "reporters": TEXTS,
    "failures": each(
        of(
            exchanger=maybe(TEXT),
            reason=TEXT,
            sessions=NUMBER,
            reporters=TEXTS,
            last=_DAY,
            mend=TEXT,
        )
    ),
    "gate": each(of(part=TEXT, met=TRUTH, text=TEXT)),
    "met": TRUTH,
    "not_before": maybe(_DAY),
}
MTA_STS_SHAPES = {
    "mta_sts status": document(domains=each(of(**_STANDING))),
    "mta_sts advance": document(
        **_STANDING, written=maybe({"type": "object"}), findings=each(of(**FINDING))
    ),
}
