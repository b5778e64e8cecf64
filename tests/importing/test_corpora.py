"""Records that other projects test themselves with: each is said by a policy of the same meaning, or told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailauth_dns.compile import compile_repo
from mailauth_dns.diff.semantics import disputed, parsed, same
from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.importing.draft import Surroundings, drafts
from mailauth_dns.policy.load import Repo
from mailauth_dns.policy.lock import Lock
from mailauth_dns.policy.scalars import UNSAFE
from mailauth_dns.records import mta_sts, spf
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

FOLDER = Path(__file__).parents[3] / "shared/corpora"
DOMAIN = DomainName("example.com")
SERVED = mta_sts.Policy(mta_sts.Mode.TESTING, (DomainName("mx.example.com"),), 86400)
FILES = {
    "spf/syntax.json": (Family.SPF, "example.com", "record"),
    "dkim/key_records.json": (Family.DKIM, "s1._domainkey.example.com", "record"),
    "dmarc/record_parse.json": (Family.DMARC, "_dmarc.example.com", "record"),
    "mta_sts/records.json": (Family.MTA_STS, "_mta-sts.example.com", "text"),
    "tlsrpt/records.json": (Family.TLS_RPT, "_smtp._tls.example.com", "text"),
}


def texts(name: str) -> list[str]:
    """Return the records of a file as octets, those left out that are a policy's body."""
    cases = json.loads((FOLDER / name).read_text())["cases"]
    key = FILES[name][2]
    found = [case[key] for case in cases if case.get("kind", "txt") == "txt" and isinstance(case.get(key), str)]
    return [text.encode().decode("latin-1") for text in found]


def may_be_refused(text: str, owned: Family) -> bool:
    """Tell whether a record is broken, or holds what no policy publishes: an octet that providers garble, a name without a label."""
    record = parsed(owned, "TXT", text)
    if isinstance(record, spf.Record):
        for word in text.split(" ")[1:]:
            try:
                spf.parse_term(word)
            except RecordSyntaxError:
                if word:
                    return True
    return record is None or disputed(owned, text) or UNSAFE.search(text) is not None


@pytest.mark.parametrize("name", FILES)
def test_a_public_record_is_said_or_told(name: str) -> None:
    if not (FOLDER / name).exists():
        pytest.skip(f"{name} lives beside the checkout, in ../shared/corpora")
    owned, owner, _ = FILES[name]
    for text in texts(name):
        zone = Zone(DOMAIN, frozenset({RRset(DomainName(owner), "TXT", 300, frozenset({text}))}))
        [made] = drafts([(zone, (DOMAIN,))], Surroundings(), {DOMAIN: SERVED})
        published = [entry for part in compile_repo(Repo(Path(), (made.policy,), {}, Lock())) for entry in part.declared if entry.values]
        if published:
            [entry] = published
            assert entry.key == (owner, "TXT")
            assert same(owned, "TXT", frozenset({text}), entry.values), text
        else:
            assert may_be_refused(text, owned), text
            assert family(DomainName(owner), "TXT", text) is not owned or [left.value for left in made.left] == [text]
