"""What is proposed and told of zones as people have them."""

from __future__ import annotations

import pytest

from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.published import published, target
from mailauth_dns.senders.recognition import Recognition, Trace
from mailauth_dns.senders.suggestion import Kind, Situation, Suggestion, suggestion
from tests.senders.test_discovery import BOUNCE, KEY, SES
from tests.senders.zone_texts import NOBODY, thirty, zone

DOMAIN = DomainName("example.com")
RECOGNITION = Recognition()


def suggested(text: str, **more: object) -> Suggestion:
    there = published(zone(DOMAIN, text), DOMAIN)
    return suggestion(Situation(there, RECOGNITION, **more))  # type: ignore[arg-type]


def test_nine_names_of_ten_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty zones in odd spellings; what nobody in the catalogue has is said to be unknown."""
    names = named = 0
    for domain, whole, chosen in thirty():
        there = published(whole, domain)
        assert len(there.terms) == len(chosen)
        made = suggestion(Situation(there, RECOGNITION))
        unknown = {target(each.name) for each in made.remarks if each.kind is Kind.UNKNOWN}
        for term in there.terms:
            name = target(term)
            assert name is not None
            told = any(
                RECOGNITION.senders(trace, name) for trace in (Trace.INCLUDE, Trace.WRONG_INCLUDE)
            )
            assert told is not (name in unknown), term
            if not any(name.endswith(each) for each in NOBODY):
                names, named = names + 1, named + told
            else:
                assert name in unknown
    with capsys.disabled():
        print(f"\nsenders: {named} of {names} includes named ({named / names:.0%})")
    assert names > 200
    assert named / names >= 0.9


SPF = '@ TXT "v=spf1 {} ~all"\n'
PROPOSED = [
    ("include:_spf.google.com", ["google"], ["include:_spf.google.com"]),
    ("+Include:_SPF.google.com. mx", ["google"], ["+Include:_SPF.google.com."]),
    ("-include:_spf.google.com mx", [], []),  # not what the sender says
    ("include:servers.mcsv.net", ["mailchimp"], ["include:servers.mcsv.net"]),
    ("include:mail.zendesk.com mx:mx.example.com", ["zendesk"], ["include:mail.zendesk.com"]),
    # An order that decides: only what stands last is the sender's to say.
    ("include:_spf.google.com ?a ip4:192.0.2.1", ["google"], []),
    ("?a include:_spf.google.com", ["google"], ["include:_spf.google.com"]),
    ("redirect=_spf.google.com", [], []),
    ("include:_spf.nobody.example", [], []),
]


@pytest.mark.parametrize(("terms", "senders", "gone"), PROPOSED)
def test_what_is_proposed(terms: str, senders: list[str], gone: list[str]) -> None:
    made = suggested(SPF.format(terms))
    assert [said.key for said in made.senders] == senders
    assert made.terms == frozenset(gone)


TOLD = [
    (SPF.format("include:amazonses.com"), Kind.USELESS, "include:amazonses.com"),
    (SPF.format("include:_spf.salesforce.com"), Kind.STAYS, "include:_spf.salesforce.com"),
    (SPF.format("include:_spf.resend.com"), Kind.WRONG, "include:_spf.resend.com"),
    (SPF.format("include:mail.zendesk.com"), Kind.MISSING, "zendesk1._domainkey.example.com"),
    (SPF.format("include:_spf.nobody.example"), Kind.UNKNOWN, "include:_spf.nobody.example"),
    (SPF.format("exists:%{i}._spf.google.com"), Kind.STAYS, "exists:%{i}._spf.google.com"),
    (SPF.format("include:_spf.google.com a"), Kind.ORDER, "spf.terms"),
    (SES, Kind.OPEN, "ses.region"),
    ("x._domainkey CNAME x.nobody.example.\n", Kind.UNKNOWN, "x._domainkey"),
    (f'x._domainkey TXT "p={KEY}"\n', Kind.UNKNOWN, "x._domainkey"),
    ("r._domainkey CNAME resend._domainkey.resend.com.\n", Kind.WRONG, "r._domainkey"),
]


@pytest.mark.parametrize(("text", "kind", "name"), TOLD)
def test_what_is_told(text: str, kind: Kind, name: str) -> None:
    assert (kind, name) in {(each.kind, each.name) for each in suggested(text).remarks}


def test_ones_own_names_are_not_told() -> None:
    made = suggested(SPF.format("include:_spf.example.com a:mx.example.com mx"))
    assert made == Suggestion()


def test_a_dead_include_goes() -> None:
    made = suggested(SPF.format("include:gone.example mx"), dead=frozenset({"gone.example"}))
    assert made.terms == {"include:gone.example"}
    assert [each.kind for each in made.remarks] == [Kind.DEAD]


def test_an_include_stays_where_the_domain_is_the_return_path() -> None:
    """The policy of a return path's name needs the include that is useless above it."""
    text = SPF.format("include:amazonses.com") + "@ MX 10 feedback-smtp.eu-west-1.amazonses.com.\n"
    assert not suggested(text).terms


def test_a_wrong_name_goes_where_the_sender_is_whole() -> None:
    text = (
        SPF.format("include:_spf.resend.com mx")
        + "send MX 10 feedback-smtp.us-east-1.amazonses.com.\n"
        + f'resend._domainkey TXT "p={KEY}"\n'
    )
    assert suggested(text).terms == {"include:_spf.resend.com"}


def test_an_account_is_never_guessed() -> None:
    made = suggested(SES)
    assert not made.senders
    assert made.comments[0].startswith("ses: {tokens: [")
    assert "region: , mail_from: }" in made.comments[0]
    assert any(line.startswith("  region: In the Amazon SES console") for line in made.comments)


OWN = "@ MX 10 mx.example.com.\nmx A 192.0.2.10\nmx AAAA 2001:db8::10\n"


def test_own_hosts_are_named_where_their_addresses_show_it() -> None:
    made = suggested(SPF.format("ip4:192.0.2.10 ip6:2001:DB8::10 ip4:192.0.2.0/24 mx") + OWN)
    [server] = made.senders
    assert server.answers == {"ip": ("192.0.2.10", "2001:db8::10")}
    assert made.terms == {"ip4:192.0.2.10", "ip6:2001:DB8::10"}


@pytest.mark.parametrize("terms", ["ip4:192.0.2.11", "ip4:192.0.2.0/24", "mx", "a:mx.example.com"])
def test_other_hosts_stay(terms: str) -> None:
    assert not suggested(SPF.format(terms) + OWN).senders


def test_a_strict_policy_keeps_senders_out_that_cannot_hold_it() -> None:
    made = suggested(SES + BOUNCE, strict=True)
    assert not made.senders
    assert [each.kind for each in made.remarks] == [Kind.STAYS]


def test_where_nothing_may_change_terms_keep_their_places() -> None:
    text = SPF.format("include:_spf.google.com include:servers.mcsv.net a")
    made = suggested(text, exact=True)
    assert [said.key for said in made.senders] == ["google"]
    assert not made.terms
