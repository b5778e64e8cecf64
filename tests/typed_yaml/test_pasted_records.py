"""A record that is pasted where its parts belong is shown as the section that says the same."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import assume, given

from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.records import dmarc, spf
from mailauth_dns.typed_yaml.pasted_records import LONGEST, rewritten
from tests.records import strategies


def section(text: str) -> PolicyFile:
    """Return what a policy with the shown section says, every scalar as it is written."""
    shown = rewritten(text)
    assert shown is not None
    return PolicyFile.model_validate(
        {"domain": "example.com", **yaml.load(shown, Loader=yaml.BaseLoader)}
    )


@given(strategies.spf_records)
def test_an_spf_record_means_the_same(record: spf.Record) -> None:
    text = str(record)
    assume(
        len(text) <= LONGEST
        and not any(
            domain.lacks_label for term in record.terms if (domain := getattr(term, "domain", None))
        )
    )
    policy = section(text)
    assert policy.spf is not None
    assert policy.spf is not ABSENT
    assert policy.spf.record.meaning == record.meaning


@given(strategies.dmarc_records)
def test_a_dmarc_record_means_the_same(record: dmarc.Record) -> None:
    text = str(record)
    assume(len(text) <= LONGEST)
    policy = section(text)
    assert policy.dmarc is not None
    assert policy.dmarc is not ABSENT
    assert policy.dmarc.record.meaning == record.meaning


@pytest.mark.parametrize(
    "text", ["", "absent", "mx", "v=spf10 mx", "v=DMARC10; p=none", "v=spf1 mx " + "a " * LONGEST]
)
def test_what_is_no_record_is_not_shown(text: str) -> None:
    assert rewritten(text) is None
