"""What each command writes with `--format json`, as JSON Schemas.

`mailauth-dns schema COMMAND` prints one of them, and docs/reference/json.md says it in words. Each
test that runs a command so holds what it writes against its shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mailauth_dns.plan import plan_shape
from mailauth_dns.render.evidence_shapes import REPORTS_SHOW
from mailauth_dns.render.json_shape_parts import (
    BEFORE_AFTER,
    DEFINITIONS,
    EXPLAINED,
    FINDING,
    LIVE_FIELDS,
    LIVE_ROW,
    MISTAKE,
    NUMBER,
    PASS,
    RISK,
    SEVERITY,
    TEXT,
    TEXTS,
    TIME,
    TRIAL,
    TRUTH,
    Shape,
    among,
    document,
    each,
    maybe,
    of,
)
from mailauth_dns.render.mta_sts_shapes import MTA_STS_SHAPES
from mailauth_dns.render.ramp_shapes import DMARC_ADVANCE, DMARC_STATUS
from mailauth_dns.render.report_shapes import REPORTS_READ, REPORTS_WATCH
from mailauth_dns.render.sender_shapes import SENDER_SHAPES

NEW_KEY = {
    "domain": TEXT,
    "selector": TEXT,
    "type": among("rsa", "ed25519"),
    "private": TEXT,
    "public": TEXT,
    "policy": TEXT,
}
KEY_STATE = among("pending", "active", "retiring", "revoked", "absent")
IN_DNS = of(
    state=among("served", "revoked", "missing", "other", "partly", "unknown"), detail=maybe(TEXT)
)
WRITTEN = each(
    of(path=TEXT, selector=TEXT, keys={"type": "object"}, tests=TEXTS, inherited=maybe(TEXT))
)
KEY = of(
    domain=TEXT,
    selector=TEXT,
    name=TEXT,
    type=maybe(TEXT),
    cname=maybe(TEXT),
    ours=TRUTH,
    state=KEY_STATE,
    since=maybe(TIME),
    seen=maybe(TIME),
    signed_until=maybe(TIME),
    dns=IN_DNS,
    wrong=maybe(TEXT),
    unknown=maybe(TEXT),
    next=maybe(of(to=TEXT, at=maybe(TIME), why=maybe(TEXT))),
)

NOW = of(
    what=TEXT,
    why=TEXT,
    takes=TEXT,
    at=maybe(TIME),
    commands=TEXTS,
    unknown=TRUTH,
)
AREA = of(
    area=among("policy", "spf", "dkim", "dmarc", "other", "signing"),
    state=among("ok", "todo", "wait", "unknown", "-"),
    text=TEXT,
)
NEXT = document(
    domains=each(of(domain=TEXT, path=TEXT, case=TEXT, areas=each(AREA))),
    total=NUMBER,
    cases={"type": "object", "additionalProperties": NUMBER},
    now=maybe(NOW),
    later=TEXTS,
)
STARTED = document(
    domain=TEXT,
    selector=TEXT,
    private=TEXT,
    written=TEXTS,
    left=TEXTS,
    warnings=TEXTS,
    negative_ttl=maybe(NUMBER),
    wait=NUMBER,
    steps=each(of(number=NUMBER, title=TEXT, why=TEXTS, records=maybe(TEXT), commands=TEXTS)),
)
THERE = document(domain=TEXT, policy=TEXT, written={"const": []}, next=NEXT)

STEP_AT_A_FORM = of(
    number=NUMBER,
    domain=TEXT,
    action=among("add", "replace", "set the TTL", "delete", "check"),
    family=TEXT,
    name=TEXT,
    host=TEXT,
    type=TEXT,
    value=maybe(TEXT),
    strings=maybe(TEXT),
    ttl=maybe(NUMBER),
    old=maybe(TEXT),
    deleted=TEXTS,
    kept=TEXTS,
    meaning=TEXT,
    risk=RISK,
    rules=TEXTS,
    unknown=maybe(TEXT),
    note=maybe(TEXT),
    evidence=maybe(TEXT),
)
IMPORTED = of(
    domain=TEXT,
    zone=TEXT,
    path=TEXT,
    written=TRUTH,
    policy=TEXT,
    not_said=each(of(name=TEXT, type=TEXT, value=maybe(TEXT), reason=TEXT)),
    proposals=each(of(rule=TEXT, severity=SEVERITY, message=TEXT, fix=TEXT)),
    nearly_parked=maybe(TEXT),
    unknown=each(of(name=TEXT, type=TEXT, reason=TEXT)),
)
LIVE = document(
    zones={
        "type": "object",
        "additionalProperties": each(of(**LIVE_FIELDS, mistakes=each(MISTAKE))),
    }
)
NODE: Shape = {"$ref": "#/$defs/node"}

FINDINGS = document(
    findings=each(of(**FINDING)), waived=each(of(**FINDING, reason=TEXT, until=TEXT))
)

SHAPES: Mapping[str, Shape] = {
    "init": document(written=TEXTS, left=TEXTS),
    "quickstart": {"anyOf": [STARTED, THERE]},
    "next": NEXT,
    "lint": FINDINGS,
    "lint merge": FINDINGS,
    "import": document(source=TEXT, notes=TEXTS, not_read=TEXTS, domains=each(IMPORTED)),
    "compile": document(
        written=TRUTH, stale=TEXTS, gone=TEXTS, foreign=TEXTS, explained=maybe(each(EXPLAINED))
    ),
    "rules": document(
        rules=each(
            of(
                id=TEXT,
                slug=TEXT,
                source=TEXT,
                page=TEXT,
                severity=SEVERITY,
                needs=among("policy", "dns", "servers", "web", "plan"),
            )
        )
    ),
    **SENDER_SHAPES,
    "diff": LIVE,
    "verify": LIVE,
    "plan": plan_shape.json_schema(),
    "plan merge": plan_shape.json_schema(),
    "apply": document(
        zones=each(
            of(
                zone=TEXT,
                provider=TEXT,
                status=among("applied", "unchanged", "refused", "failed", "partial", "not tried"),
                changes=NUMBER,
                detail=TEXT,
                refusals=each(of(rule=maybe(TEXT), domain=TEXT, reason=TEXT)),
            )
        ),
        notes=TEXTS,
        live=maybe(each(LIVE_ROW)),
    ),
    "export": document(
        zones=each(
            of(
                zone=TEXT,
                domains=TEXTS,
                servers=TEXTS,
                steps=each(STEP_AT_A_FORM),
                there=each(of(name=TEXT, type=TEXT)),
                waits=TEXTS,
                refused=TEXTS,
            )
        )
    ),
    "test": document(
        tests=each(
            of(domain=TEXT, name=TEXT, result=PASS, problems=TEXTS, before=TRIAL, after=TRIAL)
        )
    ),
    "simulate": BEFORE_AFTER,
    "check-message": BEFORE_AFTER,
    "dmarc status": DMARC_STATUS,
    "dmarc advance": DMARC_ADVANCE,
    "reports read": REPORTS_READ,
    "reports show": REPORTS_SHOW,
    "reports watch": REPORTS_WATCH,
    **MTA_STS_SHAPES,
    "spf tree": {
        **document(
            domain=TEXT,
            state=among("as it is", "as it would be"),
            total=NUMBER,
            voids=NUMBER,
            lower_bound=TRUTH,
            largest=maybe(TEXT),
            tree=NODE,
        ),
        "$defs": {
            "node": of(
                domain=TEXT,
                term=TEXT,
                own=NUMBER,
                total=NUMBER,
                voids=NUMBER,
                notes=each(of(remark=TEXT, text=TEXT)),
                unknown=maybe(TEXT),
                children=each(NODE),
            )
        },
    },
    "spf lock": document(
        stale=TRUTH,
        written=TRUTH,
        names=each(of(name=TEXT, networks=TEXTS, added=TEXTS, removed=TEXTS)),
        parts=each(of(domain=TEXT, name=TEXT, state=TEXT, changed=TRUTH)),
    ),
    "dkim keygen": document(**NEW_KEY),
    "dkim adopt": document(
        **NEW_KEY, state=KEY_STATE, left=maybe(TEXT), dns=IN_DNS, weaknesses=TEXTS
    ),
    "dkim status": document(keys=each(KEY), written=WRITTEN),
    "dkim activate": document(
        written=WRITTEN, active=TEXTS, waiting=each(of(why=TEXT, at=maybe(TIME)))
    ),
    "dkim rotate": document(
        written=WRITTEN, made=each(of(**NEW_KEY)), waiting=TEXTS, problem=maybe(TEXT)
    ),
    "dkim check": document(
        keys=NUMBER,
        problems=each(
            of(domain=TEXT, selector=TEXT, rule=TEXT, message=TEXT, unknown=TRUTH, note=TRUTH)
        ),
    ),
}


def published(command: str) -> dict[str, Any]:
    """Return the JSON Schema of what a command writes; `command` is a key of SHAPES."""
    shape = SHAPES[command]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"mailauth-dns {command} --format json",
        **shape,
        "$defs": _used(shape) | shape.get("$defs", {}),
    }


def _used(shape: Shape) -> dict[str, Any]:
    """Return those of the plan's definitions that a shape refers to, at any depth."""
    found: dict[str, Any] = {}
    waiting = [shape]
    while waiting:
        for name in re.findall(r"'#/\$defs/(\w+)'", repr(waiting.pop())):
            if name in DEFINITIONS and name not in found:
                found[name] = DEFINITIONS[name]
                waiting.append(found[name])
    return found
