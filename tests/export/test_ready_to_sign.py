"""What keeps a key from being exported to a signing host."""

from __future__ import annotations

import pytest

from tests.compile.test_article import POLICY, P
from tests.conftest import RepoFolder
from tests.export.articles import ALLOWED, exported

SENDERS = f"""domain: example.com
dkim:
  selectors:
    default: {{key: default.pem, state: pending}}
    old: {{key: default.pem, state: retiring}}
    vendor: {{p: {P}}}
    s1: {{cname: s1.example.net}}
"""


def test_only_our_active_keys_sign(article: RepoFolder) -> None:
    """A key given as `p` or `cname` is a sender's: our tables would name a missing file."""
    for text, message in [
        (
            SENDERS.replace("    default: {key: default.pem, state: pending}\n", ""),
            "no active key of ours signs for example.com: `key:`",
        ),
        (
            SENDERS,
            "is pending, and may not sign yet: no `seen:` in the policy yet; `dkim status` writes it; then `dkim activate example.com`",
        ),
        (
            SENDERS.replace("pending", "pending, seen: 2026-01-01"),
            "is pending, and may sign now; then `dkim activate example.com` makes it",
        ),
        (
            SENDERS.replace("pending", "pending, seen: 2199-01-01"),
            "is pending, and may sign from 2199-01-01T00:01:00Z: every cache must have forgotten that the key was not there: 1 minute, "
            "the zone's negative TTL; then `dkim activate example.com` makes it active",
        ),
    ]:
        article.policy(text)
        for format in ("opendkim", "rspamd"):
            refused = article.run("export", "example.com", "--format", format, *ALLOWED)
            assert refused.code == 1
            assert message in refused.err
    article.policy(SENDERS.replace("pending", "active"))
    assert exported(article, "--format", "opendkim", *ALLOWED)["KeyTable"].count("\n") == 2


GATE = {
    "never seen": (
        POLICY,
        "the policy has no `seen:` for it; `mailauth-dns dkim status` writes it (DKIM031; --allow DKIM031:example.com",
    ),
    "seen just now": (
        POLICY.replace("default.pem}", "default.pem, seen: 2199-01-01}"),
        "served everywhere, but caches may know it as missing until 2199-01-01T00:01:00Z (DKIM031",
    ),
    "not served": (
        POLICY.replace("default: ", "other: ").replace(
            "default.pem}", "default.pem, seen: 2026-01-01}"
        ),
        "not every authoritative server serves the key (missing) (DKIM031",
    ),
}


@pytest.mark.parametrize("case", GATE)
def test_a_key_that_receivers_may_not_find_is_not_exported(article: RepoFolder, case: str) -> None:
    text, message = GATE[case]
    article.policy(text)
    for format in ("opendkim", "rspamd"):
        refused = article.run("export", "example.com", "--format", format)
        assert refused.code == 1
        assert message in refused.err
        assert refused.out == ""
        assert (
            article.run(
                "export", "example.com", "--format", format, "--allow", "DKIM031:example.org"
            ).code
            == 1
        )
        assert (
            article.run(
                "export", "example.com", "--format", format, "--allow", "DKIM031:example.com"
            ).code
            == 0
        )
    permitted = ("--allow", "DMARC032")  # a first record that stops mail, which nobody reported on
    assert (
        article.run("export", "example.com", "--format", "paste", *permitted).code == 0
    )  # records are what is published first


def test_unknown_dns_needs_a_permission_of_its_own(article: RepoFolder) -> None:
    article.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    refused = article.run("export", "example.com", "--format", "opendkim", *ALLOWED)
    assert refused.code == 1
    assert "DNS is unknown" in refused.err
    assert (
        article.run("export", "example.com", "--format", "opendkim", "--allow", "live-unknown").code
        == 0
    )
