"""What each record becomes in a policy, and what has no place in one."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.importing.draft import drafts
from mailauth_dns.importing.surroundings import Draft, Surroundings
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

DOMAIN = DomainName("example.com")


def draft(*sets: tuple[str, str, set[str]]) -> Draft:
    """Return the policy for these sets; names are relative to the domain, which is `@`."""
    names = (f"{label}.{DOMAIN}" if label != "@" else DOMAIN for label, _, _ in sets)
    rrsets = (
        RRset(DomainName(name), type, 300, frozenset(values))
        for name, (_, type, values) in zip(names, sets, strict=True)
    )
    [made] = drafts([(Zone(DOMAIN, frozenset(rrsets)), (DOMAIN,))], Surroundings(), {})
    return made


def said(made: Draft) -> str:
    """Return the policy without its head."""
    return made.text.partition("domain: example.com\n")[2]


SPF = {
    "v=spf1": "spf:\n  terms: []\n",
    "V=SPF1 ": "spf:\n  terms: []\n",
    "v=spf1 -all": "spf:\n  terms: []\n  all: fail\n",
    "v=spf1 +ALL": "spf:\n  terms: []\n  all: pass\n",
    "v=spf1 all": "spf:\n  terms: []\n  all: pass\n",
    "v=spf1  A   ?all ": "spf:\n  terms:\n    - A\n  all: neutral\n",
    "v=spf1 -all a": "spf:\n  terms:\n    - -all\n    - a\n",
    "v=spf1 redirect=_spf.example.net": "spf:\n  terms: []\n  redirect: _spf.example.net\n",
    "v=spf1 Redirect=_spf.example.net mx": "spf:\n  terms:\n    - mx\n  redirect: _spf.example.net\n",
    "v=spf1 redirect=_spf.example.net ~all": "spf:\n  terms:\n    - redirect=_spf.example.net\n  all: softfail\n",
    "v=spf1 exp=e.example.com x=%{i} a exists:%{i}.example.net -all": (
        "spf:\n  terms:\n    - exp=e.example.com\n    - x=%{i}\n    - a\n    - "
        "exists:%{i}.example.net\n  all: fail\n"
    ),
    "v=spf1 ip6:2001:db8:: ip4:192.0.2.1/32": "spf:\n  terms:\n    - 'ip6:2001:db8::'\n    - ip4:192.0.2.1/32\n",
}


@pytest.mark.parametrize("text", SPF)
def test_spf_terms_stay_as_they_are_written(text: str) -> None:
    made = draft(("@", "TXT", {text, "MS=ms1"}))
    assert (said(made), made.left) == (SPF[text], ())


OTHERS = {
    ("_dmarc", "TXT", "v=DMARC1;P=NONE;Future=1"): "dmarc:\n  p: none\n  other:\n    future: '1'\n",
    (
        "_dmarc",
        "TXT",
        "v = DMARC1 ; fo=1:d; rua=mailto:a@example.com!5m , mailto:b@example.com; pct=50",
    ): (
        "dmarc:\n  fo: 1:d\n  rua:\n    - mailto:a@example.com!5m\n    - "
        "mailto:b@example.com\n  pct: '50'\n"
    ),
    ("_dmarc", "TXT", "v=DMARC1; sp=reject"): "dmarc:\n  sp: reject\n",
    ("s1._domainkey", "TXT", "p=AA AA"): "dkim:\n  selectors:\n    s1:\n      p: AAAA\n",
    ("a.b._domainkey", "TXT", "v=DKIM1; g=*; t=y : s; h=sha256; n=note; p="): (
        "dkim:\n  selectors:\n    a.b:\n      state: revoked\n      h: sha256\n      t: "
        "y:s\n      n: note\n      other:\n        g: '*'\n"
    ),
    (
        "on._domainkey",
        "CNAME",
        "K.Example.NET.",
    ): "dkim:\n  selectors:\n    'on':\n      cname: K.Example.NET\n",
    ("_smtp._tls", "TXT", "v=TLSRPTv1;rua=mailto:a@example.com;x=1"): (
        "tls_rpt:\n  rua:\n    - mailto:a@example.com\n  other:\n    x: '1'\n"
    ),
    ("x._bimi", "TXT", "v=BIMI1;l=;avp=personal"): "bimi:\n  x:\n    l: ''\n    avp: personal\n",
}


@pytest.mark.parametrize("record", OTHERS, ids=" ".join)
def test_a_record_becomes_a_section(record: tuple[str, str, str]) -> None:
    label, type, value = record
    made = draft((label, type, {value}))
    assert (said(made), made.left) == (OTHERS[record], ())


LEFT = [
    ("@", "TXT", {"v=spf1 a", "V=spf1 mx"}, "2 values where there can be one"),
    ("@", "TXT", {"v=spf1 ipv4:192.0.2.1"}, "broken: not a mechanism; did you mean ip4?"),
    ("@", "TXT", {"v=spf1 exists:a..example.com"}, "no policy can say it: "),
    ("@", "TXT", {'"v=spf1 -all"'}, "no receiver reads this value"),
    ("@", "TXT", {"v=spf1;-all"}, "no receiver reads this value"),
    ("@", "TXT", {"v=DMARC1; p=none"}, "no receiver reads this value"),
    ("@", "TXT", {"spf2.0/pra -all"}, "no receiver reads this value"),
    ("@", "MX", {"0 ."}, "a null MX (RFC 7505): only `parked: true` declares one"),
    ("_dmarc", "TXT", {"v=DMARC1; p=none; p=none"}, "broken: p is given twice"),
    (
        "_dmarc",
        "TXT",
        {"v=DMARC1; p=none; x=\\"},
        "no policy can say it: a backslash cannot be published safely",
    ),
    ("_dmarc", "TXT", {"p=none"}, "no receiver reads this value"),
    ("_dmarc", "TXT", {"v=spf1 -all"}, "no receiver reads this value"),
    (
        "_dmarc",
        "CNAME",
        {"dmarc.vendor.example."},
        "an alias: its target decides what is found here",
    ),
    (
        "_domainkey",
        "CNAME",
        {"keys.vendor.example."},
        "an alias: its target decides what is found here",
    ),
    ("s1._domainkey", "TXT", {"v=DKIM1; p=!"}, "broken: p is not base64"),
    ("s1._domainkey", "TXT", {'v=DKIM1; p=; n="a" \\ b'}, "its note (n) is taken over as 'a  b'"),
    ("s1._domainkey", "CNAME", {"."}, "no policy can say it: expected a domain name"),
    (r"a\.b._domainkey", "TXT", {"p="}, "no policy can say it: a label holds letters"),
    (
        "s._domainkey.sub",
        "TXT",
        {"p="},
        "belongs to sub.example.com, which mail treats as a domain of its own",
    ),
    (
        "sub",
        "TXT",
        {"v=spf1 -all"},
        "belongs to sub.example.com, which mail treats as a domain of its own",
    ),
    ("sub", "MX", {"0 ."}, "belongs to sub.example.com, which mail treats as a domain of its own"),
    ("*", "TXT", {"v=spf1 -all"}, "a wildcard, which no policy declares"),
    (
        "_mta-sts",
        "TXT",
        {"v=STSv1; id=1"},
        "the policy that it announces is served over HTTPS, which this import does not "
        "ask; give its "
        "text with --mta-sts",
    ),
    (
        "_mta-sts",
        "TXT",
        {"v=STSv1; id=2026-01-31"},
        "broken: an id holds 1 to 32 letters and digits (at character 13: '2026-01-31')",
    ),
    ("_mta-sts", "TXT", {"v=STSv1;"}, "broken: expected a field behind v=STSv1 (at character 9)"),
    ("_mta-sts", "TXT", {"v=STSv1; id=1", "v=STSv1; id=2"}, "2 values where there can be one"),
    ("_mta-sts", "TXT", {"v=STSv2; id=1"}, "no receiver reads this value"),
    ("a.example._report._dmarc", "TXT", {"v=DMARC1"}, "a consent to reports about a.example"),
]


def test_an_octet_is_spelt_as_in_master_files() -> None:
    [left] = draft(("_dmarc", "TXT", {"v=DMARC1; p=none; x=caf\xe9\x07\x9b"})).left
    assert str(left) == (
        r'_dmarc.example.com TXT "v=DMARC1; p=none; x=caf\233\007\155": '
        r"broken: a value holds printable ASCII only (at character 21: 'caf\233\007\155')"
    )


@pytest.mark.parametrize(("label", "type", "values", "reason"), LEFT)
def test_what_a_policy_does_not_say_is_told(
    label: str, type: str, values: set[str], reason: str
) -> None:
    made = draft((label, type, values))
    assert {left.value for left in made.left} == values
    assert all(left.reason.startswith(reason) or reason in left.reason for left in made.left), (
        made.left
    )


PRIVATE = {
    "v=DKIM1; p=MAcCAQAwAgUA": "this is a private key",
    "v=DKIM1; p=-----BEGIN PRIVATE KEY----- MAcCAQAwAgUA": "this is a private key",
    "v=DKIM1; x=MAcCAQAwAgUA; p=": "this is a private key",  # in another tag
    "v=DKIM1; x-y=1; p=MAcCAQAwAgUA": "this is a private key",  # in what is no record
    "MAcCAQAwAgUA": "this is a private key",
}


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_key_that_somebody_published_is_told_and_not_shown(text: str) -> None:
    made = draft(("s1._domainkey", "TXT", {text}))
    [left] = made.left
    assert PRIVATE[text] in left.reason
    assert "MAcCAQ" not in f"{made.text}{left}"


def test_what_has_nothing_to_do_with_mail_is_passed_over() -> None:
    made = draft(
        ("@", "A", {"192.0.2.1"}),
        ("@", "TXT", {"MS=ms1", "about v=spf1"}),
        ("@", "MX", {"10 mx."}),
        ("www", "CNAME", {"example.com."}),
    )
    assert (said(made), made.left) == ("", ())


def test_a_key_under_a_delegation_is_left_to_its_servers() -> None:
    made = draft(
        ("_domainkey", "NS", {"ns1.vendor.example."}), ("s1._domainkey", "TXT", {"p=AAAA"})
    )
    assert said(made) == ""
    [left] = made.left
    assert left.reason.startswith("_domainkey.example.com is delegated to other servers (NS)")


PARKED = [("@", "TXT", {"v=spf1 -all"}), ("@", "MX", {"0 ."}), ("*._domainkey", "TXT", {"p="})]
REJECT = ("_dmarc", "TXT", {"v=DMARC1; p=reject; ruf=mailto:a@example.com"})


def test_exactly_what_parking_publishes_is_parked() -> None:
    made = draft(*PARKED, REJECT)
    assert (said(made), made.left) == (
        "parked: true\ndmarc:\n  ruf:\n    - mailto:a@example.com\n",
        (),
    )


NEARLY = {  # what is published, and what `parked: true` would change
    "another DMARC policy": (
        [*PARKED, ("_dmarc", "TXT", {"v=DMARC1; p=none"})],
        "add p=reject, sp=reject and np=reject",
    ),
    "weaker for subdomains": (
        [*PARKED, ("_dmarc", "TXT", {"v=DMARC1; p=reject; sp=none"})],
        "add sp=reject and np=reject",
    ),
    "weaker for names that do not exist, no null MX": (
        [PARKED[0], PARKED[2], ("_dmarc", "TXT", {"v=DMARC1; p=reject; np=none"})],
        "add np=reject and the null MX",
    ),
    "testing": (
        [*PARKED, ("_dmarc", "TXT", {"v=DMARC1; p=reject; t=y; fo=1:d; x=1"})],
        "take out x=1, fo=1:d and t=y",
    ),
    "no DMARC record": (PARKED, "add the DMARC record"),
    "a broken DMARC record": (
        [*PARKED, ("_dmarc", "TXT", {"v=DMARC1; p=nothing"})],
        "add the DMARC record",
    ),
    "a revoked key": (
        [*PARKED, REJECT, ("s1._domainkey", "TXT", {"p="})],
        "leave dkim.selectors.s1 undeclared",
    ),
    "reports about TLS": (
        [*PARKED, REJECT, ("_smtp._tls", "TXT", {"v=TLSRPTv1; rua=mailto:a@example.com"})],
        "leave tls_rpt undeclared",
    ),
    "no null MX": ([PARKED[0], PARKED[2], REJECT], "add the null MX"),
    "SPF alone": (
        PARKED[:1],
        "add the empty wildcard key (*._domainkey), the DMARC record and the null MX",
    ),
    "SPF alone, another MX": ([PARKED[0], ("@", "MX", {"10 mx.example.com."})], None),
    "a null MX and another one": (
        [PARKED[0], PARKED[2], REJECT, ("@", "MX", {"0 .", "10 mx.example.com."})],
        None,
    ),
    "a key": ([*PARKED, REJECT, ("s1._domainkey", "TXT", {"p=AAAA"})], None),
    "an alias for every key": (
        [PARKED[0], PARKED[1], REJECT, ("*._domainkey", "CNAME", {"k.example.net."})],
        None,
    ),
    "an SPF record that lets somebody send": (
        [("@", "TXT", {"v=spf1 a -all"}), *PARKED[1:], REJECT],
        None,
    ),
    "no SPF record": ([*PARKED[1:], REJECT], None),
}


@pytest.mark.parametrize("case", NEARLY)
def test_what_is_nearly_parked_is_not_and_is_told_what_differs(case: str) -> None:
    records, differs = NEARLY[case]
    made = draft(*records)
    assert "parked" not in made.text
    assert made.nearly_parked == (f"parked: true would {differs}" if differs is not None else None)


def test_a_broken_key_beside_all_that_parking_publishes_is_told_alone() -> None:
    made = draft(*PARKED, REJECT, ("s1._domainkey", "TXT", {"p=!"}))
    assert ("parked" in made.text, made.nearly_parked) == (False, None)
    assert any("broken: p is not base64" in left.reason for left in made.left)


def test_what_cannot_be_withdrawn_is_an_error_and_no_endless_search() -> None:
    """No zone has a name with an empty label; who makes one all the same is told."""
    with pytest.raises(MailAuthError, match="cannot be imported"):
        draft(("s1.._domainkey", "TXT", {"v=DKIM1; p="}))
