"""Whose names these are, by the catalogue's index."""

from __future__ import annotations

import pickle
import time

import pytest

from mailauth_dns.policy.load import load_repo
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.recognition import INDEX, Recognition, Trace, index_text
from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers


def test_the_index_is_current() -> None:
    """After a change of the catalogue: script/senders-index."""
    assert INDEX.read_text("ascii") == index_text(Catalogue())


RECOGNISED = [
    (Trace.INCLUDE, "_spf.google.com", "google"),
    (Trace.INCLUDE, "_SPF.Google.COM.", "google"),
    (Trace.INCLUDE, "u42.wl.sendgrid.net", "sendgrid"),
    (Trace.DKIM, "abc.dkim.amazonses.com", "ses"),
    (Trace.DKIM, "selector1-a._domainkey.t.onmicrosoft.com", "microsoft-365"),
    (Trace.SELECTOR, "resend", "resend"),
    (Trace.RETURN_PATH, "feedback-smtp.eu-west-1.amazonses.com", "ses"),
    (Trace.RETURN_PATH, "pm.mtasv.net", "postmark"),
    (Trace.EXCHANGER, "example-com.mail.protection.outlook.com", "microsoft-365"),
    (Trace.WRONG_INCLUDE, "_spf.resend.com", "resend"),
]


@pytest.mark.parametrize(("trace", "name", "sender"), RECOGNISED)
def test_a_name_tells_its_sender(trace: Trace, name: str, sender: str) -> None:
    assert Recognition().senders(trace, name)[0] == sender


@pytest.mark.parametrize(
    ("trace", "name"),
    [
        (Trace.INCLUDE, "_spf.nobody.example"),
        (Trace.INCLUDE, "notgoogle.com"),
        (Trace.INCLUDE, "com"),
        (Trace.SELECTOR, "s1"),
        (Trace.WRONG_INCLUDE, "deeper._spf.resend.com"),
        (Trace.INCLUDE, ""),
    ],
)
def test_other_names_tell_nobody(trace: Trace, name: str) -> None:
    assert Recognition().senders(trace, name) == ()


def test_a_repos_own_senders_come_first(repo: RepoFolder) -> None:
    with_mailers(repo).policy("domain: example.com\nspf: {all: fail}\n")
    repo.write(
        "zones/senders/google.yaml",
        "recognised_by: {includes: [_spf.box.example], source: spf}\n",
    )
    found = Recognition(load_repo(repo.root).catalogue)
    assert found.senders(Trace.INCLUDE, "_spf.box.example") == ("box", "google")
    assert [entry.name for entry in found.entries(Trace.DKIM, "k.letters.example")] == ["Letters"]
    assert found.senders(Trace.INCLUDE, "mail.zendesk.com") == ("zendesk",)


def test_another_process_knows_the_same(repo: RepoFolder) -> None:
    with_mailers(repo)
    here = Recognition(load_repo(repo.root, may_be_empty=True).catalogue)
    here.senders(Trace.INCLUDE, "mail.zendesk.com")
    sent = pickle.dumps(here)
    there = pickle.loads(sent)
    for trace in Trace:
        assert there.names(trace) == here.names(trace)
        for name in here.names(trace):
            assert there.senders(trace, name) == here.senders(trace, name)
    assert len(pickle.dumps(Recognition())) < 1000, "the packaged catalogue is there already"


def test_names_to_look_at_have_no_answer_of_an_account() -> None:
    """DNS lists no names, so those are tried that are the same for everybody, or a default."""
    found = Recognition()
    assert {"google", "k2", "resend"} <= set(found.names(Trace.TRIED_SELECTOR))
    assert "send" in found.names(Trace.TRIED_RETURN_PATH, ["resend"])
    assert not any("{" in name for name in found.names(Trace.TRIED_RETURN_PATH))


def test_thousands_of_names_are_told_in_a_second() -> None:
    found = Recognition()
    began = time.process_time()
    for number in range(5000):
        found.senders(Trace.INCLUDE, f"a{number}.b.mail.zendesk.com")
    assert time.process_time() - began < 1
