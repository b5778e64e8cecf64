"""What the reports commands write with `--format json`."""

from __future__ import annotations

from mailauth_dns.render.json_shape_parts import (
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    TRUTH,
    among,
    document,
    each,
    maybe,
    of,
)

PLACE = {"place": TEXT}
REPORTS_READ = document(
    read=NUMBER,
    reports=each(
        of(
            **PLACE,
            kind=among("dmarc", "tls"),
            org=TEXT,
            org_domain=maybe(TEXT),
            id=TEXT,
            begin=TIME,
            end=TIME,
            domains=TEXTS,
            policy=maybe(
                of(
                    **{tag: maybe(TEXT) for tag in ("p", "sp", "np", "adkim", "aspf", "psd", "fo")},
                    testing=maybe(TRUTH),
                    discovery=maybe(TEXT),
                    pct=maybe(NUMBER),
                )
            ),
            records=NUMBER,
            messages=maybe(of(aligned=NUMBER, not_aligned=NUMBER, unknown=NUMBER)),
            sessions=maybe(of(successful=NUMBER, failed=NUMBER)),
            tolerated=each(of(code=TEXT, text=TEXT, times=NUMBER)),
        )
    ),
    repeated=each(of(**PLACE, first=TEXT)),
    not_counted=each(of(**PLACE, problem=TEXT)),
    passed_over=each(of(**PLACE, what=TEXT)),
    evidence=maybe(
        of(
            files=each(
                of(
                    domain=TEXT,
                    path=TEXT,
                    reports=NUMBER,
                    added=NUMBER,
                    other_policy=NUMBER,
                    too_old=NUMBER,
                    written=TRUTH,
                    problem=maybe(TEXT),
                )
            ),
            left_out=each(of(domain=TEXT, reports=NUMBER)),
            without_policy=TEXTS,
        )
    ),
)
_DAY = {"type": "string", "format": "date"}
REPORTS_WATCH = document(
    domains=each(
        of(
            domain=TEXT,
            first=maybe(_DAY),
            last=maybe(_DAY),
            new=each(
                of(
                    kind=among(
                        "new-source",
                        "not-aligned",
                        "silent",
                        "reporter-stopped",
                        "no-reports",
                        "spike",
                        "sessions-fail",
                    ),
                    subject=TEXT,
                    day=_DAY,
                    now={"type": "number"},
                    before={"type": "number"},
                    bound={"type": "number"},
                    text=TEXT,
                )
            ),
            problem=maybe(TEXT),
        )
    )
)
