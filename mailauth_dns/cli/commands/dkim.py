"""The dkim commands: keygen, adopt, status, activate, rotate, check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, dkim_activate, headings, what_next_keys
from mailauth_dns.cli.command import Command, Group
from mailauth_dns.cli.key_options import Bits, Domain, OwnerOption, PrivateDir
from mailauth_dns.cli.options import Domains, OutputFormat, OutputOrPage
from mailauth_dns.cli.session import (
    DIFFERS,
    DONE,
    FAILED,
    Format,
    PageFormat,
    Session,
    domains,
    session_of,
)
from mailauth_dns.errors import MailAuthError
from mailauth_dns.keys import (
    adoption,
    first_seen,
    keypair,
    private_files,
    rotation,
)
from mailauth_dns.keys import check as key_check
from mailauth_dns.keys import keygen as new_keys
from mailauth_dns.keys import status as key_status
from mailauth_dns.keys.private_files import KeyDestination
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import dkim as records_dkim
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.render import json_data, keys
from mailauth_dns.signing_host import key_owner as owners
from mailauth_dns.signing_host.key_owner import Owner

command = typer.Typer(
    cls=Group, help="Make, adopt, look at, rotate and check DKIM keys.", rich_markup_mode=None
)


def _check_bits(bits: int) -> None:
    if bits not in keypair.RSA_BITS:
        raise MailAuthError(f"--bits {bits}: use one of {', '.join(map(str, keypair.RSA_BITS))}")


@command.command("keygen", cls=Command)
def keygen(
    context: typer.Context,
    domain: Domain,
    selector: Annotated[
        str | None,
        typer.Option(
            "--selector",
            metavar="NAME",
            help="its name; default: the policy's selector_template",
            rich_help_panel=headings.KEY,
        ),
    ] = None,
    type: Annotated[
        KeyType, typer.Option("--type", help="rsa or ed25519", rich_help_panel=headings.KEY)
    ] = KeyType.RSA,
    bits: Bits = keypair.RSA_BITS[0],
    private_dir: PrivateDir = None,
    owner: OwnerOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Make a key and a pending selector for it.

    The private half goes outside the repo, the public half into it.
    """
    session = session_of(context)
    _check_bits(bits)
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    destination = KeyDestination(_private_folder(session, private_dir), _owner(owner))
    spec = new_keys.KeySpec(type, bits, selector)
    made = new_keys.keygen(repo, policy, spec, destination, datetime.now(UTC))
    if format is Format.JSON:
        session.json({"format": json_data.FORMAT, **keys.new_key_data(made)})
    else:
        session.show(keys.new_key(made), wrap=True)
        session.say(keys.after_keygen(made))
    _remark(session, made.remarks)
    what_next_keys.after_keygen(session, policy.domain)
    return DONE


@command.command("adopt", cls=Command)
def adopt(
    context: typer.Context,
    domain: Domain,
    selector: Annotated[
        str,
        typer.Argument(
            metavar="SELECTOR", autocompletion=completions.selectors, help="its name in DNS"
        ),
    ],
    private_key: Annotated[
        Path,
        typer.Option(
            "--private-key",
            metavar="FILE",
            help="its private half, as PEM or an Ed25519 seed",
            rich_help_panel=headings.PRIVATE,
        ),
    ],
    private_dir: PrivateDir = None,
    move: Annotated[
        bool,
        typer.Option(
            "--move",
            help="delete FILE once the key is in the private folder",
            rich_help_panel=headings.PRIVATE,
        ),
    ] = False,
    leave: Annotated[
        bool,
        typer.Option(
            "--leave",
            help="leave the private half in FILE and copy it nowhere",
            rich_help_panel=headings.PRIVATE,
        ),
    ] = False,
    owner: OwnerOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Make an existing key ours.

    The policy has it already as published (`p:`), or it gets a new selector.
    """
    session = session_of(context)
    if (
        not private_key.name
        or records_dkim.holds_private_key(str(private_key))
        or keypair.is_private(str(private_key).encode())
    ):
        raise MailAuthError(
            "--private-key names the file that holds the key; the key itself is no argument"
        )
    if move and leave:
        raise MailAuthError("--move and --leave: give one")
    if leave and (private_dir is not None or owner is not None):
        raise MailAuthError("--leave copies nothing, so it takes no --private-dir and no --owner")
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    folder = (
        None if leave else private_files.folder(_private_folder(session, private_dir), session.root)
    )
    made = adoption.adopt(
        repo,
        policy,
        selector,
        adoption.KeySource(session.path(private_key), folder, move, _owner(owner)),
        datetime.now(UTC),
    )
    if format is Format.JSON:
        session.json({"format": json_data.FORMAT, **keys.adopted_data(made)})
    else:
        session.show(keys.adopted(made), wrap=True)
        session.say("a plan shows what changes in DNS, tags too; after it, export what signs")
    what_next_keys.after_adopt(session, policy)
    return DONE


def _private_folder(session: Session, private_dir: Path | None) -> Path | None:
    """Return the folder that the command line named.

    A relative one lies where the command runs; the repo may be above.
    """
    return session.path(private_dir.expanduser()).absolute() if private_dir is not None else None


def _owner(owner: str | None) -> Owner | None:
    return owners.named(owner) if owner is not None else None


def _remark(session: Session, remarks: Iterable[str]) -> None:
    for remark in remarks:
        session.say(remark)


@command.command("status", cls=Command)
def status(
    context: typer.Context, domain: Domains = None, format: OutputOrPage = PageFormat.TEXT
) -> int:
    """Show each key's state, what DNS says, and the next step.

    It writes down when every server was first seen to serve a key.
    """
    session = session_of(context)
    repo = load_repo(session.root)
    policies = repo.of(domains(domain))
    now = datetime.now(UTC)
    with session.waiting("asking for the keys in DNS"):
        statuses = key_status.look(policies, now)
    written, problems = first_seen.write(repo, policies, statuses, now)
    if written:
        edited = load_repo(session.root).of(domains(domain))
        statuses = key_status.again(statuses, edited, now)
    match format:
        case PageFormat.JSON:
            session.json(keys.status_data(statuses, written))
        case PageFormat.HTML:
            from mailauth_dns.pages.keys_page import keys_page

            session.page(keys_page(statuses, now))
        case PageFormat.TEXT:
            session.show(keys.status(statuses, now), wrap=True)
    for each in written:
        session.say(f"written, to be committed: {each}")
    _remark(session, key_status.remarks(statuses))
    if problems:  # after the keys' states, which are known
        raise MailAuthError("\n".join(problems))
    what_next_keys.after_status(session, statuses, domains(domain), now)
    if any(each.in_dns.state == "unknown" for each in statuses):
        return FAILED
    return DIFFERS if any(each.wrong for each in statuses) else DONE


command.command("activate", cls=Command)(dkim_activate.command)


@command.command("rotate", cls=Command)
def rotate(
    context: typer.Context,
    domain: Domain,
    type: Annotated[
        list[KeyType] | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="only keys of this type: rsa, ed25519",
            rich_help_panel=headings.KEY,
        ),
    ] = None,
    bits: Bits = keypair.RSA_BITS[0],
    private_dir: PrivateDir = None,
    owner: OwnerOption = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write the next step of a domain's keys into its policy.

    You review the edit. It refuses a step whose time has not come.
    """
    session = session_of(context)
    _check_bits(bits)
    repo = load_repo(session.root)
    [policy] = repo.of(domains([domain]))
    result = rotation.rotate(
        repo,
        policy,
        type or (),
        bits,
        KeyDestination(_private_folder(session, private_dir), _owner(owner)),
        datetime.now(UTC),
    )
    if format is Format.JSON:
        session.json(keys.rotated_data(result))
    else:
        session.show(keys.rotated(result), wrap=True)
    for made in result.made:
        _remark(session, made.remarks)
    if result.problem is not None:
        raise MailAuthError(result.problem)
    what_next_keys.after_rotate(session, policy.domain, result)
    return FAILED if result.waiting else DONE


@command.command("check", cls=Command)
def check(
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
    folder = private_files.folder(_private_folder(session, private_dir), session.root)
    with session.waiting("comparing keys with DNS"):
        checked, found = key_check.check(repo, policies, folder, _owner(owner))
    if format is Format.JSON:
        session.json(keys.problems_data(found, checked))
    else:
        session.show(keys.problems(found, checked), wrap=True)
    weights = {problem.weight for problem in found}
    what_next_keys.after_check(session, domains(domain), found=bool(weights - {"note"}))
    return FAILED if "unknown" in weights else DIFFERS if "wrong" in weights else DONE
