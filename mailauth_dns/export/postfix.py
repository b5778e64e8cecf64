"""Postfix's side: the main.cf lines that send mail through the signing program, and a script.

While the signing program is down, `milter_default_action = accept` sends mail out unsigned and
nobody notices. With `tempfail`, which is Postfix's own default, servers and local mail try again
and the mail is signed later; a mail client shows its user an error (postconf(5)).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mailauth_dns.export.milter import Socket, spelled

MAIN, SCRIPT = "main.cf", "postconf.sh"


def files(sockets: Sequence[Socket], hostname: str | None) -> dict[str, str]:
    """Return the lines and the script; `hostname` None leaves the host's own names alone."""
    names: dict[str, str] = {}
    if hostname is not None:
        names = {
            "myhostname": hostname,
            "mydomain": hostname.partition(".")[2] or hostname,
            "myorigin": "$mydomain",
        }
    milters = [socket.postfix for socket in sockets]
    rest = {"non_smtpd_milters": "$smtpd_milters", "milter_default_action": "tempfail"}
    return {
        MAIN: _WHY
        + "".join(
            f"{name} = {value}\n"
            for name, value in {**names, "smtpd_milters": ", ".join(milters), **rest}.items()
        ),
        SCRIPT: _SCRIPT.format(
            milters="".join(
                f"pass_through {' '.join(map(shlex.quote, socket.spellings))}\n"
                for socket in sockets
            ),
            settings="".join(
                f"postconf -e '{name} = {value}'\n" for name, value in {**names, **rest}.items()
            ),
        ),
    }


_WHY = (
    "# tempfail: while the signing program is down, servers retry and mail clients show an error. "
    "With accept it goes out unsigned, and nobody notices.\n"
)

# A milter that is there already stays, such as a spam filter, or ours in another spelling.
_SCRIPT = """set -eu
pass_through() {{
  milters=$(postconf -h smtpd_milters | tr ',\\n' '  ')
  for spelling in "$@"; do
    case " $milters " in
      *" $spelling "*) return ;;
    esac
  done
  postconf -e "smtpd_milters = $milters $1"
}}
{milters}{settings}"""


_VARIABLE = re.compile(r"\$[({]?(\w+)[)}]?")
_FOLLOWS = re.compile(r"\$(?:smtpd_milters|\{smtpd_milters\}|\(smtpd_milters\))")


def statements(text: str, sockets: Collection[Socket], hostname: str | None) -> Iterator[str]:
    """Yield what main.cf says of our settings, in one spelling.

    Milters of others do not count; nor do the host's names without `hostname`.
    """
    ours = {socket.postfix for socket in sockets}
    for name, value in _settings(text).items():
        if name == "smtpd_milters" or (
            name == "non_smtpd_milters" and not _FOLLOWS.fullmatch(value)
        ):
            yield from (f"{name}: {milter}" for milter in _listed(value) if milter in ours)
            yield from (
                f"{name}: {milter} default_action={action}"
                for milter, action in _actions(value)
                if milter in ours
            )
        elif name == "non_smtpd_milters":
            yield from (f"{name}: {milter}" for milter in sorted(ours))
        elif name == "milter_default_action" or (
            hostname is not None and name in ("myhostname", "mydomain", "myorigin")
        ):
            yield f"{name} = {value}"


def milters(text: str) -> frozenset[str]:
    """Return the milters that main.cf has mail from other hosts pass."""
    settings = _settings(text)
    value = _VARIABLE.sub(
        lambda found: settings.get(found[1], found[0]), settings.get("smtpd_milters", "")
    )
    return frozenset(_listed(value))


def networks(text: str) -> str | None:
    """Return the networks that may relay by main.cf, None where it does not say.

    Then they are loopback and the host's own addresses.
    """
    return _settings(text).get("mynetworks")


def _listed(value: str) -> list[str]:
    """Return the milters in a list, in one spelling, without the settings of those in braces."""
    names = re.sub(r"\w+\s*=\s*[^\s,{}]*", "", value)
    return [spelled(word) for word in re.split(r"[\s,{}]+", names) if word]


def _actions(value: str) -> Iterator[tuple[str, str]]:
    """Yield the milters in a list whose own default_action differs from ours, with that action."""
    for inner in re.findall(r"\{([^{}]*)\}", value):
        found = re.search(r"\bdefault_action\s*=\s*(\w+)", inner)
        if found is not None and found[1] != "tempfail":
            yield from ((milter, found[1]) for milter in _listed(inner))


@dataclass(frozen=True, slots=True)
class Service:
    """A service of master.cf that takes mail in by SMTP.

    `milters` are its own in place of main.cf's, None where it has none.
    """

    name: str
    chrooted: bool
    milters: frozenset[str] | None


def services(master: str) -> Iterator[Service]:
    """Yield the smtpd services of a master.cf (master(5))."""
    for fields in map(str.split, _whole_lines(master)):
        if len(fields) > 7 and fields[7] == "smtpd":
            found = _OWN_MILTERS.search(" ".join(fields[8:]) + " ")
            own = (
                frozenset(_listed(found[1]))
                if found is not None and not _FOLLOWS.fullmatch(found[1])
                else None
            )
            yield Service(fields[0], fields[4] == "y", own)


_OWN_MILTERS = re.compile(r"-o\s+(?:\{\s*)?smtpd_milters\s*=\s*(.*?)\s*(?:\}|(?=\s-o\s)|$)")


def _settings(text: str) -> dict[str, str]:
    """Return main.cf's settings; the last of a name counts."""
    found: dict[str, str] = {}
    for line in _whole_lines(text):
        name, _, value = (part.strip() for part in line.partition("="))
        found[name] = value
    return found


def _whole_lines(text: str) -> list[str]:
    """Return the lines that count; one that begins with white space continues the line before."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" and lines:
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line)
    return lines
