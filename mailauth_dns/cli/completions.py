"""What a shell may complete: domains, selectors, rules, providers, plan files.

A shell waits for this, and evaluates what it gets. So nothing is loaded before it is needed, the
answer is short however large the repo is, errors are silent, and words that a shell could obey are
left out: people who write policies must not choose what the shells of others run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mailauth_dns.cli.command_help import ClickContext
from mailauth_dns.cli.commands import BELOW
from mailauth_dns.errors import MailAuthError

MAX_WORDS = 100  # that are shown at once

_HARMLESS = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_.@+/-]*")

Word = tuple[str, str]  # with a text that says what it is, which may be empty


def domains(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return domains that policies declare, without those that the line has already."""
    from mailauth_dns.policy import glance

    given = ctx.params.get("domain")
    there = frozenset(given if isinstance(given, (list, tuple)) else ())
    found = (each for each in _read(ctx, glance.domains) if each not in there)
    below = () if there else BELOW.get(ctx.info_name or "", ())
    return [(each, "") for each in (*_begun(below, incomplete), *few(found, incomplete))]


def _begun(words: Iterable[str], incomplete: str) -> Iterator[str]:
    return (each for each in words if each.startswith(incomplete))


def selectors(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return the selectors of the line's domain, or of the domain in its From."""
    from mailauth_dns.policy import glance

    domain = ctx.params.get("domain") or (ctx.params.get("header_from") or "").rpartition("@")[2]
    if not isinstance(domain, str) or not _HARMLESS.fullmatch(domain):
        return []
    found = _read(ctx, lambda root: glance.selectors(root, domain))
    return [(each, "") for each in few(found, incomplete)]


def providers(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return the ids of the repo's providers."""
    from mailauth_dns.policy import glance

    return [(each, "") for each in few(_read(ctx, glance.providers), incomplete)]


def rules(incomplete: str) -> list[Word]:
    """Return ids of rules; in a list such as SPF010,DKIM009 the last one is completed."""
    from mailauth_dns.lint.catalog import ALL_RULES  # every rule is a function in some module

    before, comma, last = incomplete.rpartition(",")
    return [
        (f"{before}{comma}{rule.id}", rule.slug) for rule in ALL_RULES if rule.id.startswith(last)
    ]


def senders(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return the ids of the catalogue's senders, and of the repo's own."""
    from mailauth_dns.policy import glance

    return [(each, "") for each in few(_read(ctx, glance.senders), incomplete)]


def declared_senders(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return what the policy of the line's domain calls its senders."""
    from mailauth_dns.policy import glance

    domain = ctx.params.get("domain")
    if not isinstance(domain, str) or not _HARMLESS.fullmatch(domain):
        return []
    found = _read(ctx, lambda root: glance.declared_senders(root, domain))
    return [(each, "") for each in few(found, incomplete)]


def documents(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return the names of schemas, a word at a time."""
    from mailauth_dns.render.json_shapes import SHAPES

    given = ctx.params.get("document")
    words = tuple(given) if isinstance(given, (list, tuple)) else ()
    names = (name.split() for name in ("policy", "report", *SHAPES))
    found = (
        name[len(words)]
        for name in names
        if len(name) > len(words) and tuple(name[: len(words)]) == words
    )
    return [(each, "") for each in few(dict.fromkeys(found), incomplete)]


def plans(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return JSON files, and the folders on the way to them. Relative ones lie in -C."""
    where, slash, _ = incomplete.rpartition("/")
    folder = _folder(ctx) / f"{where}{slash}"
    try:
        found = [
            f"{where}{slash}{each.name}{'/' if each.is_dir() else ''}"
            for each in folder.iterdir()
            if not each.name.startswith(".") and (each.suffix == ".json" or each.is_dir())
        ]
    except OSError:
        return []
    return [(each, "") for each in few(found, incomplete)]


def commands(ctx: ClickContext, incomplete: str) -> list[Word]:
    """Return the commands that may follow those on the line."""
    command = ctx.find_root().command
    words: list[str] = ctx.params.get("words") or []
    if len(words) == 1 and words[0] in BELOW:
        return [(each, "") for each in _begun(BELOW[words[0]], incomplete)]
    for name in words:
        command = getattr(command, "commands", {}).get(name)
    found = command.list_commands(ctx) if hasattr(command, "commands") else ()
    return [(each, "") for each in few(found, incomplete)]


def few(found: Iterable[str], incomplete: str) -> list[str]:
    """Return the words that begin with `incomplete`, sorted.

    Of more than MAX_WORDS, it returns how they begin: as many first characters as make no more
    than that. A shell then completes what they have in common, and you type on.

    >>> few(["b.example", "a.example", "a; rm"], "")
    ['a.example', 'b.example']
    >>> few((f"{n:03}.example" for n in range(1000)), "")[:3]
    ['00', '01', '02']
    """
    words = {each for each in found if each.startswith(incomplete) and _HARMLESS.fullmatch(each)}
    length = len(incomplete)
    shown = words
    if len(words) > MAX_WORDS:
        shown = {incomplete}
        while len(longer := {each[: length + 1] for each in words}) <= MAX_WORDS:
            shown, length = longer, length + 1
    return sorted(shown)


def _read(ctx: ClickContext, names: Callable[[Path], Iterable[str]]) -> Iterator[str]:
    from mailauth_dns.cli.repo_root import repo_root

    try:
        directory = ctx.find_root().params.get("directory")
        yield from names(directory or repo_root(Path()))
    except (MailAuthError, OSError):
        return


def _folder(ctx: ClickContext) -> Path:
    directory: Any = ctx.find_root().params.get("directory")
    return directory or Path()
