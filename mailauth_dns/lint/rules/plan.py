"""Rules that plan and apply judge: what the policy's tests and live DNS say of a whole change."""

from __future__ import annotations

from mailauth_dns.lint.rule import Severity, page


@page("TEST001", "policy-test-fails", Severity.ERROR, "practice")
def policy_test_fails() -> None:
    """Once this is live, receivers judge a message of the policy's tests otherwise than expected.

    Bad:
        spf: {all: fail}  # and a test expects our server to pass
    Good:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}
    """


@page("TEST002", "policy-test-unknown", Severity.ERROR, "practice")
def policy_test_unknown() -> None:
    """DNS did not say enough to judge a message of the policy's tests: it may not pass.

    Bad:
        plan on a machine that cannot ask DNS
    Good:
        plan where DNS answers for the names that the tests lead to
    """


@page("live-unknown", "live-dns-unknown", Severity.ERROR, "practice")
def live_dns_unknown() -> None:
    """Apply could write where no receiver looks: what the zone's servers say now is unknown.

    So is whether they are this provider's.

    Bad:
        plan --no-live, or plan on a machine that cannot ask DNS
    Good:
        plan where the zone's servers answer
    """
