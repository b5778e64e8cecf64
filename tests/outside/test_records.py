"""Other projects' records, and where we decide otherwise; our own tables stand without them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim, dmarc, dmarc_consent, mta_sts, spf, tls_rpt
from mailauth_dns.records.dmarc_received import receive
from tests.outside.cases import graded

# Where we decide otherwise, by pattern, and why. A listed row on which we agree fails too.
SPF_OURS = {
    "*a:x a:x/0*": (
        "a domain-spec ends in a dot and a top label, or in a macro (RFC 7208 §7.1): a "
        "lone label is none"
    ),
}
DKIM_OURS = {
    "*=JDcbZ0Hpba5N*": (
        "whether the octets are a key is judged by lint (DKIM006), not by the parser "
        "(RFC 6376 §3.6.1)"
    ),
    "*g=*QIDAQA=": "as above: base64 of a key that was cut short",
    "*=HbawiMnQXTCopHTkR0jlKQ*": (
        "the length of an Ed25519 key is judged by lint (DKIM013; RFC 8463 §4.2)"
    ),
    "*k=ed25519-sha256;*": (
        "a key type that a verifier does not know is ignored, and breaks no grammar (RFC "
        "6376 §3.6.1)"
    ),
    "*sha 256*": "a hash's name holds no space (RFC 6376 §3.6.1)",
}
DMARC_OURS = {
    "*foo=bar; x=;*": "a tag without a value breaks the grammar (RFC 9989 §4.8)",
    "*!10 K *": "a size holds no space (RFC 7489 §6.4), and RFC 9989 has none at all",
    "v=DMARC1; p=none; fo=0:1": "0 and 1 exclude each other (RFC 9989 §4.7)",
}
STRICT_OURS = {  # rows of a parser for RFC 7489
    "v=DMARC1": "a semicolon stands between tags and may stand at the end (RFC 9989 §4.8)",
    "v=DMARC1;": "a missing p is for lint to judge (DMARC001; RFC 9989 §4.7)",
    "v=DMARC1;;": "no receiver minds an empty place between semicolons",
    "v=DMARC1; sp=reject; p=reject": "p need not be second any more (RFC 9989 §4.8)",
    "v=DMARC1; rf=bad*": "rf is historic and its value means nothing (RFC 9989 §9.3)",
    "*.com!9999999999*": "a size limit is historic: how big it is means nothing (RFC 9989 §4.7)",
    "v=DMARC1; p=reject; sp=invalid; rua=*": (
        "receivers drop such a tag (RFC 9989 §4.8; dmarc_received), we publish none"
    ),
    "V = DMARC1 *; FO = 0:1:d:s ;*": "0 and 1 exclude each other (RFC 9989 §4.7)",
}
RECEIVED_OURS = {
    "  v=DMARC1  ": (
        "the grammar has no white space in front (RFC 9989 §4.8), and receivers that "
        "take it literally find no record"
    ),
}
REPORT_OURS = {
    "*rejects on syntax*": "RFC 9990 asks for a value that opens as a DMARC record, no more",
    "temperror": "that an answer failed is for whoever asked to know",
}


def parses(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except RecordSyntaxError:
        return False
    return True


def agreed(text: str, ours: dict[str, str]) -> bool:
    return not any(fnmatchcase(text, pattern) for pattern in ours)


@pytest.mark.parametrize("case", graded("spf/syntax.json"))
def test_spf(case: dict[str, Any]) -> None:
    assert (parses(spf.parse, case["record"]) is case["valid"]) is agreed(case["record"], SPF_OURS)


@pytest.mark.parametrize("case", graded("dkim/key_records.json"))
def test_dkim(case: dict[str, Any]) -> None:
    assert (parses(dkim.parse, case["record"]) is case["valid"]) is agreed(
        case["record"], DKIM_OURS
    )


@pytest.mark.parametrize("case", graded("dmarc/record_parse.json"))
def test_dmarc(case: dict[str, Any]) -> None:
    if "is_dmarc" in case:
        valid, ours = case["is_dmarc"] and not case.get("errors"), DMARC_OURS
    else:
        valid, ours = case["mox_valid"], STRICT_OURS
    assert (parses(dmarc.parse, case["record"]) is valid) is agreed(case["record"], ours)


@pytest.mark.parametrize("case", graded("mta_sts/records.json"))
def test_mta_sts(case: dict[str, Any]) -> None:
    parse = mta_sts.parse if case["kind"] == "txt" else mta_sts.parse_policy
    assert parses(parse, case["text"]) is case["valid"]


@pytest.mark.parametrize("case", graded("tlsrpt/records.json"))
def test_tlsrpt(case: dict[str, Any]) -> None:
    assert parses(tls_rpt.parse, case["text"]) is case["valid"]


@pytest.mark.parametrize("case", graded("dmarc/external_report.json"))
def test_consent_to_dmarc_reports(case: dict[str, Any]) -> None:
    values = case["zone"].get(
        dmarc_consent.report_name(case["policy_domain"], case["dest_domain"]), ()
    )
    assert (any(map(dmarc_consent.authorises, values)) is case["authorized"]) is agreed(
        str(case["note"]), REPORT_OURS
    )


@pytest.mark.parametrize("case", graded("dmarc/record_parse.json"))
def test_dmarc_as_received(case: dict[str, Any]) -> None:
    """A receiver's reading: which texts are records at all, and which tags of them count."""
    received = receive(case["record"])
    if "is_dmarc" in case:
        assert ((received is not None) is case["is_dmarc"]) is agreed(case["record"], RECEIVED_OURS)
    for name, value in case.get("tags", {}).items():
        assert received is not None
        found = getattr(received.record, name)
        if name in ("rua", "ruf"):
            assert [uri.text for uri in found] == value
        elif name == "fo":
            assert sorted(found) == sorted(value)
        else:
            assert found == value
    if "valid_rua_count" in case:
        assert received is not None
        assert len(received.record.rua or ()) == case["valid_rua_count"]
    if "effective" in case:
        assert received is not None
        assert received.applied is not None
        for name in ("p", "sp", "np", "adkim", "aspf", "psd"):
            assert getattr(received.applied, f"effective_{name}") == case["effective"][name]
        assert (received.applied.effective_t is dmarc.Testing.YES) is case["effective"]["t"]
        assert len(received.applied.rua or ()) == len(case["effective"]["rua"])
