"""The commands, one module each, in the order of `--help`."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A command's module has its name. These differ: a keyword cannot be a module's name, and pytest
# collects `test`.
_OTHER_MODULES = {"import": "importing", "test": "run_tests"}

# Each command with the first sentence of its help, by task. The list of all commands shows these
# sentences, because importing every command doubles its time. A test compares them.
GROUPS = {
    "Start": {
        "quickstart": "Make a policy and a key, and show each step to a pass.",
        "init": "Make a new zone repo.",
        "import": "Write policies that say what is already published.",
        "next": "Say where you are and the one thing to do now.",
    },
    "Check": {
        "lint": "Check the policies and, with --live, what is in DNS.",
        "rules": "List the rules of lint, or show one.",
        "diff": "Compare the policies with live DNS.",
        "senders": "List, explain and check who sends your mail.",
        "spf": "Show what SPF records cost, and flatten them with a lock.",
    },
    "Publish": {
        "compile": "Write zones/compiled and zones/mta-sts from the policies.",
        "plan": "Show what would change at every provider.",
        "apply": "Apply what was reviewed, exactly, or refuse.",
        "verify": "Wait until DNS says what the policies say.",
    },
    "Keys and signing": {
        "dkim": "Make, adopt, look at, rotate and check DKIM keys.",
        "export": "Write DNS records and signing files for other programs.",
    },
    "Mail tests": {
        "test": "Run the policies' tests on DNS as it is and would be.",
        "simulate": "Judge a message that you describe, as a receiver would.",
        "check-message": "Judge a real message as a receiver would.",
        "reports": "Read the reports that receivers send about your mail.",
        "dmarc": "Show what DMARC's next step waits for, and take it.",
        "mta_sts": "Bring MTA-STS to enforce on what TLS reports say.",
    },
    "Tools": {
        "serve": "Answer DNS on loopback from the local provider's files.",
        "schema": "Print the JSON Schema of a policy or of a JSON output.",
        "completion": "Print a script that lets your shell complete commands.",
        "help": "Show the help of a command.",
    },
}

SUMMARIES = {name: summary for rows in GROUPS.values() for name, summary in rows.items()}

# Commands of two words, by their first: a command with arguments of its own, and one below it.
BELOW = {"lint": ("merge",), "plan": ("merge",)}

_SPELLINGS = {name.replace("-", "_"): name for name in SUMMARIES}


def named(given: str) -> str:
    """Return the command that somebody means; some names have a hyphen, and mta_sts has none.

    >>> named("mta-sts"), named("check_message"), named("nothing")
    ('mta_sts', 'check-message', 'nothing')
    """
    return _SPELLINGS.get(given.replace("-", "_"), given)


def whole(words: list[str]) -> list[str]:
    """Return the words of a command line, with the command that they name as the first.

    >>> whole(["plan", "merge", "a.json"]), whole(["check_message", "a.eml"])
    (['plan merge', 'a.json'], ['check-message', 'a.eml'])
    """
    name, *rest = [named(words[0]), *words[1:]]
    if rest and rest[0] in BELOW.get(name, ()):
        return [f"{name} {rest[0]}", *rest[1:]]
    return [name, *rest]


def every_name() -> Iterator[str]:
    """Yield the commands in order, those of two words behind their first word."""
    for name in SUMMARIES:
        yield name
        yield from (f"{name} {below}" for below in BELOW.get(name, ()))


def module_name(command: str) -> str:
    """Return the full name of the module that holds a command."""
    return f"{__name__}.{_OTHER_MODULES.get(command, re.sub('[- ]', '_', command))}"
