"""The help, and the modules that a command imports."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailauth_dns.cli import commands, headings, main

GROUPS = ("dkim", "dmarc", "mta_sts", "reports", "senders", "spf")
COMMANDS = (
    *(name for name in commands.every_name() if name not in GROUPS),
    *(
        f"senders {name}"
        for name in ("list", "show", "check", "status", "retire", "suggest", "import-template")
    ),
    *(f"dkim {name}" for name in ("keygen", "adopt", "status", "activate", "rotate", "check")),
    *(f"spf {name}" for name in ("tree", "lock")),
    *(f"dmarc {name}" for name in ("status", "advance")),
    *(f"mta_sts {name}" for name in ("status", "advance")),
    *(f"reports {name}" for name in ("read", "show", "watch")),
)
FOLDER = Path(commands.__file__).parent


def helped(arguments: str, capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    assert main([*arguments.split(), "--help"]) == 0
    return capfd.readouterr().out


def sections(said: str) -> dict[str, list[str]]:
    """The lines below each heading."""
    found: dict[str, list[str]] = {}
    for line in said.splitlines():
        if heading := re.match(r"(\S.*?):", line):
            found[heading[1]] = []
        elif line and found:
            [*found.values()][-1].append(line)
    return found


@pytest.mark.parametrize("group", ["", *GROUPS])
def test_summaries_are_whole_at_80_columns(
    group: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = sections(helped(group, capfd))
    rows = [row for title in [*commands.GROUPS, "Commands"] for row in found.get(title, [])]
    assert (
        len(rows) == len([name for name in COMMANDS if name.startswith(f"{group} ")]) or not group
    )
    assert group or len(rows) == len(commands.SUMMARIES)
    assert [row for row in rows if not row.endswith(".") or row.endswith("...")] == []


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", ["", *GROUPS, *COMMANDS])
def test_help_fits_the_terminal(
    command: str, columns: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for line in helped(command, capfd).splitlines():
        assert len(line) <= columns or " " not in line.strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_has_a_heading(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    found = sections(helped(command, capfd))
    assert headings.REST not in found
    assert {*found} <= {"Usage", "Arguments", *headings.ORDER, "Examples"}


@pytest.mark.parametrize("command", [*GROUPS, *COMMANDS])
def test_options_of_the_program_are_named_once(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = helped(command, capfd)
    assert said.count("Everywhere: -C DIR, -q, -v, --no-color, -h (see `mailauth-dns --help`)") == 1
    assert "--directory" not in said


@pytest.mark.parametrize("command", ["", "plan", "dkim", "dkim rotate"])
def test_help_is_a_command_too(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    shown = helped(command, capfd)
    assert main(["help", *command.split()]) == 0
    assert capfd.readouterr().out == shown


@pytest.mark.parametrize("command", commands.SUMMARIES)
def test_the_list_says_what_the_commands_help_says(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    summary = helped(command, capfd).split("\n\n")[1]
    assert " ".join(summary.split()) == commands.SUMMARIES[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_no_python_types(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    said = helped(command, capfd)
    assert re.search(r"<(list|str|int|path|float)|\[\[|\{[A-Z]", said) is None
    assert f"Usage: mailauth-dns {command} [OPTIONS]" in said


def test_a_command_is_found_by_its_name() -> None:
    """Each module of the folder is one command's, and each command has one."""
    modules = {commands.module_name(name).rpartition(".")[2] for name in commands.every_name()}
    assert modules == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}


IMPORTED = {
    "rules": {"rules"},
    "help rules": {"help", "rules"},
    "lint --help": {"lint"},
    "spf tree --help": {"spf"},
    "-q plan --help": {"plan"},
    "lnit": set(),
    "--help": set(),
}


@pytest.mark.parametrize("line", IMPORTED)
def test_only_the_module_of_the_command_is_imported(line: str) -> None:
    script = (
        "import sys\n"
        "from mailauth_dns.cli import main\n"
        f"main({line.split()})\n"
        "print('imported', *(n for n in sys.modules if n.startswith('mailauth_dns.cli.commands.')))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names = ran.stdout.rpartition("imported")[2].split()
    assert {name.rpartition(".")[2] for name in names} == IMPORTED[line]


# What a start leaves out: each of these takes as long to load as a small command takes in all.
NETWORK = {"cryptography", "dns", "httpcore", "octodns", "requests", "ssl"}
PAGES = {"jinja2", "rich.console"}
PLANS = {"mailauth_dns.plan.plan", "mailauth_dns.plan.plan_shape", "mailauth_dns.render.json_data"}
READERS = {"pydantic", "yaml", "rich", "mailauth_dns.policy.load", "mailauth_dns.policy.model"}
NOT_LOADED = {
    "--help": NETWORK | PAGES | PLANS | READERS,
    "--version": NETWORK | PAGES | PLANS | READERS,
    "lint": NETWORK | PAGES | PLANS | {"mailauth_dns.policy.spf_lock_file"},
    "lint --help": NETWORK | PAGES | PLANS,
    "rules SPF010": NETWORK | PAGES | {"mailauth_dns.policy.load"},
    "compile": NETWORK | PAGES | PLANS - {"mailauth_dns.render.json_data"},
}


@pytest.mark.parametrize("line", NOT_LOADED)
def test_what_a_command_does_not_need_is_not_loaded(line: str, tmp_path: Path) -> None:
    policy = tmp_path / "zones/policy/example.com.yaml"
    policy.parent.mkdir(parents=True)
    policy.write_text("domain: example.com\nspf: {all: fail}\ndmarc: {p: reject}\n")
    script = (
        "import sys\n"
        "from mailauth_dns.cli import main\n"
        f"code = main({line.split()})\n"
        "print('loaded', code, *sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    code, *loaded = ran.stdout.rpartition("loaded")[2].split()
    assert code == "0", ran.stderr
    assert NOT_LOADED[line] & set(loaded) == set()


@pytest.mark.parametrize("name", sorted(set().union(*NOT_LOADED.values())))
def test_what_is_not_loaded_exists(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


@pytest.mark.parametrize("flags", [["-qv"], ["-vvv"], ["-q", "--no-color"], ["--directory=."]])
def test_flags_of_the_program_work_after_the_command(
    flags: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "SPF010", *flags]) == 0
    assert "SPF010" in capfd.readouterr().out


# Whose help is named: that of the command that was not understood.
HELP = {
    ("lnit",): "mailauth-dns",
    ("--nope",): "mailauth-dns",
    ("-C",): "mailauth-dns",
    ("plan", "--nolive"): "mailauth-dns plan",
    ("plan", "--format", "xml"): "mailauth-dns plan",
    ("apply", "--allow"): "mailauth-dns apply",
    ("apply", "a", "b"): "mailauth-dns apply",
    ("serve", "--port", "x"): "mailauth-dns serve",
    ("export", "example.com"): "mailauth-dns export",
    ("spf", "lok"): "mailauth-dns spf",
    ("spf", "tree"): "mailauth-dns spf tree",
    ("spf", "lock", "--chek"): "mailauth-dns spf lock",
    ("dkim", "keygen"): "mailauth-dns dkim keygen",
    ("dkim", "keygen", "--type"): "mailauth-dns dkim keygen",
    ("dkim", "keygen", "example.com", "--type", "dsa"): "mailauth-dns dkim keygen",
}


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_bad_usage_names_the_help_of_its_command(
    arguments: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    said = capfd.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.endswith(f"; see {HELP[arguments]} --help\n")
    assert not [word for word in ("Value error", "Input should", "\\009", "\t") if word in said.err]


# What is said of a name that is almost one.
NEAR = {
    "lnt": "there is no command 'lnt' (did you mean lint?); see mailauth-dns --help",
    "status": "there is no command 'status' (did you mean dkim status or dmarc status or mta_sts status or senders status?); "
    "see mailauth-dns --help",
    "dkim rotat": "there is no command 'rotat' (did you mean rotate?); see mailauth-dns dkim --help",
    "help plam": "there is no command 'plam' (did you mean plan?); see mailauth-dns --help",
    "zzz": "there is no command 'zzz'; see mailauth-dns --help",
    "plan --nolive": "there is no option --nolive (did you mean --no-live or --normalize?); "
    "see mailauth-dns plan --help",
    "-x plan": "there is no option -x; see mailauth-dns --help",
}


@pytest.mark.parametrize("line", NEAR)
def test_a_near_name_is_suggested(line: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 1
    assert capfd.readouterr().err == f"{NEAR[line]}\n"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("mta-sts", "mta_sts"),
        ("mta-sts status", "mta_sts status"),
        ("check_message", "check-message"),
    ],
)
def test_a_hyphen_is_as_good_as_an_underscore(
    given: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*given.split(), "--help"]) == 0
    assert capfd.readouterr().out.startswith(f"Usage: mailauth-dns {name} [OPTIONS]")
    assert main(["help", *given.split()]) == 0
    assert capfd.readouterr().out.startswith(f"Usage: mailauth-dns {name} [OPTIONS]")


@pytest.mark.parametrize("command", ["lint", "plan", "spf lock", "dkim keygen"])
def test_the_help_that_is_named_is_there(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    assert f"mailauth-dns {command}" in capfd.readouterr().out
