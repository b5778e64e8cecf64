"""What is fuzzed: for each reader of text from outside, a function of octets and its seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fuzz_checks import record
from fuzz_files import (
    exported_zone,
    genkey_file,
    imported_zone,
    master_file,
    plan_file,
    policy_file,
    private_key,
    provider_stanza,
    public_key,
    spf_lock,
)
from fuzz_records import (
    MESSAGE,
    dmarc_as_received,
    dns_answer,
    from_field,
    logo,
    macro_expansion,
    received_message,
    shown_octets,
    txt_value,
)
from fuzz_reports import (
    evidence_file,
    files_of_evidence,
    parsedmarc_file,
    parsedmarc_files,
    report_file,
    reports,
)
from fuzz_seeds import answers, both, files, masters, plan_parts, private_keys, tables

from mailauth_dns.records import bimi, dkim, dmarc, mta_sts, server_address, spf, tls_rpt
from mailauth_dns.records.name import domain_name


class Target(NamedTuple):
    """One reader; `seeds` are inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: Callable[[], set[bytes]]


TARGETS = {
    "spf": Target(
        record(spf.parse),
        tables(
            "tests.records.test_spf",
            "tests.evaluate.test_spf",
            "tests.evaluate.test_spf_any_input",
            "tests.evaluate.test_spf_questions",
        ),
    ),
    "dkim": Target(record(dkim.parse), tables("tests.records.test_dkim")),
    "dmarc": Target(record(dmarc.parse), tables("tests.records.test_dmarc")),
    "dmarc-received": Target(
        dmarc_as_received, tables("tests.records.test_dmarc", "tests.records.test_dmarc_received")
    ),
    "mta-sts": Target(record(mta_sts.parse), tables("tests.records.test_mta_sts")),
    "mta-sts-policy": Target(record(mta_sts.parse_policy), tables("tests.records.test_mta_sts")),
    "tls-rpt": Target(record(tls_rpt.parse), tables("tests.records.test_tlsrpt")),
    "bimi": Target(record(bimi.parse), tables("tests.records.test_bimi")),
    "macro": Target(macro_expansion, tables("tests.evaluate.test_macro_expansion")),
    "name": Target(record(domain_name), tables("tests.records.test_zone")),
    "server": Target(record(server_address.parse), tables("tests.records.test_server_address")),
    "txt": Target(txt_value, tables("tests.records.test_zone")),
    "export": Target(
        exported_zone, both(tables("tests.masterfile.test_loose_reader"), lambda: set(masters()))
    ),
    "genkey": Target(
        genkey_file,
        tables("tests.importing.test_dkim_key_files", "tests.importing.test_from_genkey"),
    ),
    "policy": Target(policy_file, files("tests/policy/cases/*.yaml", "zones/policy/*.yaml")),
    "public-key": Target(public_key, files("zones/keys/*/*.pem", "tests/lint/keys/*.pem")),
    "private-key": Target(private_key, private_keys),
    "octets": Target(shown_octets, tables("tests.cli.test_octets", "tests.records.test_zone")),
    "stanza": Target(
        provider_stanza, files("providers/*.yaml", "mailauth_dns/template/providers/*.yaml")
    ),
    "lock": Target(spf_lock, tables("tests.policy.test_spf_lock_file")),
    "plan": Target(plan_file, plan_parts),
    "master-file": Target(master_file, both(lambda: set(masters()), files("served/*.zone"))),
    "import": Target(imported_zone, both(tables("tests.importing.zones"), files("served/*.zone"))),
    "answer": Target(dns_answer, answers),
    "message": Target(received_message, lambda: {MESSAGE, MESSAGE.replace(b"\r", b"")}),
    "from": Target(from_field, tables("tests.records.test_address_list")),
    "report": Target(report_file, reports),
    "evidence": Target(evidence_file, files_of_evidence),
    "parsedmarc": Target(parsedmarc_file, parsedmarc_files),
    "logo": Target(
        logo, both(files("tests/lint/pages/*.svg"), tables("tests.lint.test_svg_tiny_ps"))
    ),
}
