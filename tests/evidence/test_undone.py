"""Mail that aligned when it was reported, and what today's policies have of what made it align."""

from __future__ import annotations

from datetime import date

import pytest

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.gate.gate import Part
from mailauth_dns.evidence.gate.ramp import next_step
from mailauth_dns.evidence.gate.verdict import gate_of, verdict
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import declared_of
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.sections.dmarc import DmarcSection
from mailauth_dns.records.dmarc import Policy
from tests.conftest import RepoFolder
from tests.evidence.reported import DOMAIN, evidence, report, row
from tests.evidence.senders_of_mail import KEY

NEWS = "news.example.com"
ELSEWHERE = "203.0.113.20"
HOST = 'spf: {terms: ["ip4:192.0.2.10"], all: fail}\n'
KEYS = f"dkim: {{selectors: {{k1: {{p: {KEY}, k: ed25519}}, k0: {{state: revoked}}}}}}\n"
BY_SPF = row(ELSEWHERE, by="spf", path=[f"{NEWS} pass"], author=NEWS)
BY_HELO = row(ELSEWHERE, by="spf", path=[f"{NEWS} pass", "mx.example.com pass helo"], author=NEWS)


def by_key(selector: str, *, also: str = "") -> Row:
    signed = [f"{selector}._domainkey.{NEWS} pass"]
    path = [f"{NEWS} pass"] if also else ["vendor.example pass"]
    return row(ELSEWHERE, by=f"dkim {also}".strip(), signed=signed, path=path, author=NEWS)


# The policy of news.example.com, a row of its mail, and whether that would fail today.
CASES: list[tuple[str, str | None, Row, bool]] = [
    ("a host that its SPF no longer lists", HOST, BY_SPF, True),
    ("and which gives itself a name of ours", HOST, BY_HELO, True),
    ("a host that its SPF lists", HOST.replace("192.0.2.10", ELSEWHERE), BY_SPF, False),
    (
        "a network that only DNS knows",
        'spf: {terms: ["include:a.example"], all: fail}\n',
        BY_SPF,
        False,
    ),
    ("whoever", "spf: {all: pass}\n", BY_SPF, False),
    ("nobody any more", "spf: {all: fail}\n", BY_SPF, True),
    ("no SPF record any more", "spf: absent\n", BY_SPF, True),
    ("parked since", "parked: true\n", BY_SPF, True),
    ("SPF is left alone", KEYS, BY_SPF, False),
    ("no policy of its own", None, BY_SPF, False),
    ("a key that it has", HOST + KEYS, by_key("k1"), False),
    ("a key that it has, by SPF before", HOST + KEYS, by_key("k1", also="spf"), False),
    ("a key that was revoked", HOST + KEYS, by_key("k0"), True),
    ("a key that it does not have", HOST + KEYS, by_key("k9"), True),
    ("both gone", HOST + KEYS, by_key("k9", also="spf"), True),
    ("keys are left alone", HOST, by_key("k9"), False),
    ("DKIM by a key that is not said", HOST + KEYS, row(ELSEWHERE, by="dkim", author=NEWS), False),
]


@pytest.mark.parametrize(("title", "below", "mail", "undone"), CASES, ids=[c[0] for c in CASES])
def test_what_policies_no_longer_have_is_nothing_to_count_on(
    repo: RepoFolder, title: str, below: str | None, mail: Row, undone: bool
) -> None:
    top = f"domain: {DOMAIN}\n{HOST}dmarc: {{p: reject, np: reject, sp: none}}\n"
    repo.policy(top, "example.com")
    if below is not None:
        repo.policy(f"domain: {NEWS}\nzone: example.com\n{below}", NEWS)
    loaded = load_repo(repo.root)
    [policy] = loaded.of([DOMAIN])
    assert isinstance(policy.body.dmarc, DmarcSection)
    step = next_step(policy.body.dmarc.record)
    assert step is not None
    there = evidence(*(report(mail, day=day, p=Policy.REJECT) for day in range(20)))
    rows = attributed(there, declared_of(loaded, policy))
    assert {each.undone for each in rows} == {undone}, (title, rows[0].by)
    today, since = date(2026, 3, 8), date(2026, 1, 1)
    found = verdict(there, rows, gate_of(policy), step, today, since=since, parked=False)
    assert [each.messages for each in found.lost] == ([20] if undone else [])
    blocks = {each.part for each in found.blocks}
    assert bool(blocks & {Part.UNKNOWN, Part.EACH}) is undone
