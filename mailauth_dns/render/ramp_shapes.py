"""What the dmarc commands write with `--format json`."""

from __future__ import annotations

from mailauth_dns.evidence.gate.gate import Part
from mailauth_dns.render.json_shape_parts import (
    NUMBER,
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

DAY: Shape = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
PERCENT: Shape = {"type": "number"}
GATE = of(
    days=NUMBER,
    volume=NUMBER,
    aligned=PERCENT,
    each=PERCENT,
    reporters=NUMBER,
    newest=NUMBER,
    unknown=PERCENT,
)
GATE_VERDICT = of(
    met=TRUTH,
    parts=each(of(part=among(*Part), met=TRUTH, text=TEXT)),
    first=maybe(DAY),
    last=maybe(DAY),
    messages=NUMBER,
    not_before=maybe(DAY),
    lost=each(of(source=TEXT, kind=TEXT, messages=NUMBER)),
    not_counted=TEXTS,
)
STANDING = {
    "domain": TEXT,
    "path": TEXT,
    "parked": TRUTH,
    "record": maybe(TEXT),
    "gate": GATE,
    "since": maybe(DAY),
    "since_unknown": maybe(TEXT),
    "reports": NUMBER,
    "differs": maybe(TEXT),
    "step": maybe(of(tag=TEXT, before=TEXT, after=TEXT, record=TEXT, words=TEXT)),
    "verdict": maybe(GATE_VERDICT),
    "sources": each(of(name=TEXT, kind=TEXT, messages=NUMBER, aligned=NUMBER, mend=maybe(TEXT))),
}
DMARC_STATUS = document(domains=each(of(**STANDING)))
DMARC_ADVANCE = document(
    written=maybe({"type": "object", "additionalProperties": maybe(TEXT)}), **STANDING
)
