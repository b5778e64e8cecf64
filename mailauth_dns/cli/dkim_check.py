"""The dkim check command: private keys, the policy and DNS beside each other."""

from __future__ import annotations

import typer

from mailauth_dns.cli import what_next_keys
from mailauth_dns.cli.key_options import OwnerOption, PrivateDir, owner_named, private_folder
from mailauth_dns.cli.options import Domains, OutputFormat
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, domains, session_of
from mailauth_dns.keys import check as key_check
from mailauth_dns.keys import private_files
from mailauth_dns.policy.load import load_repo
from mailauth_dns.render import keys


def command(
    context: typer.Context,
    domain: Domains = None,
    private_dir: PrivateDir = None,
    owner: OwnerOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Compare private keys, the policy and DNS.

    It also checks file permissions, and where delegated selectors lead.
    """
    session = session_of(context)
    repo = load_repo(session.root)
    policies = repo.of(domains(domain))
    folder = private_files.folder(private_folder(session, private_dir), session.root)
    with session.waiting("comparing keys with DNS"):
        checked, found = key_check.check(repo, policies, folder, owner_named(owner))
    if format is Format.JSON:
        session.json(keys.problems_data(found, checked))
    else:
        session.show(keys.problems(found, checked), wrap=True)
    weights = {problem.weight for problem in found}
    what_next_keys.after_check(session, domains(domain), found)
    return FAILED if "unknown" in weights else DIFFERS if "wrong" in weights else DONE
