"""Names that a web form can have made of a name."""

from __future__ import annotations

from mailauth_dns.diff import web_form_damage
from mailauth_dns.records.name import DomainName


def test_a_name_too_long_for_a_form_to_add_the_zone_again() -> None:
    long = DomainName(f"_dmarc.{'a' * 60}.{'b' * 60}.{'c' * 60}.example")
    assert [
        what for _, what in web_form_damage.misnamed(long, DomainName(long.removeprefix("_dmarc.")))
    ] == ["the underscore is missing"]
