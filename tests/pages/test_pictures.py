"""The pictures in docs/ are those that the code draws, and nothing that others wrote leaves its place in one."""

from __future__ import annotations

import importlib.util
import re
from itertools import pairwise
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from mailauth_dns.evaluate.spf import MAX_TERMS
from mailauth_dns.pages.alignment_picture import alignment
from mailauth_dns.pages.drawing import NARROW, WIDE, Drawing, Label
from mailauth_dns.pages.key_picture import key_timeline
from mailauth_dns.pages.page import picture
from mailauth_dns.pages.plan_picture import plan_overview
from mailauth_dns.pages.spf_picture import nodes, spf_tree
from tests.pages import hostile
from tests.pages.test_pages import TEXTS

ROOT = Path(__file__).parents[2]
_SVG = "{http://www.w3.org/2000/svg}"


def test_the_pictures_in_docs_are_fresh(no_resolvers: None) -> None:
    path = ROOT / "script/pictures.py"
    spec = importlib.util.spec_from_file_location("pictures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn = module.pictures()
    there = {file.name: file.read_text() for file in (ROOT / "docs/pictures").iterdir()}
    assert drawn == there, "run script/pictures"


def drawings(text: str) -> dict[str, Drawing]:
    return {
        f"{name}-{width}": drawing
        for width in (NARROW, WIDE)
        for name, drawing in {
            "plan": plan_overview(hostile.hostile_plan(text), width),
            "spf": spf_tree(text, hostile.hostile_tree(text), width),
            "keys": key_timeline(text, hostile.hostile_keys(text), hostile.NOW, width),
            "alignment": alignment(text, hostile.verdict(text), width),
        }.items()
    }


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_picture_is_xml_with_nothing_but_shapes_and_words(text: str) -> None:
    for name, drawing in drawings(text).items():
        file = picture(drawing)
        assert re.fullmatch(r"[\n -~]*", file), name
        root = fromstring(file, forbid_dtd=True)
        assert {each.tag.removeprefix(_SVG) for each in root.iter()} <= {
            "svg",
            "title",
            "desc",
            "style",
            "rect",
            "path",
            "text",
        }
        assert not [
            key
            for each in root.iter()
            for key in each.attrib
            if key.startswith("on") or "href" in key
        ]
        assert root.findtext(f"{_SVG}title")
        assert root.findtext(f"{_SVG}desc")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_words_stay_within_a_picture(text: str) -> None:
    for name, drawing in drawings(text).items():
        for shape in drawing.shapes:
            if isinstance(shape, Label):
                assert 0 <= shape.x <= drawing.width, name
                assert 0 < shape.y < drawing.height, name


def test_the_sum_so_far_grows_term_by_term_and_marks_what_is_over() -> None:
    found = nodes(hostile.hostile_tree("a:mail.example"))
    assert all(after.so_far - before.so_far == after.cost.own for before, after in pairwise(found))
    assert [node.so_far for node in found if node.over] == list(range(MAX_TERMS + 1, 16))
