"""Import of domains whose DMARC reports go to another zone of the repo."""

from __future__ import annotations

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder, free_port
from tests.importing.zones import HEAD

REPORTED = f'{HEAD}_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:d@example.net"\n'
HOST = "domain: example.net\nproviders: [local]\nspf: {all: fail}\n"
CONSENTS = {  # what the host's zone holds, and whether a plan would have something to add there
    "its own": ('example.com._report._dmarc IN TXT "v=DMARC1;"\n', False),
    "a wildcard": ('*._report._dmarc IN TXT "v=DMARC1; rua=mailto:x@example.net"\n', False),
    "a wildcard for com": ('*.com._report._dmarc IN TXT "v=DMARC1"\n', False),
    "none": ("", True),
    "of another domain": ('example.org._report._dmarc IN TXT "v=DMARC1"\n', True),
    "a wildcard that does not reach": (
        '*._report._dmarc IN TXT "v=DMARC1"\nshop.com._report._dmarc IN TXT "v=DMARC1"\n',
        True,
    ),
    "a wildcard that says something else": ('*._report._dmarc IN TXT "x"\n', True),
}


@pytest.mark.parametrize("where", ["file", "provider", "DNS"])
@pytest.mark.parametrize("case", CONSENTS)
def test_reports_to_another_zone_of_the_repo_are_said_where_it_consents(
    repo: RepoFolder, case: str, where: str
) -> None:
    records, lacks = CONSENTS[case]
    repo.local("example.com", REPORTED)
    repo.local("example.net", HEAD + '@ IN TXT "v=spf1 -all"\n' + records)
    repo.policy(HOST, "example.net")
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        source = {
            "file": ("--from-zone", "served/example.com.zone"),
            "provider": ("--provider", "local"),
            "DNS": (),
        }[where]
        ran = repo.run("import", "example.com", *source, "--write")
    assert ran.code == (2 if lacks else 0), ran.said
    assert (
        "would add that organization's consent at example.com._report._dmarc.example.net" in ran.err
    ) is lacks
    assert ("dmarc:" in (repo.root / "zones/policy/example.com.yaml").read_text()) is not lacks
    plan = repo.run("plan", "--no-live", "--detailed-exitcode")
    assert (plan.code, plan.out.splitlines()[-1]) == (0, "Plan: 0 changes")


def test_a_consent_in_the_own_zone_is_found_in_dns(repo: RepoFolder) -> None:
    repo.local(
        "example.com",
        HEAD + '_dmarc.sub IN TXT "v=DMARC1; p=none; rua=mailto:a@example.com"\n'
        '*._report._dmarc IN TXT "v=DMARC1"\n',
    )
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        nameserver = ("--nameserver", f"127.0.0.1:{server.port}")
        ran = repo.run(
            "import", "sub.example.com", "--zone", "example.com", *nameserver, "--selector", "s1"
        )
    assert ran.code == 0, ran.said
    assert "rua:\n    - mailto:a@example.com\n" in ran.out


def test_a_consent_that_nobody_can_tell_of_is_unknown(repo: RepoFolder) -> None:
    """Neither is the section said, nor is it told that the consent is not there."""
    repo.local("example.com", REPORTED)
    repo.policy(HOST.replace("local", "gone"), "example.net")
    repo.write(
        "providers/gone.yaml", "class: mailauth_dns.octo.LocalProvider\ndirectory: elsewhere\n"
    )
    ran = repo.run("import", "example.com", "--from-zone", "served/example.com.zone", "--write")
    assert (ran.code, ran.out) == (1, "")
    assert "example.com: unknown: example.com._report._dmarc.example.net TXT: " in ran.err
    assert not (repo.root / "zones/policy/example.com.yaml").exists()
    port = free_port()
    repo.policy(
        f'domain: example.net\nnameservers: ["127.0.0.1:{port}"]\nspf: {{all: fail}}\n',
        "example.net",
    )
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        live = repo.run(
            "import", "example.com", "--nameserver", f"127.0.0.1:{server.port}", "--selector", "s1"
        )
    assert live.code == 1
    assert f"example.com._report._dmarc.example.net TXT: 127.0.0.1:{port}: refused" in live.err


def test_domains_that_report_to_each_other_are_imported_together(repo: RepoFolder) -> None:
    """Each alone would be said, and then a plan of both would add consents."""
    repo.local("example.com", REPORTED)
    repo.local("example.net", f'{HEAD}_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:d@example.com"\n')
    repo.write("zones/policy/_defaults.yaml", "providers: [local]\n")
    ran = repo.run("import", "example.com", "example.net", "--provider", "local", "--write")
    assert ran.code == 2
    assert (
        "would add that organization's consent at example.net._report._dmarc.example.com" in ran.err
    )
    assert repo.run("plan", "--no-live", "--detailed-exitcode").code == 0
