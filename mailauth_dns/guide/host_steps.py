"""Steps on the signing host: its programs read what was exported, and nobody else the keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mailauth_dns.guide.key_steps import private_dir
from mailauth_dns.guide.situation import Here, SigningHost, Situation
from mailauth_dns.guide.step import Command, Step, ours
from mailauth_dns.guide.wording import others

_NAMES = {"opendkim": "OpenDKIM", "rspamd": "Rspamd"}


def is_unknown(_here: Here, at: Situation) -> bool:
    """Tell whether a configuration on this host cannot be read."""
    return at.host is not None and bool(at.host.problem)


def differs(_here: Here, at: Situation) -> bool:
    """Tell whether the signing program reads something else than what an export says."""
    return at.host is not None and bool(at.host.files)


def is_passed_by(_here: Here, at: Situation) -> bool:
    """Tell whether Postfix sends mail out without showing it to the signing program."""
    return at.host is not None and bool(at.host.postfix)


def is_unsafe(_here: Here, at: Situation) -> bool:
    """Tell whether the signing program cannot read a private key, or others can."""
    return at.host is not None and bool(at.host.keys)


def is_unseen(_here: Here, at: Situation) -> bool:
    """Tell whether some of what decides about signing on this host could not be looked at."""
    return at.host is not None and bool(at.host.unseen)


def _host(at: Situation) -> SigningHost:
    assert at.host is not None
    return at.host


def look_as_root(_here: Here, group: Sequence[Situation]) -> Step:
    """A configuration on this host cannot be read."""
    at = group[0]
    return Step(
        "Look again as a user that may read the signing program's files",
        _host(at).problem,
        "a second",
        (("sudo", "mailauth-dns", "next", at.domain),),
        unknown=True,
    )


def export(here: Here, group: Sequence[Situation]) -> Step:
    """The signing program does not read what the policies say."""
    at = group[0]
    host = _host(at)
    more = f", and {len(host.files) - 1} more" if len(host.files) > 1 else ""
    return Step(
        f"Export the signing keys to {_NAMES[host.program]} on this host",
        f"it does not sign as the policy says: {host.files[0]}{more}",
        "a minute",
        tuple(_installed(here, at, host)),
        after=("`next` looks whether the files are in use",),
    )


def _installed(here: Here, at: Situation, host: SigningHost) -> list[Command]:
    """Return the commands that export the files and put them in place."""
    made = ours("export", *_signing(here, at), "--format", host.program, *host.options)
    if not here.administrator:  # export says how to install them
        return [(*made, "--out", _out(here, host.program))]
    return [(*made, "--install"), ("systemctl", "restart", host.program)]


def _signing(here: Here, at: Situation) -> tuple[str, ...]:
    """Return all domains that sign: one that is left out would be signed for no longer."""
    return here.signing or (at.domain,)


def _out(here: Here, name: str) -> str:
    above = Path("/etc") if here.administrator else Path.home()
    return str(above / "mailauth-dns" / name)


def export_postfix(here: Here, group: Sequence[Situation]) -> Step:
    """Mail leaves Postfix without passing the signing program."""
    at = group[0]
    host, out = _host(at), _out(here, "postfix")
    root = () if here.administrator else ("sudo",)
    return Step(
        f"Have Postfix pass mail through {_NAMES[host.program]}",
        host.postfix[0],
        "a minute",
        (
            ours("export", *_signing(here, at), "--format", "postfix", *host.sockets, "--out", out),
            (*root, "sh", f"{out}/postconf.sh"),
            (*root, "systemctl", "reload", "postfix"),
        ),
        after=("`next` looks whether it is in use",),
    )


def check(here: Here, group: Sequence[Situation]) -> Step:
    """A private key is open to others, or closed to the signing program."""
    at = group[0]
    return Step(
        f"Set right who may read {at.domain}'s private keys",
        _host(at).keys[0],
        "a minute",
        (ours("dkim", "check", at.domain, *private_dir(here)),),
        after=others(group, "then"),
    )


def look_yourself(_here: Here, group: Sequence[Situation]) -> Step:
    """A part of the signing host's configuration is where nobody looks."""
    at = group[0]
    return Step(
        f"See with a message that {_NAMES[_host(at).program]} signs for {at.domain}",
        f"all else is done, and this is unknown: {_host(at).unseen[0]}",
        "minutes",
        (ours("help", "check-message"),),
        after=others(group, "then"),
        unknown=True,
    )
