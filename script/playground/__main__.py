"""`script/lab`: starts the playground, runs a shell or a command in it, and ends it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playground.arguments import Parser
from playground.machine import Machine
from playground.places import API_PORT, BIND, HOME, KEYS, MACHINE, POWERDNS, SHARED
from playground.world import World

from tests.lab import mailhost
from tests.lab.isolated_host import missing

_ABOUT = """A small internet on this machine. Nothing leaves it, and it ends with your shell. What
you write is gone then, save in the folder that --share names."""
_DNS = {
    "bind": f"""\
Your zone example.com is at BIND on {BIND}. Your key for updates is named mailauth
(hmac-sha256), and its secret is in ~/bind-secret.""",
    "powerdns": f"""\
Your zone example.com is at PowerDNS on {POWERDNS}. Its API is http://{POWERDNS}:{API_PORT}, and
its key is in ~/powerdns-api-key.""",
    "registrar": """\
Your zone example.com is at a registrar, and only its form changes it:
registrar-form list, registrar-form add HOST TYPE TTL VALUE, registrar-form delete HOST TYPE.""",
}
_MACHINE = f"""\
You are root on mx.example.com ({MACHINE}), with Postfix and {{signer}} as Debian installs
them: nothing is configured. Their log is /var/log/mail.log.
Mail to bob@example.net goes to a receiver that checks SPF, DKIM and DMARC. receiver-inbox shows
what it found. exit ends the playground."""
LARGEST_FLEET = 100_000
_NAMES = {"opendkim": "OpenDKIM", "rspamd": "Rspamd"}


def main(arguments: list[str]) -> int:
    asked = _parser().parse_args(arguments)
    why = missing(*mailhost.PROGRAMS, "policyd-spf", "pdns_server", asked.signer)
    if why is not None:
        print(f"the playground cannot start: {why}", file=sys.stderr)
        return 1
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", SHARED], check=True)
    Path(SHARED, "inbox").mkdir()
    try:
        return _play(asked)
    except AssertionError as error:
        print(f"the playground did not start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _play(asked: argparse.Namespace) -> int:
    with (
        World(asked.dns, asked.fleet, forgetful=asked.forgetful) as world,
        Machine(asked.signer, asked.share) as machine,
    ):
        with ThreadPoolExecutor() as both:
            serving = both.submit(world.serve)
            machine.furnish(world.pid)
            machine.start()
            serving.result()
        _hand_over(machine, world)
        words = asked.command[1:] if asked.command[:1] == ["--"] else asked.command
        if not words:
            print(_welcome(asked, world), file=sys.stderr)
        return machine.command(words)


def _parser() -> Parser:
    parser = Parser(
        prog="script/lab", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    dns = parser.add_mutually_exclusive_group()
    for name, says in (
        ("bind", "example.com is at a BIND that takes your updates (the default)"),
        ("powerdns", "example.com is at a PowerDNS with its API"),
        ("registrar", "example.com is at a registrar: only registrar-form changes it"),
    ):
        dns.add_argument(f"--{name}", dest="dns", action="store_const", const=name, help=says)
    parser.add_argument(
        "--rspamd",
        dest="signer",
        action="store_const",
        const="rspamd",
        default="opendkim",
        help="Rspamd is installed, not OpenDKIM",
    )
    parser.add_argument(
        "--fleet", type=_size, default=0, metavar="N", help="N more domains at PowerDNS"
    )
    parser.add_argument(
        "--forgetful",
        action="store_true",
        help="resolvers forget after a second: for tests, which move the clock and do not wait",
    )
    parser.add_argument(
        "--share",
        type=_folder,
        metavar="DIR",
        help="a folder of this machine that stays: the shell starts in it",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="[--] [COMMAND...]")
    parser.set_defaults(dns="bind")
    return parser


def _folder(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_dir() or path == Path("/"):
        raise argparse.ArgumentTypeError(f"{text} is no folder that can be shared")
    return path


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) > LARGEST_FLEET:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to {LARGEST_FLEET}")
    return int(text)


def _hand_over(machine: Machine, world: World) -> None:
    """Give the user what opens their zones, and the form what the registrar has."""
    machine.write(f"{KEYS}/registrar.key", f"{world.secrets.registrar}\n")
    if world.dns != "registrar":
        machine.secret(f"{HOME}/bind-secret", f"{world.secrets.bind}\n")
    machine.secret(f"{HOME}/powerdns-api-key", f"{world.secrets.powerdns}\n")
    if world.fleet:
        machine.write(f"{HOME}/fleet.txt", "".join(f"{domain}\n" for domain in world.fleet))


def _welcome(asked: argparse.Namespace, world: World) -> str:
    said = [_ABOUT, "", _MACHINE.format(signer=_NAMES[asked.signer]), "", _DNS[asked.dns]]
    if world.fleet:
        said.append(
            f"{len(world.fleet)} more domains are at PowerDNS on {POWERDNS}: {world.fleet[0]} to"
            f" {world.fleet[-1]}. They are listed in ~/fleet.txt. The API is"
            f" http://{POWERDNS}:{API_PORT}, its key is in ~/powerdns-api-key."
        )
    return "\n".join(said) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
