"""Records as hypothesis makes them, and texts near their grammars."""

from __future__ import annotations

import base64
from ipaddress import IPv4Interface, IPv6Interface

from hypothesis import strategies as st

from mailauth_dns.records import bimi, dkim, dmarc, mta_sts, spf, spf_macro, spf_term, tls_rpt
from mailauth_dns.records.name import DomainName

labels = st.text("abcXYZ019", min_size=1, max_size=6)
hosts = st.builds(
    lambda parts, end: ".".join([*parts, end]),
    st.lists(labels, min_size=1, max_size=3),
    st.sampled_from(["example", "COM", "a1b"]),
)

expansions = st.builds(
    spf_macro.Macro,
    st.sampled_from("slodiphvSLODIPHV"),
    st.integers(0, 128),
    st.booleans(),
    st.text(".-+,/_=", max_size=2),
)


@st.composite
def domain_specs(draw: st.DrawFn) -> spf_macro.DomainSpec:
    pieces: list[spf_macro.Literal | spf_macro.Macro] = []
    for expansion in draw(st.lists(expansions, max_size=2)):
        pieces += [
            expansion,
            spf_macro.Literal(draw(st.sampled_from([".", "._spf.", "%%x.", "-"]))),
        ]
    last = draw(st.one_of(hosts.map(spf_macro.Literal), expansions))
    if isinstance(last, spf_macro.Literal) and pieces and isinstance(pieces[-1], spf_macro.Literal):
        pieces[-1] = spf_macro.Literal(pieces[-1].text + last.text)
    else:
        pieces.append(last)
    return spf_macro.DomainSpec(tuple(pieces))


qualifiers = st.sampled_from(list(spf_term.Qualifier))
optional_specs = st.none() | domain_specs()
four = st.builds(
    lambda address, prefix: IPv4Interface((address, prefix)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
six = st.builds(
    lambda address, prefix: IPv6Interface((address, prefix)),
    st.integers(0, 2**128 - 1),
    st.integers(0, 128),
)
terms = st.one_of(
    st.builds(spf_term.All, qualifiers),
    st.builds(spf_term.Include, qualifiers, domain_specs()),
    st.builds(spf_term.Exists, qualifiers, domain_specs()),
    st.builds(spf_term.A, qualifiers, optional_specs, st.integers(0, 32), st.integers(0, 128)),
    st.builds(spf_term.Mx, qualifiers, optional_specs, st.integers(0, 32), st.integers(0, 128)),
    st.builds(spf_term.Ptr, qualifiers, optional_specs),
    st.builds(spf_term.Ip4, qualifiers, four),
    st.builds(spf_term.Ip6, qualifiers, six),
)
modifiers = st.builds(spf_term.Modifier, st.sampled_from(["op", "ra", "x-y_z.1"]), domain_specs())
spf_records = st.builds(
    spf.Record,
    st.lists(terms, max_size=5).map(tuple),
    optional_specs,
    optional_specs,
    st.lists(modifiers, max_size=2).map(tuple),
)

words = st.text("abcxyz", min_size=1, max_size=6)
word_lists = st.none() | st.lists(words, min_size=1, max_size=3).map(tuple)
values = st.text("abc 019/+:,!%", min_size=1, max_size=12).map(str.strip).filter(bool)
others = st.dictionaries(st.sampled_from(["x", "yy", "future"]), values, max_size=2).map(
    lambda tags: tuple(tags.items())
)
keys = st.binary(max_size=40).map(lambda octets: base64.b64encode(octets).decode())
dkim_records = st.builds(
    dkim.Record,
    p=keys,
    v=st.sampled_from([None, "DKIM1"]),
    h=word_lists,
    k=st.none() | words,
    n=st.none() | values,
    s=word_lists,
    t=word_lists,
    other=others,
)

policies = st.none() | st.sampled_from(list(dmarc.Policy))
alignments = st.none() | st.sampled_from(list(dmarc.Alignment))
uris = st.builds(
    dmarc.Uri,
    hosts.map(lambda host: f"mailto:dmarc@{host}"),
    st.none() | st.sampled_from(["10m", "5", "1G"]),
)
uri_lists = st.none() | st.lists(uris, min_size=1, max_size=3).map(tuple)
dmarc_records = st.builds(
    dmarc.Record,
    policies,
    policies,
    policies,
    alignments,
    alignments,
    st.none() | st.sampled_from([("0",), ("1", "d", "s"), ("d",), ("s", "0")]),
    uri_lists,
    uri_lists,
    st.none() | st.sampled_from(list(dmarc.PublicSuffix)),
    st.none() | st.sampled_from(list(dmarc.Testing)),
    st.none() | st.sampled_from(["0", "50", "100"]),
    st.none() | st.just("afrf"),
    st.none() | st.sampled_from(["86400"]),
    others,
)

field_values = st.text("abc019/+:,!%<>", min_size=1, max_size=12)
fields = st.dictionaries(
    st.from_regex(r"[xyz0-9][a-z0-9_.-]{0,31}", fullmatch=True), field_values, max_size=2
).map(lambda found: tuple(found.items()))
mta_sts_records = st.builds(
    mta_sts.Record, st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True), fields
)
lines = (
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
    .map(lambda text: text.strip(" "))
    .filter(bool)
)
patterns = st.builds(
    lambda star, host: DomainName(star + host.lower()), st.sampled_from(["", "*."]), hosts
)
some_patterns = st.lists(patterns, min_size=1, max_size=3).map(tuple)
extension_lines = st.dictionaries(st.sampled_from(["x", "1.y_z-", "Mode"]), lines, max_size=2).map(
    lambda found: tuple(found.items())
)
ages = st.integers(0, mta_sts.MAX_AGE)
mta_sts_policies = st.one_of(
    st.builds(
        mta_sts.Policy,
        st.sampled_from([mta_sts.Mode.ENFORCE, mta_sts.Mode.TESTING]),
        some_patterns,
        ages,
        extension_lines,
    ),
    st.builds(
        mta_sts.Policy,
        st.just(mta_sts.Mode.NONE),
        st.just(()) | some_patterns,
        ages,
        extension_lines,
    ),
)
addresses = st.one_of(
    hosts.map(lambda host: f"mailto:tls@{host}"),
    hosts.map(lambda host: f"https://{host}/tls?a=%2C"),
)
tlsrpt_records = st.builds(
    tls_rpt.Record, st.lists(addresses, min_size=1, max_size=3).map(tuple), fields
)
logos = st.sampled_from(["", "https://example.com/logo.svg", "https://example.com/a,b?c=d"])
bimi_records = st.builds(
    bimi.Record,
    logos,
    st.none() | logos,
    st.none() | st.sampled_from(list(bimi.Avatar)),
    st.none() | st.just("") | values,
    others,
)

_SPF_PARTS = (
    *(
        "v=spf1",
        " ",
        "  ",
        "a",
        "mx",
        "ip4:",
        "ip6:",
        "192.0.2.1",
        "2001:db8::1",
        "/24",
        "//64",
        ":",
        "include:",
        "exists:",
    ),
    *("%{i}", "%{", "%", "redirect=", "exp=", "a.example", "-all", "~", ";", "\xff", "\0"),
)
_TAG_PARTS = (
    *(
        "v=DKIM1",
        "v=DMARC1",
        "v=BIMI1",
        "l=",
        "avp=",
        "; ",
        ";",
        "p=",
        "k=rsa",
        "h=sha256",
        "t=y:s",
        "none",
        "AAAA",
        "=",
        " ",
        "\t",
        "rua=",
        "mailto:a@b.example",
    ),
    *(",", "!10m", "fo=0:1", "\xff", "\0", '"'),
)
_FIELD_PARTS = (
    *(
        "v=STSv1",
        "v=TLSRPTv1",
        "; ",
        ";",
        "id=",
        "rua=",
        "mailto:a@b.example",
        "2026",
        ",",
        "!",
        "%",
        "=",
        " ",
        "\t",
        "x.1=",
        "\xff",
        "\0",
    ),
)
_POLICY_PARTS = (
    *(
        "version",
        "mode",
        "mx",
        "max_age",
        ":",
        ": ",
        "STSv1",
        "enforce",
        "none",
        "*.",
        "mx.example",
        "86400",
        "\n",
        "\r\n",
        "\r",
        " ",
    ),
    *("\t", "x", "#", "\xff", "\0"),
)
near_fields = st.lists(st.sampled_from(_FIELD_PARTS), max_size=12).map("".join)
near_policies = st.lists(st.sampled_from(_POLICY_PARTS), max_size=20).map("".join)
near_spf = st.lists(st.sampled_from(_SPF_PARTS), max_size=12).map("".join)
near_tags = st.lists(st.sampled_from(_TAG_PARTS), max_size=12).map("".join)
