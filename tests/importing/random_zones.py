"""Strategies for zones of random mail records in random spellings."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from mailauth_dns.records.zone import quoted
from tests.records import strategies as records


def respelled_tags(text: str, seed: int, *, version_first: bool) -> str:
    """Return a tag list with other spaces, another order and more semicolons."""
    chance = random.Random(seed)

    def space() -> str:
        return chance.choice(["", "", " ", "  ", "\t"])

    first, *rest = text.split("; ")
    tags = (
        [first, *chance.sample(rest, len(rest))]
        if version_first
        else chance.sample([first, *rest], 1 + len(rest))
    )
    spaced = []
    for tag in tags:
        name, _, value = tag.partition("=")
        spaced.append(f"{name}{space()}={space()}{value}{space()}")
    return f";{space()}".join(spaced) + chance.choice(["", ";", "; ", ";;"])


def chunked(text: str, seed: int) -> str:
    """Return a TXT value as a master file holds it, cut anywhere.

    Some strings have no quotes and some are empty.
    """
    chance = random.Random(seed)
    at = sorted(chance.randint(0, len(text)) for _ in range(chance.randint(0, 3)))
    pieces = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    return " ".join(
        piece if piece.isalnum() and chance.random() < 0.5 else quoted(piece) for piece in pieces
    )


def respelled_spf(text: str, seed: int) -> str:
    chance = random.Random(seed)
    version, *words = text.split(" ")
    words = [word.upper() if chance.random() < 0.2 and "%" not in word else word for word in words]
    return (" " * chance.randint(1, 2)).join(
        [chance.choice([version, "V=spf1", "v=SPF1"]), *words]
    ) + chance.choice(["", " "])


seeds = st.integers(0, 2**16)
spf_texts = st.builds(respelled_spf, records.spf_records.map(str), seeds)
dkim_texts = st.builds(
    lambda text, seed: respelled_tags(text, seed, version_first=True),
    records.dkim_records.map(str),
    seeds,
)
reporting = st.sampled_from(
    [
        "v=DMARC1; p=none; rua=mailto:d@example.net",
        "v=DMARC1; p=reject; np=none; ruf=mailto:d@sub.example.net",
    ]
)
dmarc_texts = st.builds(
    lambda text, seed: respelled_tags(text, seed, version_first=True),
    st.one_of(records.dmarc_records.map(str), reporting),
    seeds,
)
bimi_texts = st.builds(
    lambda text, seed: respelled_tags(text, seed, version_first=True),
    records.bimi_records.map(str),
    seeds,
)
sts_texts = records.mta_sts_records.map(lambda record: str(record).replace("; ", ";") + ";")
rpt_texts = records.tlsrpt_records.map(lambda record: str(record).replace("; ", " ;  "))
odd_texts = st.sampled_from(
    [
        'v=spf1 "quoted" -all',
        "v=spf1;",
        "V=DMARC1; p=none",
        "v=DMARC1; p=maybe",
        'v=DKIM1; n="a \\ b"; p=',
        "p=AAAA; p=",
        "spf2.0/pra a",
        "x",
    ]
)
near_texts = st.one_of(records.near_spf, records.near_tags, records.near_fields, odd_texts).map(
    lambda text: text.encode("latin-1", "replace").decode("latin-1")
)
hosts = st.sampled_from(["k.example.net.", "_x.Example.ORG.", "."])

Place = tuple[str, str, str]  # label, type, rdata


def texts_at(label: str, good: st.SearchStrategy[str]) -> st.SearchStrategy[list[Place]]:
    values: st.SearchStrategy[list[str]] = st.one_of(
        good.map(lambda text: [text]),
        st.lists(st.one_of(good, near_texts), max_size=2),
        st.just([]),
    )
    data = st.builds(
        lambda found, seed: [(label, "TXT", chunked(text, seed)) for text in found], values, seeds
    )
    return (
        st.one_of(data, data, data, hosts.map(lambda host: [(label, "CNAME", host)]))
        if label != "@"
        else data
    )


LABELS: dict[str, st.SearchStrategy[str]] = {
    "@": spf_texts,
    "s1._domainkey": dkim_texts,
    "2026-01-31._domainkey": dkim_texts,
    "*._domainkey": dkim_texts,
    "_dmarc": dmarc_texts,
    "_mta-sts": sts_texts,
    "_smtp._tls": rpt_texts,
    "default._bimi": bimi_texts,
    "sub": spf_texts,
    "_dmarc.sub": dmarc_texts,
    "x.example._report._dmarc": st.just("v=DMARC1"),
}
PARKED = [("@", "TXT", '"v=spf1 -all"'), ("@", "MX", "0 ."), ("*._domainkey", "TXT", '"p="')]
others = st.lists(
    st.sampled_from(
        [("@", "MX", "10 mx.example.net."), ("@", "TXT", '"MS=ms1"'), ("www", "CNAME", "@")]
    ),
    max_size=2,
)
cuts = st.sampled_from(
    [
        [],
        [],
        [],
        [("_domainkey", "NS", "ns.example.net.")],
        [("_domainkey", "CNAME", "x.example.net.")],
    ]
)
null_mx = st.sampled_from([[], [], [("@", "MX", "0 .")]])
zones = st.tuples(*(texts_at(*each) for each in LABELS.items()), others, cuts, null_mx).map(
    lambda parts: [place for part in parts for place in part]
)
parked_zones = st.builds(
    lambda dmarc, extra: [*PARKED, ("_dmarc", "TXT", quoted(dmarc)), *extra],
    st.sampled_from(
        [
            "v=DMARC1; p=reject",
            "v=DMARC1;p=reject;sp=reject;rua=mailto:a@example.org",
            "v=DMARC1; p=none",
        ]
    ),
    others,
)
