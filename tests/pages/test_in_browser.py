"""Pages in Chromium: no script of theirs runs, nothing is asked for, nothing sticks out, and words can be read."""

from __future__ import annotations

import pytest

from tests.conftest import need
from tests.pages import hostile
from tests.pages.browser import looked_at, missing

PHONE, DESK = 360, 1280
TEXTS = {
    "mail.example": "plain",
    hostile.ATTACK: "attack",
    hostile.LONG: "long",
    "W M" * 99: "broad",
}


@pytest.fixture(autouse=True)
def browser() -> None:
    need(missing())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", TEXTS, ids=TEXTS.values())
def test_pages_fit_can_be_read_and_ask_for_nothing(text: str, scheme: str) -> None:
    pages = hostile.pages(text)
    looked = looked_at(pages, (PHONE, DESK), scheme)
    assert looked.ran is None
    assert looked.asked == {f"/{name}" for name in pages}
    assert set(looked.measures) == {f"{name}-{width}" for name in pages for width in (PHONE, DESK)}
    for name, found in looked.measures.items():
        assert found["scheme"] == scheme
        assert found["styled"], f"{name}: the policy refuses our own style"
        assert found["words"] > 20
        assert found["scroll"] <= 0, f"{name} sticks out: {found['wide'][:5]}"
        assert found["wide"] == [], name
        assert found["faint"] == [], name


def test_what_gets_into_a_page_still_does_nothing() -> None:
    """The last wall: the page's own policy stops what escaping would have let through."""
    page = hostile.pages("x")["plan"].replace("<main", f"{hostile.ATTACK}<main")
    assert "<script>parent" in page
    looked = looked_at({"plan": page}, (DESK,), "light")
    assert looked.ran is None
    assert looked.asked == {"/plan"}


def test_these_tests_see_a_script_a_question_and_what_sticks_out() -> None:
    page = hostile.pages("x")["plan"].replace("Content-Security-Policy", "no")
    wide = '<div style="width:2000px;color:#777;background:#777">too wide and too faint</div>'
    looked = looked_at(
        {"plan": page.replace("<main", f"{wide}{hostile.ATTACK}<main")}, (PHONE,), "light"
    )
    assert looked.ran is not None
    assert "/stolen.png" in looked.asked
    [found] = looked.measures.values()
    assert found["scroll"] > 0
    assert found["faint"]
