"""Records as hypothesis makes them, and texts near their grammars."""

from __future__ import annotations

import base64
from ipaddress import IPv4Interface, IPv6Interface

from hypothesis import strategies as st

from mailauth_dns.records import dkim, dmarc, macro, spf

labels = st.text("abcXYZ019", min_size=1, max_size=6)
hosts = st.builds(
    lambda parts, end: ".".join([*parts, end]), st.lists(labels, min_size=1, max_size=3), st.sampled_from(["example", "COM", "a1b"])
)

expansions = st.builds(
    macro.Macro,
    st.sampled_from("slodiphvSLODIPHV"),
    st.integers(0, 128),
    st.booleans(),
    st.text(".-+,/_=", max_size=2),
)


@st.composite
def domain_specs(draw: st.DrawFn) -> macro.DomainSpec:
    pieces: list[macro.Literal | macro.Macro] = []
    for expansion in draw(st.lists(expansions, max_size=2)):
        pieces += [expansion, macro.Literal(draw(st.sampled_from([".", "._spf.", "%%x.", "-"])))]
    last = draw(st.one_of(hosts.map(macro.Literal), expansions))
    if isinstance(last, macro.Literal) and pieces and isinstance(pieces[-1], macro.Literal):
        pieces[-1] = macro.Literal(pieces[-1].text + last.text)
    else:
        pieces.append(last)
    return macro.DomainSpec(tuple(pieces))


qualifiers = st.sampled_from(list(spf.Qualifier))
optional_specs = st.none() | domain_specs()
four = st.builds(lambda address, prefix: IPv4Interface((address, prefix)), st.integers(0, 2**32 - 1), st.integers(0, 32))
six = st.builds(lambda address, prefix: IPv6Interface((address, prefix)), st.integers(0, 2**128 - 1), st.integers(0, 128))
terms = st.one_of(
    st.builds(spf.All, qualifiers),
    st.builds(spf.Include, qualifiers, domain_specs()),
    st.builds(spf.Exists, qualifiers, domain_specs()),
    st.builds(spf.A, qualifiers, optional_specs, st.integers(0, 32), st.integers(0, 128)),
    st.builds(spf.Mx, qualifiers, optional_specs, st.integers(0, 32), st.integers(0, 128)),
    st.builds(spf.Ptr, qualifiers, optional_specs),
    st.builds(spf.Ip4, qualifiers, four),
    st.builds(spf.Ip6, qualifiers, six),
)
modifiers = st.builds(spf.Modifier, st.sampled_from(["op", "ra", "x-y_z.1"]), domain_specs())
spf_records = st.builds(
    spf.Record, st.lists(terms, max_size=5).map(tuple), optional_specs, optional_specs, st.lists(modifiers, max_size=2).map(tuple)
)

words = st.text("abcxyz", min_size=1, max_size=6)
word_lists = st.none() | st.lists(words, min_size=1, max_size=3).map(tuple)
values = st.text("abc 019/+:,!%", min_size=1, max_size=12).map(str.strip).filter(bool)
others = st.dictionaries(st.sampled_from(["x", "yy", "future"]), values, max_size=2).map(lambda tags: tuple(tags.items()))
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
uris = st.builds(dmarc.Uri, hosts.map(lambda host: f"mailto:dmarc@{host}"), st.none() | st.sampled_from(["10m", "5", "1G"]))
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

_SPF_PARTS = (
    *("v=spf1", " ", "  ", "a", "mx", "ip4:", "ip6:", "192.0.2.1", "2001:db8::1", "/24", "//64", ":", "include:", "exists:"),
    *("%{i}", "%{", "%", "redirect=", "exp=", "a.example", "-all", "~", ";", "\xff", "\0"),
)
_TAG_PARTS = (
    *("v=DKIM1", "v=DMARC1", "; ", ";", "p=", "k=rsa", "h=sha256", "t=y:s", "none", "AAAA", "=", " ", "\t", "rua=", "mailto:a@b.example"),
    *(",", "!10m", "fo=0:1", "\xff", "\0", '"'),
)
near_spf = st.lists(st.sampled_from(_SPF_PARTS), max_size=12).map("".join)
near_tags = st.lists(st.sampled_from(_TAG_PARTS), max_size=12).map("".join)
