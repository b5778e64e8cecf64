"""Postfix's side: the main.cf lines that send mail through the signing program, and a script that sets them (postconf(5))."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mailauth_dns.signing.milter import Socket

MAIN, SCRIPT = "main.cf", "postconf.sh"


def files(sockets: Sequence[Socket], hostname: str | None) -> dict[str, str]:
    """Return the lines and the script; `hostname` is the host's own name, None to leave its names alone."""
    names: dict[str, str] = {}
    if hostname is not None:
        names = {"myhostname": hostname, "mydomain": hostname.partition(".")[2] or hostname, "myorigin": "$mydomain"}
    milters = [socket.postfix for socket in sockets]
    rest = {"non_smtpd_milters": "$smtpd_milters", "milter_default_action": "accept"}
    return {
        MAIN: "".join(f"{name} = {value}\n" for name, value in {**names, "smtpd_milters": ", ".join(milters), **rest}.items()),
        SCRIPT: _SCRIPT.format(
            milters=" ".join(milters), settings="".join(f"postconf -e '{name} = {value}'\n" for name, value in {**names, **rest}.items())
        ),
    }


# A milter that is there already, such as a spam filter, stays.
_SCRIPT = """set -eu
for milter in {milters}; do
  milters=$(postconf -h smtpd_milters | tr ',\\n' '  ')
  case " $milters " in
    *" $milter "*) ;;
    *) postconf -e "smtpd_milters = $milters $milter" ;;
  esac
done
{settings}"""


def statements(text: str, sockets: Collection[Socket], hostname: str | None) -> Iterator[str]:
    """Yield what main.cf says of our settings, in one spelling; milters of others do not count, nor names without `hostname`."""
    ours = {socket.postfix for socket in sockets}
    for name, value in _settings(text).items():
        if name == "smtpd_milters" or (name == "non_smtpd_milters" and value != "$smtpd_milters"):
            yield from (f"{name}: {milter}" for milter in value.replace(",", " ").split() if milter in ours)
        elif name == "non_smtpd_milters":
            yield from (f"{name}: {milter}" for milter in sorted(ours))
        elif name == "milter_default_action" or (hostname is not None and name in ("myhostname", "mydomain", "myorigin")):
            yield f"{name} = {value}"


def milters(text: str) -> frozenset[str]:
    """Return the milters that main.cf has mail from other hosts pass."""
    return frozenset(_settings(text).get("smtpd_milters", "").replace(",", " ").split())


def _settings(text: str) -> dict[str, str]:
    """Return main.cf's settings; a line that begins with white space goes on the one before, and the last of a name counts."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" and name:
            found[name] = f"{found[name]} {line.strip()}".strip()
            continue
        name, _, value = (part.strip() for part in line.partition("="))
        found[name] = value
    return found
