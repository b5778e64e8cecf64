"""Damage by web forms is recognised: in a value, in a name, and in `diff`."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailauth_dns.diff import web_form_damage
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder

SPF = "v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all"
DMARC = "v=DMARC1; p=none; rua=mailto:d@example.com"
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
QUOTES, BACKSLASH = "the quotes are part of it", "a backslash before a semicolon is part of it"
SPACES = "spaces were put in or lost, as where a form splits it: enter it as one line"
SPOILED: list[tuple[Family, str, str, str | None]] = [
    (Family.SPF, SPF, f'"{SPF}"', f"{QUOTES}: enter it without"),
    (Family.SPF, SPF, f'"{SPF[:20]}" "{SPF[20:]}"', f"{QUOTES}: enter it without"),
    (Family.SPF, SPF, f"{SPF[:40]} {SPF[40:]}", SPACES),
    (Family.SPF, SPF, SPF.replace(" -all", "-all"), SPACES),
    (Family.SPF, SPF, "v=spf1 -all", None),
    (Family.SPF, SPF, SPF, None),
    (Family.SPF, SPF, "token", None),
    (Family.DMARC, DMARC, f'"{DMARC}"', f"{QUOTES}: enter it without"),
    (Family.DMARC, DMARC, DMARC.replace(";", "\\;"), f"{BACKSLASH}: enter it without"),
    (
        Family.DMARC,
        DMARC,
        f'"{DMARC}"'.replace(";", "\\;"),
        f"{QUOTES} and {BACKSLASH}: enter it without",
    ),
    (Family.DKIM, KEY, f'"{KEY[:30]}" "{KEY[30:]}"', f"{QUOTES}: enter it without"),
    # Verifiers ignore white space in the key (RFC 6376 §3.6.1).
    (Family.DKIM, KEY, f"{KEY[:30]} {KEY[30:]}", None),
]


@pytest.mark.parametrize(("kind", "wanted", "there", "said"), SPOILED)
def test_a_value_that_a_form_changed(
    kind: Family, wanted: str, there: str, said: str | None
) -> None:
    assert web_form_damage.spoiled(kind, [wanted], [there]) == said


ZONE = """$TTL 60
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 60
@ IN NS ns1.example.net.
"""
POLICY = f"""domain: example.com
spf: {{terms: ["ip4:192.0.2.0/24", "include:_spf.example.net"], all: fail}}
dmarc: {{p: none, rua: ["mailto:d@example.com"]}}
dkim: {{selectors: {{s1: {{k: ed25519, p: "{KEY.rpartition("p=")[2]}"}}}}}}
"""
# what stands in the zone for one of the three records, and what diff says of that one
ENTERED = [
    (f'_dmarc IN TXT "\\"{DMARC}\\""\n', f"{QUOTES}: enter it without"),
    (f'dmarc IN TXT "{DMARC}"\n', "it stands at dmarc.example.com: the underscore is missing"),
    (
        f'_dmarc.example.com.example.com. IN TXT "{DMARC}"\n',
        "it stands at _dmarc.example.com.example.com: a form added the zone once more",
    ),
    (f's1 IN TXT "{KEY}"\n', "it stands at s1.example.com: _domainkey is missing"),
    (
        f's1.domainkey IN TXT "{KEY}"\n',
        "it stands at s1.domainkey.example.com: the underscore is missing",
    ),
    (
        f'example.com IN TXT "{SPF}"\n',
        "it stands at example.com.example.com: a form added the zone once more",
    ),
    (f'@ IN TXT "\\"{SPF}\\""\n', f"{QUOTES}: enter it without"),
]


@pytest.mark.parametrize(("entered", "said"), ENTERED)
def test_diff_says_what_a_form_did(repo: RepoFolder, entered: str, said: str) -> None:
    repo.local("example.com", ZONE + entered)
    with LoopbackServer(Path(repo.root / "served"), "127.0.0.1", 0) as server:
        repo.policy(f'{POLICY}nameservers: ["127.0.0.1:{server.port}"]\n')
        shown = repo.run("diff")
        assert shown.code == 2
        assert shown.out.count(said) == 1
        assert said not in repo.run("verify").out


def test_a_name_too_long_for_a_form_to_add_the_zone_again() -> None:
    long = DomainName(f"_dmarc.{'a' * 60}.{'b' * 60}.{'c' * 60}.example")
    assert [
        what for _, what in web_form_damage.misnamed(long, DomainName(long.removeprefix("_dmarc.")))
    ] == ["the underscore is missing"]
