"""Keys of a section are spliced into a policy's text; every other character stays as it is."""

from __future__ import annotations

import re

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.section_edit import Tags, with_tags

ENFORCE: Tags = {"mode": "enforce", "id": None}
EDITED = [
    (
        "mta_sts",
        ENFORCE,
        "domain: example.com # mine\nmta_sts: {mode: testing, mx: [mx.example.com], max_age: 9} # h\n",
        "domain: example.com # mine\nmta_sts: {mode: enforce, mx: [mx.example.com], max_age: 9} # h\n",
    ),
    (
        "mta_sts",
        ENFORCE,
        "mta_sts:\n  # soon\n  mode: 'testing'  # since June\n  id: x1\n  max_age: 9\ndomain: a.example\n",
        "mta_sts:\n  # soon\n  mode: enforce  # since June\n  max_age: 9\ndomain: a.example\n",
    ),
    (
        "mta_sts",
        ENFORCE,
        "domain: a.example\nmta_sts: {id: x1, mode: testing}",
        "domain: a.example\nmta_sts: {mode: enforce}",
    ),
    (
        "mta_sts",
        ENFORCE,
        "domain: a.example\nmta_sts: {mx: [mx.a.example]}\n",
        "domain: a.example\nmta_sts: {mx: [mx.a.example], mode: enforce}\n",
    ),
    (
        "mta_sts",
        ENFORCE,
        "domain: a.example\n",
        "domain: a.example\nmta_sts: {mode: enforce}\n",
    ),
    (
        "dmarc",
        {"p": "quarantine"},
        "\ufeffdomain: a.example\r\ndmarc:\r\n  p: none\r\n",
        "\ufeffdomain: a.example\r\ndmarc:\r\n  p: quarantine\r\n",
    ),
    (
        "dmarc",
        {"p": "reject", "t": None, "np": "reject"},
        "domain: a.example\ndmarc: {p: quarantine, t: y}\n",
        "domain: a.example\ndmarc: {p: reject, np: reject}\n",
    ),
]


@pytest.mark.parametrize(("section", "tags", "before", "after"), EDITED)
def test_the_edit_is_spliced_in(section: str, tags: Tags, before: str, after: str) -> None:
    assert with_tags("p.yaml", before, section, tags) == after


REFUSED = ["domain: a.example\nmta_sts: absent\n", "{domain: a.example, mta_sts: [testing]}\n"]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    told = (
        "p.yaml: cannot be edited without rewriting it; write the change by hand: "
        "below mta_sts, `mode: enforce`, no `id`"
    )
    with pytest.raises(MailAuthError, match=re.escape(told)):
        with_tags("p.yaml", text, "mta_sts", ENFORCE)
