"""Import names senders where a plan then has nothing to do, and tells of the others."""

from __future__ import annotations

import pytest

from tests.conftest import RepoFolder
from tests.importing.zones import HEAD

GOOGLE = '@ IN TXT "v=spf1 mx include:_spf.google.com ~all"\n'
LETTERS = "k2._domainkey IN CNAME dkim2.mcsv.net.\nk3._domainkey IN CNAME dkim3.mcsv.net.\n"
GRID = (
    "em1 IN CNAME u1.wl1.sendgrid.net.\n"
    "s1._domainkey IN CNAME s1.domainkey.u1.wl1.sendgrid.net.\n"
    "s2._domainkey IN CNAME s2.domainkey.u1.wl1.sendgrid.net.\n"
)
TOKENS = "".join(
    f"{each * 32}._domainkey IN CNAME {each * 32}.dkim.amazonses.com.\n" for each in "abc"
)
SES = TOKENS + "bounce IN MX 10 feedback-smtp.eu-west-1.amazonses.com.\n"

# What is published, what the policy says of senders, and which senders are only told of.
IMPORTED = [
    (GOOGLE, "  google: {}\n", ""),
    (LETTERS, "  mailchimp: {}\n", ""),
    (GRID, "  sendgrid: {return_path: em1, target: u1.wl1.sendgrid.net}\n", ""),
    (
        SES + 'bounce IN TXT "v=spf1 include:amazonses.com ~all"\n',
        "  ses: {region: eu-west-1, mail_from: bounce, tokens: [",
        "",
    ),
    (SES + 'bounce IN TXT "v=spf1 include:amazonses.com -all"\n', "", "ses"),
    (GOOGLE + LETTERS.partition("\n")[0] + "\n", "  google: {}\n", "mailchimp"),
    ('@ IN TXT "v=spf1 include:_spf.google.com ?mx ~all"\n', "  google: {}\n", ""),
    ('@ IN TXT "v=spf1 include:mail.zendesk.com ~all"\n', "", "zendesk"),
    (TOKENS, "", "ses"),
    ('@ IN TXT "v=spf1 mx ~all"\n', "", ""),
]


@pytest.mark.parametrize(("records", "senders", "told"), IMPORTED)
def test_senders_are_named_and_a_plan_has_nothing_to_do(
    records: str, senders: str, told: str, repo: RepoFolder
) -> None:
    repo.local("example.com", HEAD + records)
    repo.write("zones/policy/_defaults.yaml", "providers: [local]\n")
    zone = "served/example.com.zone"
    assert repo.run("import", "example.com", "--from-zone", zone, "--write").code != 1
    text = (repo.root / "zones/policy/example.com.yaml").read_text()
    assert ("\nsenders:\n" in text) is bool(senders)
    assert senders in text
    assert f"# Also recognised: {told}." in text if told else "Also recognised" not in text
    plan = repo.run("plan", "--no-live", "--detailed-exitcode")
    assert plan.code == 0, plan.said
