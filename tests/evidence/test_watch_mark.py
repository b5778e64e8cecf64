"""What `reports watch` remembers says each thing once."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.watch import mark as watch_mark

ONCE = '"until": "2026-11-26", "told": []'
TOLD = '{"kind": "new-source", "subject": "x.example", "day": "2026-11-%s"}'
TWICE: dict[str, tuple[str, str]] = {
    "a day": (f'"example.com": {{"until": "2026-11-27", {ONCE}}}', "until"),
    "a domain": (f'"example.com": {{{ONCE}}}, "example.com": {{{ONCE}}}', "example.com"),
    "a domain, spelt otherwise": (
        f'"example.com": {{{ONCE}}}, "Example.com.": {{{ONCE}}}',
        "example.com",
    ),
    "what was told": (
        f'"example.com": {{"until": "2026-11-26", "told": [{TOLD % 25}, {TOLD % 26}]}}',
        "x.example",
    ),
}


@pytest.mark.parametrize("name", TWICE)
def test_nothing_stands_twice(name: str) -> None:
    domains, key = TWICE[name]
    with pytest.raises(MailAuthError) as caught:
        watch_mark.parse(f'{{"format": 1, "domains": {{{domains}}}}}', "_watch.json")
    assert str(caught.value).startswith(
        f'_watch.json: "{key}" stands twice, as after a merge; take it from git as it was, or '
    )
