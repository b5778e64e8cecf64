"""The elements of an aggregate report, as its reader uses them (RFC 9990, RFC 7489 app. C)."""

from __future__ import annotations

from collections.abc import Mapping


class Element:
    """What may stand in an element, and what becomes of it.

    `slot` keeps its text under this name. `ended` names what its end completes.
    """

    __slots__ = ("children", "ended", "slot")

    def __init__(
        self, children: Mapping[str, Element] | None = None, slot: str = "", ended: str = ""
    ) -> None:
        self.children: dict[str, Element] = dict(children or {})
        self.slot = slot
        self.ended = ended


def _slots(*names: str, prefix: str = "") -> dict[str, Element]:
    return {name: Element(slot=prefix + name) for name in names}


# Extensions and everything unknown: read over, with all that is in them.
SKIPPED = Element()

_DATES = Element(_slots("begin", "end"))
_METADATA = Element(
    {
        **_slots("org_name", "email", "report_id", "error"),
        "date_range": _DATES,
        **_slots("begin", "end"),  # drafts of 2011 had no date_range
    },
    ended="metadata",
)
_POLICY = Element(
    {
        **_slots("domain", "p", "sp", "np", "adkim", "aspf", "fo", "pct", "psd", "testing"),
        **_slots("discovery_method"),
        "t": Element(slot="testing"),
    },
    ended="policy",
)
_REASON = Element(_slots("type", "comment", prefix="reason."), ended="reason")
_EVALUATED = Element({**_slots("disposition", "dkim", "spf"), "reason": _REASON})
_ROW = Element({**_slots("source_ip", "count"), "policy_evaluated": _EVALUATED})
_IDENTIFIERS = Element(_slots("header_from", "envelope_from"))
_AUTH = Element(
    {
        "dkim": Element(_slots("domain", "selector", "result", prefix="auth."), ended="dkim"),
        "spf": Element(_slots("domain", "scope", "result", prefix="auth."), ended="spf"),
    }
)
_RECORD = Element(
    {
        "row": _ROW,
        "identifiers": _IDENTIFIERS,
        "identities": _IDENTIFIERS,  # a draft's word, which some still write
        "auth_results": _AUTH,
    },
    ended="record",
)
FEEDBACK = Element(
    {
        **_slots("version"),
        "report_metadata": _METADATA,
        "policy_published": _POLICY,
        "record": _RECORD,
    },
    ended="feedback",
)


def document() -> Element:
    """Return what stands above the root."""
    return Element({"feedback": FEEDBACK})
