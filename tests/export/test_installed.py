"""`export --check` on a host: what its OpenDKIM reads, wherever that file is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailauth_dns.signing_host import key_owner
from tests.conftest import RepoFolder
from tests.export.articles import CONF, KEYS, MILTERS

# A host's own files, below its root, and the differences when /etc/opendkim is checked. The file
# that the daemon reads is what counts. As Debian's package has it.
STOCK = "Syslog yes\nUserID opendkim\nSocket local:/run/opendkim/opendkim.sock\n"
TABLES = {
    "etc/opendkim/KeyTable": KEYS,
    "etc/opendkim/SigningTable": "*@example.com default._domainkey.example.com\n",
}
KEY = "etc/opendkim/keys/example.com/default.private"
SELDOM = {
    "usr/lib/systemd/system/opendkim.service": "[Service]\nExecStart=/usr/sbin/opendkim\n",
    "etc/systemd/system/opendkim.service.d/override.conf": "[Service]\nExecStart=\nExecStart=/usr/sbin/opendkim -fx /etc/mail/dkim.conf "
    "\\\n -p inet:8891@localhost\n",
}
HOSTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "in order": ({"etc/opendkim.conf": CONF, **TABLES}, []),
    "beside the stock file, which is what the daemon reads": (
        {"etc/opendkim.conf": STOCK, "etc/opendkim/opendkim.conf": CONF, **TABLES},
        [
            "opendkim/opendkim.conf: ! OpenDKIM does not read this file; it reads {etc}/opendkim.conf",
            "opendkim.conf: - socket local:/run/opendkim/opendkim.sock",
            "opendkim.conf: + keytable /etc/opendkim/KeyTable",
            "opendkim.conf: + signingtable refile:/etc/opendkim/SigningTable",
            "opendkim.conf: + multiplesignatures yes",
            "opendkim.conf: + socket inet:8891@localhost",
        ],
    ),
    "no file that the daemon reads": (
        {"etc/opendkim/opendkim.conf": "Mode s\nKeyTable /etc/opendkim/KeyTable\n"},
        [
            "opendkim/opendkim.conf: ! OpenDKIM does not read this file; it reads {etc}/opendkim.conf",
            "opendkim.conf: + mode s",
            "opendkim.conf: + signaturealgorithm rsa-sha256",
            "opendkim.conf: + keytable /etc/opendkim/KeyTable",
            "opendkim.conf: + signingtable refile:/etc/opendkim/SigningTable",
            "opendkim.conf: + multiplesignatures yes",
            "opendkim.conf: + socket inet:8891@localhost",
        ],
    ),
    "a unit that names another file, and a socket": (
        {
            **SELDOM,
            "etc/mail/dkim.conf": CONF.replace("8891", "9999"),
            "etc/opendkim.conf": STOCK,
            **TABLES,
        },
        [],
    ),
    "Red Hat's start-up options": (
        {
            "usr/lib/systemd/system/opendkim.service": "[Service]\nEnvironmentFile=-/etc/sysconfig/opendkim\n"
            "ExecStart=/usr/sbin/opendkim $OPTIONS\n",
            "etc/sysconfig/opendkim": 'OPTIONS="-x /etc/mail/dkim.conf -p inet:8892@localhost"\n',
            "etc/mail/dkim.conf": CONF,
            **TABLES,
        },
        [
            "mail/dkim.conf: - socket inet:8892@localhost",
            "mail/dkim.conf: + socket inet:8891@localhost",
        ],
    ),
    "a file that it includes": (
        {"etc/opendkim.conf": "Include /etc/more.conf\n", "etc/more.conf": CONF, **TABLES},
        [],
    ),
    "a private key in the table, which is shown to nobody": (
        {
            **TABLES,
            "etc/opendkim.conf": CONF,
            "etc/opendkim/KeyTable": "default._domainkey.example.com example.com:default:MIISECRET==\n",
        },
        [
            "opendkim/KeyTable: - default._domainkey.example.com example.com:default:... (not shown)",
            f"opendkim/KeyTable: + {KEYS.strip()}",
        ],
    ),
    "a table in a database, whose password is shown to nobody": (
        {
            **TABLES,
            "etc/opendkim.conf": CONF.replace(
                "/etc/opendkim/KeyTable", "dsn:mysql://user:secret@db/x"
            ),
        },
        [
            "opendkim.conf: - keytable dsn:mysql://... (not shown)@db/x",
            "opendkim.conf: + keytable /etc/opendkim/KeyTable",
            "opendkim.conf: ! keytable dsn:mysql://... (not shown)@db/x is no plain file: what it says is not looked at",
        ],
    ),
    "Mode v, as Red Hat's package has it": (
        {"etc/opendkim.conf": CONF.replace("Mode\tsv", "Mode\tv"), **TABLES},
        ["opendkim.conf: - mode v", "opendkim.conf: + mode s"],
    ),
    "no Mode, which signs": ({"etc/opendkim.conf": CONF.replace("Mode\tsv\n", ""), **TABLES}, []),
    "a table elsewhere, with another key": (
        {
            "etc/opendkim.conf": CONF.replace(
                "/etc/opendkim/KeyTable", "file:/etc/dkimkeys/keytable"
            ),
            "etc/dkimkeys/keytable": KEYS.replace("default", "old"),
            **TABLES,
        },
        [
            "opendkim.conf: - keytable file:/etc/dkimkeys/keytable",
            "opendkim.conf: + keytable /etc/opendkim/KeyTable",
            "dkimkeys/keytable: - old._domainkey.example.com example.com:old:/etc/opendkim/keys/example.com/old.private",
            "dkimkeys/keytable: + default._domainkey.example.com example.com:default:/etc/opendkim/keys/example.com/default.private",
        ],
    ),
    "a table that is no file": (
        {
            "etc/opendkim.conf": CONF.replace(
                "refile:/etc/opendkim/SigningTable", "dsn:mysql://db/keys"
            ),
            **TABLES,
        },
        [
            "opendkim.conf: - signingtable dsn:mysql://db/keys",
            "opendkim.conf: + signingtable refile:/etc/opendkim/SigningTable",
            "opendkim.conf: ! signingtable dsn:mysql://db/keys is no plain file: what it says is not looked at",
        ],
    ),
    "InternalHosts without loopback": (
        {
            "etc/opendkim.conf": CONF + "InternalHosts refile:/etc/opendkim/TrustedHosts\n",
            "etc/opendkim/TrustedHosts": "192.0.2.0/24\n",
            **TABLES,
        },
        ["opendkim/TrustedHosts: + 127.0.0.1", "opendkim/TrustedHosts: + ::1"],
    ),
    "hosts that relay": (
        {
            "etc/opendkim.conf": CONF + "InternalHosts 127.0.0.1, ::1, 198.51.100.0/24\n",
            "etc/postfix/main.cf": MILTERS
            + "mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128, 198.51.100.7 192.0.2.0/24\n",
            **TABLES,
        },
        [
            "opendkim.conf: ! mail that is relayed for 192.0.2.0/24 (mynetworks in {etc}/postfix/main.cf) is not signed: "
            "export with --mynetworks"
        ],
    ),
    "its own list is too short": (
        {"etc/opendkim.conf": CONF + "InternalHosts csl:127.0.0.1\n", **TABLES},
        ["opendkim.conf: + internalhosts ::1"],
    ),
    "hosts that relay by a table": (
        {
            "etc/opendkim.conf": CONF,
            "etc/postfix/main.cf": MILTERS + "mynetworks = cidr:/etc/postfix/relay\n",
            **TABLES,
        },
        [
            "postfix/main.cf: ! mynetworks = cidr:/etc/postfix/relay is not looked at: give it to --mynetworks as networks"
        ],
    ),
    "Postfix sends mail to another socket": (
        {
            "etc/opendkim.conf": CONF,
            "etc/postfix/main.cf": "smtpd_milters = unix:/run/opendkim/opendkim.sock\n",
            **TABLES,
        },
        [
            "postfix/main.cf: ! smtpd_milters has none at inet:8891@localhost, where OpenDKIM listens (Socket of {etc}/opendkim.conf): "
            "mail is not signed"
        ],
    ),
}


@pytest.mark.parametrize("case", HOSTS)
def test_on_a_host_what_its_opendkim_reads_is_compared(
    article: RepoFolder, tmp_path: Path, case: str
) -> None:
    installed, differences = HOSTS[case]
    etc = tmp_path / "host/etc"
    (etc / "opendkim").mkdir(parents=True)
    for name, text in {KEY: "", **installed}.items():
        path = tmp_path / "host" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for folder in ("opendkim", ""):
        checked = article.run(
            "export", "example.com", "--format", "opendkim", "--check", str(etc / folder)
        )
        assert checked.code == (2 if differences else 0), checked.said
        assert [line.removeprefix(f"{etc}/") for line in checked.out.splitlines()[:-1]] == [
            line.format(etc=etc) for line in differences
        ]


def test_a_key_that_is_not_where_opendkim_reads_it(article: RepoFolder, tmp_path: Path) -> None:
    """The tables are right, and no mail leaves the host."""
    for name, text in {**TABLES, "etc/opendkim.conf": CONF}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    check = ("export", "example.com", "--format", "opendkim", "--check", str(tmp_path / "etc"))
    checked = article.run(*check)
    assert checked.code == 2
    assert checked.out.splitlines()[0] == (
        f"{tmp_path / KEY}: ! there is no such key, and OpenDKIM defers all mail without it; "
        "--key-dir names its folder"
    )
    (tmp_path / KEY).parent.mkdir(parents=True)
    (tmp_path / KEY).write_text("")
    assert article.run(*check).code == 0


def test_a_configuration_in_any_folder_is_read_with_what_it_includes(
    article: RepoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_owner, "HOST", tmp_path / "host")
    (tmp_path / "host/etc").mkdir(parents=True)
    (tmp_path / "host/etc/more.conf").write_text(CONF)
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "opendkim.conf").write_text("Include /etc/more.conf\n")
    for name, text in TABLES.items():
        (folder / Path(name).name).write_text(text)
    checked = article.run("export", "example.com", "--format", "opendkim", "--check", str(folder))
    assert (checked.code, checked.out) == (0, "Export: 0 differences\n")
