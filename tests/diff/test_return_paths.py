"""Return paths of senders: whose a value is there, what blocks them, and what changes mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mailauth_dns.compile.publication import Declared, OfSender
from mailauth_dns.diff.change import Difference, Risk
from mailauth_dns.diff.joint_changes import together
from mailauth_dns.plan.done import is_done
from mailauth_dns.plan.entries import change_entry
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import SenderValues
from mailauth_dns.records.zone import Zone
from tests.diff.declared_zone import NOW, ORIGIN, S1, compared, zone

PATH = "bounce.example.com"
CLOUD = OfSender("Cloud", SenderValues((DomainName("cloud.example"),)), "yes")
SPF = "v=spf1 include:_spf.cloud.example ~all"
GONE = {"retired": date(2026, 4, 1)}
KEY = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2="


def declare(
    type: str, *values: str, sender: OfSender = CLOUD, family: Family = Family.RETURN_PATH
) -> Declared:
    return Declared(
        ORIGIN, (DomainName(PATH), type), family, None, frozenset(values), sender=sender
    )


def spf(*values: str) -> Declared:
    """Return the SPF record at the return path; without a value the sender is gone."""
    sender = replace(CLOUD, values=SenderValues(texts=(SPF,)))
    if not values:
        sender = replace(sender, retired=GONE["retired"])
    entry = declare("TXT", *values, sender=sender, family=Family.SPF)
    return replace(entry, is_return_path=True)


ALIAS = declare("CNAME", "u1.cloud.example.")
MX = declare("MX", "10 in.eu-1.cloud.example.")
ALIAS_GONE, MX_GONE = (
    declare(type, sender=replace(CLOUD, retired=GONE["retired"])) for type in ("CNAME", "MX")
)


def at(type: str, *values: str) -> Zone:
    return zone((PATH, type, 300, set(values))) if values else zone()


# what is there, what is declared, our values before, and after; None: there is nothing to do
OWNED = [
    (at("CNAME"), ALIAS, set(), {"u1.cloud.example."}),
    (at("CNAME", "U1.Cloud.Example."), ALIAS, None, None),
    (at("CNAME", "old.cloud.example."), ALIAS, {"old.cloud.example."}, {"u1.cloud.example."}),
    (at("CNAME", "u1.cloud.example."), ALIAS_GONE, {"u1.cloud.example."}, set()),
    (at("CNAME", "cloud.example."), ALIAS_GONE, {"cloud.example."}, set()),
    (at("CNAME", "u1.other.example."), ALIAS_GONE, None, None),
    (at("CNAME", "cloud.example.other.example."), ALIAS_GONE, None, None),
    (at("CNAME", "notcloud.example."), ALIAS_GONE, None, None),
    (at("MX"), MX, set(), {"10 in.eu-1.cloud.example."}),
    (at("MX", "10 IN.EU-1.cloud.example."), MX, None, None),
    (at("MX", "20 b.cloud.example."), MX, {"20 b.cloud.example."}, {"10 in.eu-1.cloud.example."}),
    (
        at("MX", "10 in.eu-1.cloud.example.", "5 mx.example.com."),
        MX_GONE,
        {"10 in.eu-1.cloud.example."},
        set(),
    ),
    (at("MX", "5 mx.example.com.", "0 ."), MX_GONE, None, None),
    (at("TXT", "MS=ms1"), spf(SPF), set(), {SPF}),
    (
        at("TXT", "v=spf1 include:_spf.CLOUD.example -all", "MS=ms1"),
        spf(SPF),
        {"v=spf1 include:_spf.CLOUD.example -all"},
        {SPF},
    ),
    (at("TXT", SPF, "MS=ms1"), spf(), {SPF}, set()),
    (
        at("TXT", "v=spf1 include:_SPF.cloud.example -all"),
        spf(),
        {"v=spf1 include:_SPF.cloud.example -all"},
        set(),
    ),
    (at("TXT", "v=spf1 include:_spf.cloud.example ip4:192.0.2.1 -all"), spf(), None, None),
    (at("TXT", "v=spf1 -all"), spf(), None, None),
    (at("TXT", "v=spf1 include: broken"), spf(), None, None),
]


@pytest.mark.parametrize(("there", "declared", "before", "after"), OWNED)
def test_only_what_leads_to_the_sender_is_ours(
    there: Zone, declared: Declared, before: set[str] | None, after: set[str] | None
) -> None:
    found = compared(there, declared)
    assert [(set(each.before), set(each.after)) for each in found.changes] == (
        [] if before is None else [(before, after)]
    )
    assert not found.blocked
    foreign = {value for rrset in there.rrsets for value in rrset.values} - (before or set())
    kept = {value for each in found.kept for value in each.values}
    assert kept == (foreign if declared.values == set() or before is not None else set())
    for change in found.changes:
        entry = change_entry(change)
        assert not is_done(entry, there)
        done = zone((PATH, declared.key[1], 300, set(change.values_after)))
        assert is_done(entry, done if change.values_after else zone())


# what is there, what is declared, and what the reason says
BLOCKED = [
    (at("CNAME", "x.other.example."), ALIAS, "does not lead to Cloud"),
    (at("CNAME", "x.other.example."), ALIAS, "take it away, or give Cloud another return path"),
    (at("MX", "10 mx.example.com."), MX, "has an MX that is not Cloud's (10 mx.example.com.)"),
    (
        at("MX", "10 in.eu-1.cloud.example.", "10 mx.example.com."),  # and nothing changes
        MX,
        "bounces would go there too",
    ),
    (at("CNAME", "x.other.example."), MX, "or give Cloud another return path in the policy"),
    (at("TXT", "v=spf1 mx -all", "MS=ms1"), spf(SPF), "not Cloud's alone (v=spf1 mx -all)"),
    (at("TXT", "v=spf1 -all"), spf(SPF), "what it says would be lost"),
    (at("TXT", "v=spf1 include: broken"), spf(SPF), "give Cloud another return path in the policy"),
    (
        at("TXT", "v=spf1 include:_spf.cloud.example ip4:192.0.2.7 -all"),
        spf(SPF),
        "not Cloud's alone",
    ),
    (at("TXT", SPF, "v=spf1 ip4:192.0.2.7 -all"), spf(SPF), "two of them are an error"),
    (at("CNAME", "x.other.example."), spf(SPF), "is an alias (CNAME to x.other.example.)"),
    (at("A", "192.0.2.1"), ALIAS, "holds other data (A)"),
    (at("AAAA", "2001:db8::1"), ALIAS, "holds other data (AAAA)"),
    (at("TXT", "MS=ms1"), ALIAS, "holds other data (TXT)"),
    (at("NS", "ns1.other.example."), ALIAS, "is delegated to other servers (NS)"),
    (at("NS", "ns1.other.example."), MX, "is delegated to other servers (NS)"),
]


@pytest.mark.parametrize(("there", "declared", "reason"), BLOCKED)
def test_what_belongs_to_others_blocks_it(there: Zone, declared: Declared, reason: str) -> None:
    found = compared(there, declared)
    assert not found.changes
    [blocked] = found.blocked
    assert reason in blocked.reason
    assert not blocked.waits


def test_an_alias_that_stays_blocks_what_replaces_the_one_that_goes() -> None:
    """A sender that is gone had an alias here; another alias came, and a new sender wants an MX."""
    gone = replace(ALIAS_GONE, sender=OfSender("Bulk", SenderValues((DomainName("bulk.example"),))))
    ours = compared(at("CNAME", "u1.bulk.example."), gone, MX)
    assert {(each.key[1], bool(each.after)) for each in ours.changes} == {
        ("CNAME", False),
        ("MX", True),
    }
    others = compared(at("CNAME", "x.other.example."), gone, MX)
    assert not others.changes
    assert "is an alias (CNAME to x.other.example.)" in others.blocked[0].reason


MEANING = [
    (
        at("CNAME"),
        ALIAS,
        "return path of Cloud: bounces and SPF are left to u1.cloud.example; SPF aligns (relaxed)",
        Risk.SAFE,
    ),
    (
        at("MX"),
        MX,
        "return path of Cloud: bounces go to in.eu-1.cloud.example; SPF aligns (relaxed)",
        Risk.SAFE,
    ),
    (
        at("MX"),
        replace(MX, sender=replace(CLOUD, relaxed="unknown")),
        "return path of Cloud: bounces go to in.eu-1.cloud.example; whether SPF aligns is unknown",
        Risk.SAFE,
    ),
    (
        at("CNAME", "old.cloud.example."),
        ALIAS,
        "return path of Cloud: bounces and SPF are left to u1.cloud.example, no longer to "
        "old.cloud.example; its mail aligns only if its console says the same",
        Risk.CAUTION,
    ),
    (
        at("MX", "20 in.eu-1.cloud.example."),
        MX,
        "return path of Cloud: only the preferences change",
        Risk.SAFE,
    ),
    (
        at("MX", "10 in.eu-1.cloud.example."),
        MX_GONE,
        "Cloud retired 2026-04-01: its return path bounce.example.com goes; bounces to it are "
        "lost, and mail that it still sends no longer aligns by SPF",
        Risk.CAUTION,
    ),
    (
        at("MX", "10 in.eu-1.cloud.example."),
        replace(MX_GONE, needed_until=NOW),
        "Cloud retired 2026-04-01: its return path bounce.example.com goes; bounces to it are "
        "lost, and mail that it still sends no longer aligns by SPF",
        Risk.CAUTION,
    ),
    (
        at("MX", "10 in.eu-1.cloud.example."),
        replace(MX_GONE, needed_until=NOW + timedelta(days=2)),
        "Cloud retired 2026-04-01: its return path bounce.example.com goes; bounces to it are "
        "lost, and mail that it still sends no longer aligns by SPF; until 2026-06-03 its mail "
        "may still be on its way",
        Risk.BREAKING,
    ),
    (
        at("MX", "10 in.eu-1.cloud.example."),
        declare("MX", sender=replace(CLOUD, retired=GONE["retired"], still="cloud2")),
        "Cloud retired 2026-04-01: its return path bounce.example.com goes; bounces to it are "
        "lost; the policy still has it as cloud2: what that sends through bounce.example.com no "
        "longer aligns by SPF",
        Risk.CAUTION,
    ),
    (
        zone(),
        spf(SPF),
        "return path of Cloud: SPF is new: may send: include:_spf.cloud.example; every other "
        "host: softfail; SPF aligns (relaxed)",
        Risk.SAFE,
    ),
    (
        at("A", "192.0.2.7"),
        MX,
        "return path of Cloud: bounces go to in.eu-1.cloud.example; SPF aligns (relaxed); mail to "
        "bounce.example.com no longer goes to the host of that name",
        Risk.CAUTION,
    ),
    (
        at("TXT", SPF),
        spf(),
        "Cloud retired 2026-04-01: its return path bounce.example.com goes; bounces to it are "
        "lost, and mail that it still sends no longer aligns by SPF",
        Risk.CAUTION,
    ),
    (
        at("TXT", SPF),
        replace(spf(), needed_until=NOW + timedelta(seconds=1)),
        "Cloud retired 2026-04-01: its return path bounce.example.com goes; bounces to it are "
        "lost, and mail that it still sends no longer aligns by SPF; until 2026-06-01 its mail "
        "may still be on its way",
        Risk.BREAKING,
    ),
]


@pytest.mark.parametrize(("there", "declared", "said", "risk"), MEANING)
def test_changes_are_told_in_the_language_of_mail(
    there: Zone, declared: Declared, said: str, risk: Risk
) -> None:
    [change] = compared(there, declared).changes
    assert (change.judgement.meaning, change.judgement.risk) == (said, risk)
    assert change.judgement.rules == (("DKIM030",) if risk is Risk.BREAKING else ())


def _key(type: str, values: SenderValues) -> Declared:
    sender = OfSender("Cloud", values, retired=GONE["retired"])
    gone_from = datetime(2026, 5, 1, tzinfo=UTC)
    key = (DomainName(S1), type)
    return Declared(ORIGIN, key, Family.DKIM, None, frozenset(), gone_from, sender=sender)


ALIAS_KEY = _key("CNAME", SenderValues((DomainName("dkim.cloud.example"),)))
TEXT_KEY = _key("TXT", SenderValues(texts=(f"v=DKIM1; p={KEY}",)))
KEYS = [
    (ALIAS_KEY, "s1.dkim.cloud.example.", True),
    (ALIAS_KEY, "s1.other.example.", False),
    (ALIAS_KEY, "s1.cloud.example.", False),
    (TEXT_KEY, f"v=DKIM1; k=rsa; p={KEY}", True),
    (TEXT_KEY, f"k=rsa; p={KEY}", True),
    (TEXT_KEY, "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ", False),
    (TEXT_KEY, "v=DKIM1; p=", False),
    (TEXT_KEY, "not a key", False),
]


@pytest.mark.parametrize(("declared", "there", "goes"), KEYS)
def test_of_a_sender_that_is_gone_only_its_own_key_goes(
    declared: Declared, there: str, goes: bool
) -> None:
    found = compared(zone((S1, declared.key[1], 300, {there})), declared)
    assert [set(change.before) for change in found.changes] == ([{there}] if goes else [])
    assert [set(each.values) for each in found.kept] == ([] if goes else [{there}])
    for change in found.changes:
        assert change.judgement.meaning.startswith("Cloud retired 2026-04-01: ")
        assert change.judgement.risk is Risk.CAUTION  # and no permission is needed


def _difference(*declared: Declared) -> Difference:
    """Return the difference from a zone where bounce.example.com receives mail."""
    return compared(
        zone(
            ("example.com", "MX", 60, {"10 mx.example.com."}),
            ("_dmarc.example.com", "TXT", 60, {"v=DMARC1; p=none"}),
            (PATH, "MX", 60, {"10 in.eu-1.cloud.example."}),
            (PATH, "TXT", 60, {SPF}),
        ),
        *declared,
    )


def test_a_return_path_is_no_author_domain() -> None:
    """Nobody writes mail from it, so a policy for sub-domains hurts nobody there."""
    dmarc = Declared(
        ORIGIN,
        (DomainName("_dmarc.example.com"), "TXT"),
        Family.DMARC,
        None,
        frozenset({"v=DMARC1; p=none; sp=reject"}),
    )
    [alone] = _difference(dmarc).changes
    assert alone.judgement.risk is Risk.BREAKING
    assert PATH in alone.judgement.meaning
    [change] = _difference(dmarc, MX, spf(SPF)).changes
    assert PATH not in change.judgement.meaning


def test_half_of_a_return_path_is_not_made_and_dmarc_waits() -> None:
    """The exchangers are blocked, so their SPF record is of no use, and mail may not align."""
    dmarc = Declared(
        ORIGIN,
        (DomainName("_dmarc.example.com"), "TXT"),
        Family.DMARC,
        None,
        frozenset({"v=DMARC1; p=quarantine"}),
    )
    found = compared(at("MX", "10 mx.other.example."), MX, spf(SPF), dmarc)
    changes, blocked = together(found.changes, found.blocked)
    assert changes == []
    said = {(entry.key[0], entry.key[1]): entry.reason for entry in blocked}
    assert said[DomainName(PATH), "TXT"] == f"goes with the MX at {PATH}, which is blocked"
    assert said[dmarc.key] == f"waits for the MX at {PATH}, which is blocked"
