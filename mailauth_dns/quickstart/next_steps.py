"""The steps from a policy and a key to mail that passes, with the exact commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from mailauth_dns.export.exported_files import FORM_WAIT
from mailauth_dns.export.install import KEPT
from mailauth_dns.quickstart.answers import Answers, SigningProgram
from mailauth_dns.quickstart.dns_services import SERVICES, DnsKind
from mailauth_dns.quickstart.waits import key_wait, remembered, wait_told
from mailauth_dns.signing_host.package_paths import KEY_DIR, RSPAMD_KEY_DIR

_SLACK = 600  # seconds that servers may take to notice a change, beside the wait

KEY_DIRS = {
    SigningProgram.OPENDKIM: KEY_DIR,
    SigningProgram.RSPAMD: RSPAMD_KEY_DIR,
}
USERS = {SigningProgram.OPENDKIM: "opendkim", SigningProgram.RSPAMD: "_rspamd"}
_CONFIG = {SigningProgram.OPENDKIM: "/etc/opendkim", SigningProgram.RSPAMD: "/etc/rspamd"}
_SOCKETS = {
    SigningProgram.OPENDKIM: "",
    SigningProgram.RSPAMD: " --socket inet:11332@localhost",  # where its package listens
}
_NAMES = {SigningProgram.OPENDKIM: "OpenDKIM", SigningProgram.RSPAMD: "Rspamd"}


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that quickstart runs on.

    `root` is whether root runs it, `signer_here` whether the signing program is set up, and
    `extra_missing` the part of our package that the DNS service needs and that is not installed.
    """

    root: bool
    signer_here: bool
    extra_missing: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """What the steps are about; `negative_ttl` is in seconds, None where it is unknown.

    `records` is the text to paste into a web form; `test_to` is where a test message goes. `p` and
    `all` are what DMARC and SPF say of mail that fails. `old_ttl` is in seconds: how long resolvers
    may hold the records of before, which for a parked domain say that nobody may send.
    """

    answers: Answers
    selector: str
    negative_ttl: int | None
    records: str
    test_to: str
    p: str
    all: str | None
    old_ttl: int = 0
    parked: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `why` are sentences, `commands` whole lines for a shell in the zone repo."""

    title: str
    why: tuple[str, ...] = ()
    records: str = ""
    commands: tuple[str, ...] = ()


def steps(made: Made, machine: Machine) -> tuple[Step, ...]:
    """Return the steps in their order."""
    return (
        _publish(made, machine),
        _wait(made),
        _activate(made),
        *_signer(made, machine),
        _postfix(made, machine),
        _send(made),
        _check(made),
        _later(made),
    )


def _publish(made: Made, machine: Machine) -> Step:
    answers = made.answers
    if answers.dns is DnsKind.REGISTRAR:
        return Step(
            "Publish the records",
            (f"Log in where you change the DNS of {answers.domain}, and do what stands here.",),
            made.records,
        )
    service = SERVICES[answers.dns]
    return Step(
        "Publish the records",
        (
            *(
                [f"Install what speaks to it: pip install 'mailauth-dns[{machine.extra_missing}]'."]
                if machine.extra_missing
                else []
            ),
            *(
                f"Put {what} into the environment as {name}."
                for name, what in service.secrets.items()
            ),
            "Read what the plan says; apply does that and nothing else.",
        ),
        commands=(
            "mailauth-dns compile",
            f"mailauth-dns plan {answers.domain} --out plan.json",
            "mailauth-dns apply plan.json",
        ),
    )


def _wait(made: Made) -> Step:
    return Step(
        "Wait until every name server has them",
        ("It ends by itself. It names what is still different, and where.",),
        commands=(f"mailauth-dns verify {made.answers.domain} --wait {FORM_WAIT}",),
    )


def _activate(made: Made) -> Step:
    wait = key_wait(made.negative_ttl) + timedelta(seconds=_SLACK)
    minutes = -(-int(wait.total_seconds()) // 60)
    return Step(
        "Wait until the key may sign, and let it",
        (
            f"The key may sign {wait_told(made.negative_ttl)}.",
            "The command says the time, waits for it, and writes `state: active`.",
        ),
        commands=(f"mailauth-dns dkim activate {made.answers.domain} --wait {minutes}m",),
    )


def _signer(made: Made, machine: Machine) -> Iterator[Step]:
    answers = made.answers
    name, folder = _NAMES[answers.signer], key_dir(answers, machine)
    why = []
    if answers.signer is SigningProgram.OPENDKIM:
        why.append(
            "It writes /etc/opendkim.conf, which OpenDKIM reads, and tables in /etc/opendkim. "
            f"What was there is kept as /etc/opendkim.conf{KEPT}."
        )
    else:
        why.append("It writes /etc/rspamd/local.d/dkim_signing.conf and two maps in /etc/rspamd.")
    if not machine.signer_here:
        why.insert(0, f"{name} is not set up on this machine: install it first.")
    yield Step(
        f"Give the key to {name}",
        tuple(why),
        commands=(
            *_copied(made, machine, folder),
            f"{_ours(machine)} {_export(made, machine)} --install",
            _as_root(machine, f"systemctl restart {answers.signer}"),
        ),
    )


def key_dir(answers: Answers, machine: Machine) -> str:
    """Return where the signing program will read the key."""
    # Where no program is set up, nobody knows whether its user may enter the folder that was given.
    return answers.private_dir if machine.root and machine.signer_here else KEY_DIRS[answers.signer]


def _copied(made: Made, machine: Machine, folder: str) -> Iterator[str]:
    """Yield how the key gets to where the signing program reads it."""
    answers, user = made.answers, USERS[made.answers.signer]
    there = shlex.quote(f"{folder}/{answers.domain}")
    if folder != answers.private_dir:
        key = shlex.quote(f"{answers.private_dir}/{answers.domain}/{made.selector}.private")
        yield _as_root(machine, f"install -d -o {user} -m 700 {there}")
        yield _as_root(machine, f"install -o {user} -m 600 {key} {there}/")
    elif not machine.signer_here:
        yield _as_root(machine, f"chown -R {user} {shlex.quote(folder)}")


def _export(made: Made, machine: Machine) -> str:
    answers = made.answers
    relays = (
        ' --mynetworks "$(postconf -h mynetworks)"'
        if answers.signer is SigningProgram.OPENDKIM
        else ""
    )
    return (
        f"export {answers.domain} --format {answers.signer}"
        f" --key-dir {shlex.quote(key_dir(answers, machine))}{relays}"
    )


def _postfix(made: Made, machine: Machine) -> Step:
    answers = made.answers
    folder = shlex.quote(key_dir(answers, machine))
    socket = _SOCKETS[answers.signer]
    return Step(
        f"Have Postfix send its mail through {_NAMES[answers.signer]}",
        (
            "The script adds one milter and keeps those that are there.",
            "The last two commands find what keeps mail unsigned. Mend what they say first.",
        ),
        commands=(
            f"mailauth-dns export {answers.domain} --format postfix{socket} --out export/postfix",
            _as_root(machine, "sh export/postfix/postconf.sh"),
            _as_root(machine, "postfix reload"),
            f"{_ours(machine)} {_export(made, machine)} --check {_CONFIG[answers.signer]}",
            f"{_ours(machine)} dkim check {answers.domain} --private-dir {folder}",
        ),
    )


def _send(made: Made) -> Step:
    sender = f"postmaster@{made.answers.domain}"
    shown = made.test_to.replace("\\", "\\\\").replace("%", "%%")  # as printf reads it
    head = f"From: {sender}\\nTo: {shown}\\nSubject: mailauth-dns test\\n\\nHello.\\n"
    return Step(
        "Send yourself a message",
        (
            "Send it to a mailbox of yours at another provider.",
            *remembered(made.old_ttl, made.negative_ttl, parked=made.parked),
        ),
        commands=(f"printf '{head}' | sendmail -f {sender} {shlex.quote(made.test_to)}",),
    )


def _check(made: Made) -> Step:
    return Step(
        "See what the receiver found",
        (
            "Save the message that came as message.eml: in your mail program it is "
            "called source, original, or raw message.",
            "SPF, DKIM and DMARC must say pass.",
        ),
        commands=(f"mailauth-dns check-message message.eml --ip {made.answers.addresses[0]}",),
    )


def _later(made: Made) -> Step:
    path = f"zones/policy/{made.answers.domain}.yaml"
    stricter = {
        "none": "write `p: quarantine` under dmarc, and publish again; later `p: reject`",
        "quarantine": "write `p: reject` under dmarc, and publish again",
    }.get(made.p)
    return Step(
        "Later, be stricter",
        (
            f"Keep this folder in git. The private key is not in it: {made.answers.private_dir}.",
            f"Write `ttl: 3600` for the key in {path}; publish it.",
            *(
                [
                    "After two weeks, when the reports name no sender of yours that fails, "
                    f"{stricter}."
                ]
                if stricter
                else []
            ),
            *(["Write `all: fail` under spf then."] if made.all == "softfail" else []),
        ),
    )


def _as_root(machine: Machine, command: str) -> str:
    return command if machine.root else f"sudo {command}"


def _ours(machine: Machine) -> str:
    # sudo does not look where pipx and uv install.
    return "mailauth-dns" if machine.root else 'sudo "$(command -v mailauth-dns)"'
