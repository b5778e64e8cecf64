"""Answers that are allowed, and that a careless program would take for something else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from mailauth_dns.errors import MailAuthError
from mailauth_dns.quickstart import answers
from mailauth_dns.quickstart.dns_services import DnsKind, stanza
from mailauth_dns.quickstart.write_files import selector_for
from mailauth_dns.records.name import domain_name

DOMAIN = domain_name("example.com")


@pytest.mark.parametrize("name", ["123", "yes", "1e3", "mailauth"])
def test_a_key_name_is_text(name: str) -> None:
    assert yaml.safe_load(stanza(DnsKind.BIND, "192.0.2.53", name, ""))["key_name"] == name


def test_a_mapped_address_is_ipv4() -> None:
    assert answers.check("--ip", "::ffff:192.0.2.1 192.0.2.1 2001:db8::1") == (
        "192.0.2.1 2001:db8::1"
    )


def test_the_names_of_a_day_come_to_an_end(tmp_path: Path) -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    taken: set[str] = set()
    for _ in range(26):
        taken.add(selector_for(tmp_path, DOMAIN, frozenset(taken), tmp_path, now))
    assert {"20261128", "20261128z"} <= taken
    with pytest.raises(MailAuthError, match="run this again tomorrow"):
        selector_for(tmp_path, DOMAIN, frozenset(taken), tmp_path, now)
