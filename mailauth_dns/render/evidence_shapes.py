"""What the commands about evidence write with `--format json`."""

from __future__ import annotations

from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.render.json_shape_parts import (
    DAY,
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

_MESSAGES = of(all=NUMBER, aligned=NUMBER, dkim=NUMBER, spf=NUMBER, unknown=NUMBER, refused=NUMBER)
_KIND = among(*(kind.value for kind in SourceKind))
_BY_KIND = each(of(kind=_KIND, messages=NUMBER))
_SOURCE = of(
    kind=_KIND,
    name=TEXT,
    is_sender=TRUTH,
    messages=_MESSAGES,
    addresses=NUMBER,
    places=each(of(source=TEXT, messages=NUMBER)),
    first=DAY,
    last=DAY,
    reporters=TEXTS,
    why=each(of(text=TEXT, messages=NUMBER)),
    mend=TEXTS,
)
_REPORTER = of(reporter=TEXT, reports=NUMBER, first=DAY, last=DAY, messages=_MESSAGES)
REPORTS_SHOW = document(
    domains=each(
        of(
            domain=TEXT,
            first=maybe(DAY),
            last=maybe(DAY),
            reports=NUMBER,
            policy=maybe(TEXT),
            messages=_MESSAGES,
            by_kind=_BY_KIND,
            sources=maybe(each(_SOURCE)),
            reporters=maybe(each(_REPORTER)),
            days=maybe(each(of(day=DAY, by_kind=_BY_KIND))),
        )
    ),
    without_evidence=TEXTS,
    without_policy=TEXTS,
)
