"""The pages of the rules that plan and apply judge, because they are about a change and not about what stands there."""

from __future__ import annotations

from mailauth_dns.lint.rule import Rule, Severity, page

PLAN_RULES: tuple[Rule, ...] = (
    page(
        "DKIM030",
        "dkim-removed-too-soon",
        Severity.ERROR,
        "RFC 6376 §3.6.1",
        """Mail on its way that was signed with the key fails once the key is gone: queues hold mail for days.

Bad:
    s1: {state: revoked}  # and it signed yesterday
Good:
    s1: {state: revoked, signed_until: 2026-05-01}  # more than 7 days back
""",
    ),
    page(
        "DMARC033",
        "dmarc-policy-skip",
        Severity.ERROR,
        "RFC 9989 §7.4",
        """From none, or from no record where there is mail, to reject in one step: all mail that was failing unseen is refused at once.

A domain has mail where it has an MX, an SPF record that lets anybody send, or a DKIM key; to park a domain is no such step. `t: y` does not
make it a smaller one, since receivers of before RFC 9989 do not know it.

Bad:
    dmarc: {p: reject}  # and p=none is published
Good:
    dmarc: {p: quarantine}  # first, and read the reports
""",
    ),
    page(
        "DMARC034",
        "dmarc-policy-weaken",
        Severity.WARNING,
        "RFC 9989 §4.7",
        """A lower policy lets through what was stopped until now, forgeries among it.

Bad:
    dmarc: {p: none}  # and p=reject is published
Good:
    dmarc: {p: reject}
""",
    ),
    page(
        "STS017",
        "sts-remove-order",
        Severity.ERROR,
        "RFC 8461 §8.3",
        """Senders keep the policy for max_age: one that is taken away without mode none first goes on binding them.

Bad:
    mta_sts: absent  # and mode enforce is published
Good:
    mta_sts: {mode: none, max_age: 86400}  # and `absent` when the old max_age is over
""",
    ),
    page(
        "DNS008",
        "zone-not-authoritative",
        Severity.ERROR,
        "RFC 1034 §4.2.2",
        """The servers that answer for the zone are not this provider's: what is written there is seen by nobody.

Bad:
    providers: [old]  # and the registry's delegation is to new
Good:
    providers: [new]
""",
    ),
    page(
        "TEST001",
        "policy-test-fails",
        Severity.ERROR,
        "practice",
        """A message that the policy's tests expect to pass, or to be stopped, would fare otherwise once this is live.

Bad:
    spf: {all: fail}  # and a test expects our server to pass
Good:
    spf: {terms: ["ip4:192.0.2.10"], all: fail}
""",
    ),
    page(
        "TEST002",
        "policy-test-unknown",
        Severity.ERROR,
        "practice",
        """DNS did not say enough to judge a message of the policy's tests: whether it passes is unknown, which is no pass.

Bad:
    plan on a machine that cannot ask DNS
Good:
    plan where the names that the tests lead to can be asked
""",
    ),
    page(
        "live-unknown",
        "live-dns-unknown",
        Severity.ERROR,
        "practice",
        """Whether the zone's servers are this provider's, and what they say now, is unknown: apply could write where nobody looks.

Bad:
    plan --no-live, or plan on a machine that cannot ask DNS
Good:
    plan where the zone's servers can be asked
""",
    ),
)
