"""The address that `next` names in the check of a message: the one that may send, or none."""

from __future__ import annotations

import pytest

from mailauth_dns.guide.observe import only_sender
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder

CASES = {
    "one address": ('spf: {terms: ["ip4:192.0.2.10"], all: fail}', "192.0.2.10"),
    "of IPv6": ('spf: {terms: ["ip6:2001:db8::1"], all: fail}', "2001:db8::1"),
    "beside an include": (
        'spf: {terms: ["ip4:192.0.2.10", "include:example.net"], all: fail}',
        "192.0.2.10",
    ),
    "beside one that may not": (
        'spf: {terms: ["-ip4:192.0.2.9", "ip4:192.0.2.10"], all: fail}',
        "192.0.2.10",
    ),
    "two": ('spf: {terms: ["ip4:192.0.2.10", "ip6:2001:db8::1"], all: fail}', None),
    "a network": ('spf: {terms: ["ip4:192.0.2.0/24"], all: fail}', None),
    "names": ("spf: {terms: [mx], all: fail}", None),
    "nobody": ("spf: {all: fail}", None),
    "taken back": ("spf: absent", None),
    "parked": ("parked: true", None),
    "no SPF": ("dmarc: {p: none}", None),
}


@pytest.mark.parametrize(("section", "address"), CASES.values(), ids=CASES)
def test_only_one_address_is_named(repo: RepoFolder, section: str, address: str | None) -> None:
    repo.policy(f"domain: example.com\n{section}\n")
    [policy] = load_repo(repo.root).policies
    found = only_sender(policy)
    assert (None if found is None else str(found)) == address
