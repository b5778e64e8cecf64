"""Pages hold what others wrote in its place, fit for any reader, and nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from mailauth_dns.errors import printable
from mailauth_dns.pages.plan_page import plan_page
from mailauth_dns.plan.permission import IdlePermission, Permission
from mailauth_dns.plan.plan import BlockedEntry
from mailauth_dns.render.terminal_text import shown
from tests.pages import hostile
from tests.pages.page_reader import PageReader

TEXTS = {"plain": "mail.example", "attack": hostile.ATTACK, "long": hostile.LONG, "empty": ""}
PAGES = [
    pytest.param(page, text, id=f"{name}-{which}")
    for which, text in TEXTS.items()
    for name, page in hostile.pages(text).items()
]


@pytest.mark.parametrize(("page", "text"), PAGES)
def test_what_others_wrote_stays_in_its_place(page: str, text: str) -> None:
    read = PageReader(page)
    assert re.fullmatch(r"[\n -~]*", page), "ASCII alone: no encoding can change it"
    said = "".join(read.texts)
    assert shown(text) in said or printable(text) in said


@pytest.mark.parametrize(("page", "text"), PAGES)
def test_a_page_has_what_readers_and_screen_readers_need(page: str, text: str) -> None:
    read = PageReader(page)
    assert len(read.ids) == len(set(read.ids))
    assert set(read.labels) <= set(read.ids)
    assert read.headings[0] == 1
    assert read.headings.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(read.headings))
    assert {"header", "main", "footer"} <= set(re.findall(r"<([a-z]+)", page))


@pytest.mark.parametrize(("page", "text"), PAGES)
def test_the_one_style_is_allowed_by_its_hash_and_nothing_else_is(page: str, text: str) -> None:
    read = PageReader(page)
    [style] = read.styles
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert read.policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"url\(|@import|http", style)


@pytest.mark.parametrize(
    "injected", ["<script>x</script>", "<p onclick=x>", "<img src=x>", "<!-- -->", "<p style=x>"]
)
def test_the_reader_of_these_tests_finds_what_got_out(injected: str) -> None:
    page = hostile.pages("x")["plan"].replace("<main", f"{injected}<main")
    with pytest.raises(AssertionError):
        PageReader(page)


def test_terms_that_differ_are_marked_in_both_values() -> None:
    page = plan_page(hostile.plan(hostile.zone(1, hostile.change(1))))
    assert "v=spf1 <del>mx</del> <del>~all</del>" in page
    assert "v=spf1 <ins>-all</ins>" in page


def test_what_is_the_same_but_for_the_name_is_told_once() -> None:
    zones = [hostile.zone(number, hostile.change(number)) for number in range(10_000)]
    page = plan_page(hostile.plan(*zones))
    assert page.count('<article class="change">') == 1
    assert "and 9999 more domains" in page
    assert "zone9999.example" in page
    assert len(page) < 300_000


@pytest.mark.parametrize("value", ["v=DKIM1; p=" + "A" * 380, "<>&'\"\xe9" * 60])
def test_ten_thousand_zones_that_all_differ_fit_a_page_that_opens(value: str) -> None:
    zones = [
        hostile.zone(
            number,
            *(hostile.change(number, name=f"s{each}", after=(f"{value}{number}.{each}",)) for each in range(4)),
            tests=(hostile.trial(f"zone{number}.example", "failed"),),
        )
        for number in range(9_999)
    ]  # fmt: skip
    riskiest = hostile.zone(
        10_000, hostile.change(10_000, risk="breaking", rules=("SPF001",), meaning="all mail fails")
    )
    began = time.monotonic()
    page = plan_page(hostile.plan(*zones, riskiest))
    assert time.monotonic() - began < 120
    assert len(page) < 5_000_000
    assert "all mail fails" in page, "the riskiest is told in full"
    assert "39,997" in page.replace("39997", "39,997"), "the sum counts all of them"
    for number in (0, 5_000, 9_998):
        assert f"zone{number}.example" in page


def test_ten_thousand_changes_in_one_zone_fit_too() -> None:
    changes = [
        hostile.change(1, name=f"s{number}.example", after=("A" * 2_000 + str(number),))
        for number in range(10_000)
    ]
    page = plan_page(hostile.plan(hostile.zone(1, *changes)))
    assert len(page) < 5_000_000
    assert "s9999.example" in page


def test_what_hurts_comes_first() -> None:
    zones = (
        hostile.zone(1, hostile.change(1, risk="safe")),
        hostile.zone(2, hostile.change(2, risk="breaking", rules=("DMARC031",))),
        hostile.zone(
            3,
            blocked=(
                BlockedEntry("zone3.example", "zone3.example", "TXT", "spf", "a CNAME is there"),
            ),
        ),
    )
    page = plan_page(hostile.plan(*zones))
    heads = re.findall(r"<h3><code>(zone\d)", page)
    assert heads == ["zone2", "zone3", "zone1"]
    assert "<b>Refused without permission for</b> <code>DMARC031:zone2.example</code>" in page


def test_a_page_says_why_a_plan_is_refused_and_what_is_safe() -> None:
    steep = hostile.zone(1, hostile.change(1, risk="breaking", rules=("DMARC033",)))
    broken = hostile.zone(2, hostile.change(2), tests=(hostile.trial("zone2.example", "failed"),))
    over = Permission("DMARC033", "a year of reports", date(2026, 11, 20), "p.yaml", 6)
    later = Permission("DKIM030", "the next <key>", date(2099, 1, 31), "p.yaml", 7)
    idle = (
        IdlePermission(over, "expired", ("zone1.example",)),
        IdlePermission(later, "unused", ("zone1.example",)),
    )
    page = plan_page(replace(hostile.plan(steep, broken), idle=idle))
    for said in (
        "The safe way: go to quarantine first",
        "<code>mailauth-dns rules DMARC033</code>",
        "<code>allow: [{rule: DMARC033, reason: ..., until: DAY}]</code>",
        "<code>--allow DMARC033:zone1.example</code>",
        "<b>Permission is over</b>: DMARC033 was permitted until 2026-11-20",
        "Mail tests that this plan breaks",
        "passes today (TEST001)",
        "<b>Refused without permission for</b> <code>TEST001:zone2.example</code>",
        "<b>A policy permits DKIM030 until 2099-01-31</b>",
        "Check that you agree with the reason: the next &lt;key&gt;.",
    ):
        assert said in page


def test_the_template_library_is_loaded_for_pages_only() -> None:
    code = (
        "import sys; from mailauth_dns.cli.commands import plan, spf, dkim, check_message, simulate, run_tests;"
        "sys.exit('jinja2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
