"""A flattened record on two servers, of which one lags behind the other."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from mailauth_dns.deploy import make_plan
from mailauth_dns.evaluate.spf_check import SpfResult
from mailauth_dns.records.zone import quoted
from tests.conftest import RepoFolder
from tests.lab.bind import Bind, Secondary
from tests.lab.conftest import Serving
from tests.lab.flattened_record import (
    POLICY,
    listed,
    publish,
    result,
    spf_of,
)
from tests.lab.zones import HEAD

SHORT = """$TTL 1
@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 2
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
"""


def test_no_server_ever_serves_a_record_whose_parts_another_one_denies(
    repo: RepoFolder, serving_bind: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secondary lags at every step, and receivers may ask either server for each name."""
    primary = serving_bind(
        example_com=SHORT + '@ IN TXT "v=spf1 ~all"\n',
        sender_example=HEAD + f"_spf IN TXT {quoted(listed(0, 100))}\n",
    )
    assert isinstance(primary, Bind)
    secondary = Secondary(primary)
    secondary.start()
    servers = (primary, secondary)
    try:
        addresses = ", ".join(f'"127.0.0.1:{server.port}"' for server in servers)
        repo.write(
            "zones/policy/_defaults.yaml", f"providers: [bind]\nnameservers: [{addresses}]\n"
        )
        repo.policy(POLICY + "ttl: 1\n")
        repo.policy("domain: sender.example\ndmarc: {p: none}\n", "sender")

        def whole() -> set[SpfResult]:
            """Return what receivers can say: the record comes from one server, parts from any."""
            return {
                result(second, "203.0.113.9", cached=spf_of(first))
                for first in servers
                for second in servers
            }

        assert repo.run("spf", "lock").code == 0
        publish(repo, code=2)
        assert whole() == {SpfResult.SOFTFAIL}
        lagging = repo.run("spf", "lock")
        said = f"127.0.0.1:{secondary.port} does not serve it yet; apply, then run this again"
        assert lagging.out.count(said) == 2
        dark = str(repo.root / "dark.json")
        assert repo.run("plan", "example.com", "--no-live", "--out", dark).code == 0
        assert repo.run("apply", dark, "--no-live", "--allow", "live-unknown").code == 2
        assert whole() == {SpfResult.SOFTFAIL}

        secondary.catch_up("example.com")
        seen = datetime.now(UTC)
        assert "every server has it" in repo.run("spf", "lock").out
        plan = str(repo.root / "plan.json")
        with monkeypatch.context() as patched:  # reviewed at once, however slow this machine is
            patched.setattr(make_plan, "datetime", Mock(now=lambda _zone: seen))
            assert repo.run("plan", "example.com", "--out", plan).code == 0
        # Wait for the negative TTL and for the second in which the lock was written.
        time.sleep(max(0.0, 3 - (datetime.now(UTC) - seen).total_seconds()))
        # The record may be written by now, but nobody has reviewed that.
        late = repo.run("apply", plan)
        assert (
            late.code,
            "had to wait when it was reviewed; plan again to publish it" in late.said,
        ) == (2, True), late.said
        assert whole() == {SpfResult.SOFTFAIL}
        assert repo.run("plan", "example.com", "--out", plan).code == 0
        assert repo.run("apply", plan, "--wait", "0s").code == 2  # the secondary does not know yet
        assert whole() == {SpfResult.SOFTFAIL, SpfResult.FAIL}
        secondary.catch_up("example.com")
        assert repo.run("apply", plan).code == 0
        assert whole() == {SpfResult.FAIL}
    finally:
        secondary.close()
