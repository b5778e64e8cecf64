"""`export --check` on a host: whether its Postfix sends mail to the socket of its OpenDKIM."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.export.articles import MILTERS

LOCAL = "local:/var/spool/postfix/opendkim/opendkim.sock"
MASTER = "# service\nsmtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n  -o syslog_name=postfix/submission\n"
POSTFIX = "non_smtpd_milters = ${smtpd_milters}\nmilter_default_action = tempfail\n"
POSTFIXES: dict[str, tuple[str, str, str, list[str]]] = {
    # main.cf, master.cf, OpenDKIM's socket and what is said
    "localhost by name": (MILTERS + POSTFIX, MASTER, "inet:8891@127.0.0.1", []),
    "a socket for everybody": (MILTERS + POSTFIX, MASTER, "inet:8891", []),
    "OpenDKIM listens elsewhere": (
        MILTERS + POSTFIX,
        MASTER,
        "local:/run/opendkim/opendkim.sock",
        [
            "main.cf: ! smtpd_milters has none at local:/run/opendkim/opendkim.sock, where OpenDKIM listens "
            "(Socket of {etc}/opendkim.conf): mail is not signed"
        ],
    ),
    "submission has none": (
        MILTERS + POSTFIX,
        MASTER + "  -o smtpd_milters=\n",
        "inet:8891@localhost",
        [
            "master.cf: ! submission has smtpd_milters of its own, without ours: its mail is not signed"
        ],
    ),
    "submission has another": (
        MILTERS + POSTFIX,
        MASTER
        + "  -o { smtpd_milters = inet:localhost:11332 } -o smtpd_tls_security_level=encrypt\n",
        "inet:8891@localhost",
        [
            "master.cf: ! submission has smtpd_milters of its own, without ours: its mail is not signed"
        ],
    ),
    "submission has ours too": (
        MILTERS + POSTFIX,
        MASTER + "  -o smtpd_milters=inet:127.0.0.1:8891\n",
        "inet:8891@localhost",
        [],
    ),
    "an action of its own": (
        "smtpd_milters = { inet:localhost:8891, connect_timeout=3s, default_action = accept }\n"
        + POSTFIX,
        MASTER,
        "inet:8891@localhost",
        ["main.cf: - smtpd_milters: inet:127.0.0.1:8891 default_action=accept"],
    ),
}


@pytest.mark.parametrize("case", POSTFIXES)
def test_postfix_and_opendkim_of_a_host_agree(
    article: RepoFolder, tmp_path: Path, case: str
) -> None:
    main, master, socket, differences = POSTFIXES[case]
    etc = tmp_path / "etc"
    (etc / "postfix").mkdir(parents=True)
    (etc / "postfix/main.cf").write_text(main)
    (etc / "postfix/master.cf").write_text(master)
    (etc / "opendkim.conf").write_text(f"Socket {socket}\n")
    checked = article.run(
        "export", "example.com", "--format", "postfix", "--check", str(etc / "postfix")
    )
    assert [line.removeprefix(f"{etc}/postfix/") for line in checked.out.splitlines()[:-1]] == [
        line.format(etc=etc) for line in differences
    ]
    assert checked.code == (2 if differences else 0)


def test_a_socket_that_a_chrooted_postfix_cannot_reach(article: RepoFolder, tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    (etc / "postfix").mkdir(parents=True)
    (etc / "postfix/master.cf").write_text(MASTER)
    for socket, milter_name, chrooted in [
        ("local:/run/opendkim/opendkim.sock", "unix:/run/opendkim/opendkim.sock", True),
        (LOCAL, "local:/var/spool/postfix/opendkim/opendkim.sock", False),
    ]:
        (etc / "postfix/main.cf").write_text(f"smtpd_milters = {milter_name}\n{POSTFIX}")
        checked = article.run(
            "export",
            "example.com",
            "--format",
            "postfix",
            "--socket",
            socket,
            "--check",
            str(etc / "postfix"),
        )
        assert (
            "runs chrooted and cannot reach unix:/run/opendkim/opendkim.sock: use a socket below /var/spool/postfix/"
            in checked.out
        ) is chrooted
        assert checked.code == (2 if chrooted else 0)


KEPT = [
    ("inet:8891@localhost", "inet:localhost:8891"),
    ("inet:8891@localhost", "inet:127.0.0.1:8891, inet:192.0.2.9:11332"),
    ("local:/var/spool/postfix/opendkim/o.sock", "local:opendkim/o.sock"),
    ("local:/run/opendkim/opendkim.sock", "local:/var/run/opendkim/opendkim.sock"),
]


@pytest.mark.parametrize(("socket", "there"), KEPT)
def test_the_script_adds_no_milter_twice(
    article: RepoFolder, tmp_path: Path, socket: str, there: str
) -> None:
    """A milter in another spelling is the same one: mail would pass it twice."""
    ran = article.run(
        *("export", "example.com", "--format", "postfix", "--out", str(tmp_path / "out")),
        *("--socket", socket),
    )
    assert ran.code == 0
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin/postconf"  # answers as a Postfix with that milter, and notes changes
    fake.write_text(f'#!/bin/sh\nif [ "$1" = -h ]; then echo "{there}"; else echo "$2"; fi\n')
    fake.chmod(0o755)
    done = subprocess.run(
        ["sh", str(tmp_path / "out/postconf.sh")],
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "smtpd_milters =" not in done.stdout.replace("non_smtpd_milters = $smtpd_milters", "")
