"""Alignment drawn: the author domain, and a line to each name that could vouch for it."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.verdict import Verdict
from mailauth_dns.pages.drawing import Box, Drawing, Label, Path, Shape, fitted
from mailauth_dns.pages.identities import Link, links, tone
from mailauth_dns.render.message_verdict import verdict_said
from mailauth_dns.render.terminal_text import shown

_EDGE, _CARD, _GAP = 12, 66, 34  # pixels


def alignment(title: str, verdict: Verdict, width: int) -> Drawing:
    """Return the picture of one verdict."""
    found = links(verdict)
    bottom = _EDGE + _CARD + len(found) * (_CARD + _GAP) + _EDGE
    return Drawing(
        width,
        bottom,
        f"Which names vouch for the author domain, {title}: {verdict_said(verdict)}",
        "The author domain, and below it the names that a receiver authenticates. "
        + "; ".join(
            f"{each.identifier.mechanism} {each.identifier.domain}: {each.word}" for each in found
        ),
        (*_links(found, width), *_author(verdict, width)),
    )


def _author(verdict: Verdict, width: int) -> Iterator[Shape]:
    discovery = verdict.discovery
    wide = width - 2 * _EDGE
    yield Box(_EDGE, _EDGE, wide, _CARD, f"card-{tone(verdict)}", 8)
    yield Label(_EDGE + 14, _EDGE + 20, "author domain (From)", "small", "soft")
    name = discovery.author_domain if discovery is not None else "no single author domain"
    yield Label(_EDGE + 14, _EDGE + 39, fitted(shown(name), wide - 28, "term"), "term", "strong")
    policy = discovery.policy_domain if discovery is not None else None
    said = (
        "its DMARC policy is unknown"
        if isinstance(policy, Unknown)
        else f"policy of {shown(policy)}"
        if policy is not None
        else "no DMARC record"
    )
    yield Label(_EDGE + 14, _EDGE + 57, fitted(said, wide - 28, "small"), "small", "soft")


def _links(found: tuple[Link, ...], width: int) -> Iterator[Shape]:
    left, trunk = _EDGE + 44, _EDGE + 20
    room = width - left - _EDGE
    top = _EDGE + _CARD
    for at, link in enumerate(found):
        y = top + _GAP + at * (_CARD + _GAP)
        middle = y + _CARD // 2
        x = trunk + 16 - 6 * min(at, 5)  # further left the lower it leads, so that no lines cross
        yield Path(f"M{x} {top}V{middle}H{left}", f"link-{link.tone}")
        yield Box(left, y, room, _CARD, _card(link), 8)
        mechanism = f"{link.identifier.mechanism}, {link.origin}"
        yield Label(
            left + 14, y + 20, fitted(shown(mechanism), room - 28, "small"), "small", "soft"
        )
        name = fitted(shown(link.identifier.domain), room - 28, "term")
        yield Label(left + 14, y + 39, name, "term", "strong")
        mark = {"good": "=", "care": "≠", "open": "?", "none": "✗"}[link.tone]
        said = fitted(f"{mark} {link.word}", room - 28, "small")
        kind = "soft" if link.tone == "none" else link.tone
        yield Label(left + 14, y + 57, said, "small", kind)


def _card(link: Link) -> str:
    return "card" if link.tone == "none" else f"card-{link.tone}"
