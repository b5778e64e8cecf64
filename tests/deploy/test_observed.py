"""Live DNS is asked once about each set of a plan."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import observed
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.live import spread_observation
from mailauth_dns.live.observe import Wanted
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, zone_of

ORIGIN = DomainName("example.com")
TXT, A = (ORIGIN, "TXT"), (ORIGIN, "A")
PUBLICATION = Publication(ORIGIN, (), ("local",), ())


def test_what_is_known_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[frozenset[tuple[DomainName, str]]] = []

    def answer(wanted: Sequence[Wanted]) -> dict[DomainName, Observation]:
        asked.extend(each.keys for each in wanted)
        views = (ServerView("a", {A: None}), ServerView("b", {A: None}))
        return {ORIGIN: Observation(ORIGIN, views, None)}

    monkeypatch.setattr(spread_observation, "observe", answer)
    text = RRset(*TXT, 300, frozenset({"token"}))
    known = {ORIGIN: Observation(ORIGIN, (ServerView("a", {TXT: text}),), None)}
    provider = zone_of(ORIGIN, [text, RRset(*A, 300, frozenset({"192.0.2.1"}))])
    found = observed.beside_providers([(PUBLICATION, provider)], known)[ORIGIN]
    assert asked == [frozenset({A})]
    assert [view.said(TXT) for view in found.servers] == [text, Unknown("was not asked")]
    assert [view.said(A) for view in found.servers] == [None, None]
