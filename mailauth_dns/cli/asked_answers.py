"""The answers for quickstart: from options, and on a terminal from questions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import typer

from mailauth_dns.errors import MailAuthError
from mailauth_dns.quickstart import answers as asking
from mailauth_dns.quickstart.answers import Answers, Known, Question
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import quickstart as render

Knowing = Callable[[dict[str, str]], Known]  # what is known once this is given


def checked(options: Mapping[str, str | None]) -> dict[str, str]:
    """Return the answers that options give, checked.

    Raises:
        MailAuthError: one is wrong.
    """
    return {
        option: asking.check(option, text) for option, text in options.items() if text is not None
    }


def on_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def refuse_missing(domain: DomainName, given: dict[str, str], known: Known) -> None:
    """Refuse where nobody can be asked and something is not given.

    Raises:
        MailAuthError: it lists all that is missing.
    """
    if lacking := asking.missing(domain, given, known):
        raise MailAuthError(render.missing(lacking))


def complete(domain: DomainName, given: dict[str, str], knowing: Knowing) -> Answers:
    """Return all answers: what is not given is asked, or has its default without a terminal."""
    asks = on_terminal()
    while waiting := asking.questions(domain, given, knowing(given)):
        question = waiting[0]
        if asks:
            given[question.option] = _asked(question)
        else:
            assert question.default is not None  # the others were refused before
            given[question.option] = question.default
    return asking.answers(domain, given)


def _asked(question: Question) -> str:
    typer.echo(f"\n{question.why[:1].upper()}{question.why[1:]}.", err=True)
    while True:
        text = typer.prompt(question.ask, default=question.default, err=True)
        try:
            return asking.check(question.option, str(text))
        except MailAuthError as error:
            typer.echo(f"{error}", err=True)
