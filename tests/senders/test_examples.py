"""What `senders show` shows: the examples of every entry make a policy that loads and compiles."""

from __future__ import annotations

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders import example
from mailauth_dns.senders.catalogue_files import Catalogue
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.probes import probes
from tests.conftest import RepoFolder

DOMAIN = DomainName("example.com")
COMPILED = [(sender, entry) for sender, entry in Catalogue().all() if entry.is_compiled]


@pytest.mark.parametrize(("sender", "entry"), COMPILED, ids=[sender for sender, _ in COMPILED])
def test_the_block_to_paste_publishes_what_is_shown(
    repo: RepoFolder, sender: str, entry: Entry
) -> None:
    block = "\n".join(example.block(sender, example.answers(entry)))
    repo.policy(f"domain: {DOMAIN}\n{block}\n")
    [publication] = compile_repo(load_repo(repo.root))
    published = {
        (rrset.name, rrset.type, value)
        for rrset in publication.zone.rrsets
        for value in rrset.values
    }
    assert published == {*example.records(example.use(sender, entry, DOMAIN), DOMAIN)}


def test_no_account_and_no_domain_is_asked_for() -> None:
    """Names with a place that only a policy fills are no probes, and each name is asked once."""
    for _, entry in Catalogue().all():
        found = [probe.name for probe in probes(entry)]
        assert not [name for name in found if "{" in name]
    zendesk = Catalogue().get("zendesk")
    assert zendesk is not None
    assert "zendesk1._domainkey.zendesk.com" in {probe.name for probe in probes(zendesk)}
