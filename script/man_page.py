"""The man page, made of what --help says and of what is true of all commands (man-pages(7))."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator

from mailauth_dns import __version__
from mailauth_dns.cli.command_help import CommandHelp, Row
from mailauth_dns.cli.command_tree import all_commands
from mailauth_dns.cli.example import Example

DESCRIPTION = (
    "mailauth-dns keeps the SPF, DKIM and DMARC policy of your domains in short YAML files. It "
    "checks them, shows what would change in DNS and what that does to mail, and applies exactly "
    "what you reviewed. It never touches a record that no policy declares.",
    "Each command works in a zone repo: the current folder, the nearest one above it that holds "
    "zones/policy, or the folder of -C. Results go to standard output, everything else to "
    "standard error.",
)
EXIT_STATUS: tuple[Row, ...] = (
    ("0", "Done, and there is nothing to report."),
    (
        "1",
        "It could not do it, refused, or does not know: bad input, bad usage, a provider that is "
        "down, a stale plan, an unsafe change, an answer of DNS that is unknown.",
    ),
    (
        "2",
        "Done, and there is something: findings, differences, a test that fails, a message that "
        "fails DMARC. plan returns it for changes only with --detailed-exitcode.",
    ),
    ("130", "Interrupted."),
)
ENVIRONMENT: tuple[Row, ...] = (
    ("MAILAUTH_PRIVATE_DIR", "The folder of private keys, where no --private-dir names one."),
    (
        "MAILAUTH_JOBS",
        "How many processes a command works in at most, where no --jobs says so. Default: one a "
        "core. A small repo takes one.",
    ),
    ("NO_COLOR", "If it is set, output has no colours."),
    ("COLUMNS", "How wide the terminal is, where it does not say so itself."),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "The authorities that HTTPS trusts."),
    (
        "NAME",
        "A secret that a stanza refers to as env/NAME. Its value is never printed and never "
        "written into a plan.",
    ),
)
FILES: tuple[Row, ...] = (
    ("zones/policy/*.yaml", "The policies, which you write."),
    ("zones/policy/_defaults.yaml", "What every policy inherits."),
    ("providers/ID.yaml", "A provider: a stanza as octoDNS documents it."),
    ("zones/compiled/", "Zone files for octoDNS, which compile writes."),
    ("zones/keys/DOMAIN/SELECTOR.pem", "Public keys. Private keys are never in the repo."),
    ("zones/mta-sts/DOMAIN.txt", "MTA-STS policies to serve, which compile writes."),
    ("zones/locks/spf.json", "What flattened SPF names resolved to when last reviewed."),
)
SEE_ALSO = "octodns-sync(1), opendkim.conf(5), postconf(5), named.conf(5)"


def page(found: Iterable[CommandHelp]) -> str:
    """Return the man page of the program and its commands."""
    program, *others = found
    return "\n".join(_lines(program, others)) + "\n"


def _lines(program: CommandHelp, others: list[CommandHelp]) -> Iterator[str]:
    yield '.\\" Written by script/man from what --help says; edit that.'
    yield f'.TH MAILAUTH-DNS 1 "" "mailauth-dns {__version__}" "User Commands"'
    yield ".SH NAME"
    yield from _text(f"mailauth-dns - {program.summary}")
    yield ".SH SYNOPSIS"
    yield f".B {roff(program.path)}"
    yield roff(program.usage)
    yield ".SH DESCRIPTION"
    yield from _paragraphs(DESCRIPTION)
    yield ".SH OPTIONS"
    yield "The options of the program work before and after the command."
    for _, rows in program.options:
        yield from _rows(rows)
    yield ".SH COMMANDS"
    for each in others:
        yield from _command(each)
    for title, known in (
        ("EXIT STATUS", EXIT_STATUS),
        ("ENVIRONMENT", ENVIRONMENT),
        ("FILES", FILES),
    ):
        yield f".SH {title}"
        yield from _rows(known)
    yield ".SH EXAMPLES"
    yield from _examples(program.examples)
    yield ".SH SEE ALSO"
    yield re.sub(r"([\w.\\-]+)\((\d)\)", r"\\fB\1\\fR(\2)", roff(SEE_ALSO))


def _command(shown: CommandHelp) -> Iterator[str]:
    name = shown.path.removeprefix("mailauth-dns ")
    yield f".SS {roff(f'{name} {shown.usage}')}"
    yield from _text(shown.summary)
    if shown.more:
        yield from (".PP", *_text(shown.more))
    yield from _rows(shown.arguments)
    for title, rows in shown.options:
        yield from (".PP", rf"\fI{roff(title)}\fR")
        yield from _rows(rows)
    yield from (".PP", r"\fIExamples\fR", ".PP")
    yield from _examples(shown.examples)


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield ".PP"
        yield from _text(text)


def _text(words: str) -> Iterator[str]:
    yield from map(roff, textwrap.wrap(words, 70, break_long_words=False, break_on_hyphens=False))


def _rows(rows: Iterable[Row]) -> Iterator[str]:
    for label, text in rows:
        yield from (".TP", rf"\fB{roff(label)}\fR", *_text(text))


def _examples(examples: Iterable[Example]) -> Iterator[str]:
    for number, example in enumerate(examples):
        if number:
            yield ".PP"
        yield from (f"{roff(example.words)}:", ".PP", ".RS 4", ".nf")
        yield from (roff(example.line), ".fi", ".RE")


def roff(text: str) -> str:
    r"""Return a text that roff prints as it is.

    >>> print(roff(".it's a \\ and --out"))
    \&.it\(aqs a \e and \-\-out
    """
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    escaped = escaped.replace("`", r"\(ga").replace("^", r"\(ha").replace("~", r"\(ti")
    escaped = re.sub(r"[^\x00-\x7f]", lambda match: rf"\[u{ord(match[0]):04X}]", escaped)
    return rf"\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    sys.stdout.write(page(all_commands()))
