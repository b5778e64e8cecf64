"""The files of OpenDKIM, Postfix and Rspamd, as the article has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import milter
from tests.compile.test_article import POLICY
from tests.conftest import RepoFolder
from tests.export.articles import ALLOWED, BOTH, ED25519, MARK, exported


def test_the_articles_opendkim_files(article: RepoFolder) -> None:
    files = exported(article, "--format", "opendkim")
    assert files["KeyTable"] == (
        MARK
        + "default._domainkey.example.com example.com:default:/etc/opendkim/keys/example.com/default.private\n"
    )
    assert files["SigningTable"] == MARK + "*@example.com default._domainkey.example.com\n"
    settings = dict(line.split(None, 1) for line in files["opendkim.conf"].splitlines()[1:])
    article_says = {
        "Mode": "s",
        "KeyTable": "/etc/opendkim/KeyTable",
        "SigningTable": "refile:/etc/opendkim/SigningTable",
        "InternalHosts": "/etc/opendkim/TrustedHosts",
        "ExternalIgnoreList": "/etc/opendkim/TrustedHosts",
        "Socket": "inet:8891@localhost",
    }
    assert article_says.items() <= settings.items()
    assert set(files) == {"opendkim.conf", "KeyTable", "SigningTable", "TrustedHosts"}
    assert [line for line in files["TrustedHosts"].splitlines() if not line.startswith("#")] == [
        "127.0.0.1",
        "::1",
    ]


def test_the_articles_main_cf_lines(article: RepoFolder) -> None:
    assert exported(article, "--format", "postfix")["main.cf"] == (
        MARK
        + "# tempfail: while the signing program is down, servers retry and mail clients show an error."
        + " With accept it goes out unsigned, and nobody notices.\n"
        "smtpd_milters = inet:127.0.0.1:8891\nnon_smtpd_milters = $smtpd_milters\nmilter_default_action = tempfail\n"
    )


# Sockets as OpenDKIM and as Postfix write them.
SOCKETS = [
    ("inet:8891@localhost", "inet:127.0.0.1:8891"),
    ("inet:8891@192.0.2.10", "inet:192.0.2.10:8891"),
    ("inet6:8891@localhost", "inet:[::1]:8891"),
    ("inet6:8891@2001:db8::1", "inet:[2001:db8::1]:8891"),
    ("local:/run/opendkim/opendkim.sock", "unix:/run/opendkim/opendkim.sock"),
    ("local:/var/spool/postfix/opendkim/opendkim.sock", "unix:opendkim/opendkim.sock"),
]


@pytest.mark.parametrize(("opendkim", "postfix"), SOCKETS)
def test_both_sides_name_the_same_socket(article: RepoFolder, opendkim: str, postfix: str) -> None:
    conf = exported(article, "--format", "opendkim", "--socket", opendkim)["opendkim.conf"]
    assert re.search(rf"^Socket\s+{re.escape(opendkim)}$", conf, re.MULTILINE)
    assert (
        f"smtpd_milters = {postfix}\n"
        in exported(article, "--format", "postfix", "--socket", opendkim)["main.cf"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "inet:8891",
        "inet:0@localhost",
        "inet:99999@localhost",
        "/run/x",
        "local:run/x",
        "inet:1@a b",
        "inet:1@a'b",
    ],
)
def test_a_socket_that_is_none_or_listens_to_everybody_is_refused(text: str) -> None:
    with pytest.raises(MailAuthError, match=r"--socket .*: write inet:8891@localhost"):
        milter.socket(text, "--socket")


@pytest.mark.parametrize("path", ["keys", "/a b", "/a:b", "/a'b", "/a\nb", "/a%b"])
def test_a_path_that_a_table_cannot_hold_is_refused(article: RepoFolder, path: str) -> None:
    refused = article.run("export", "example.com", "--format", "opendkim", "--key-dir", path)
    assert refused.code == 1
    assert "an absolute path of letters, digits" in refused.err


def test_an_ed25519_key_has_an_opendkim_of_its_own(article: RepoFolder) -> None:
    """One OpenDKIM signs with one algorithm, whatever the key is."""
    article.write(
        "zones/keys/example.com/e1.pem",
        f"-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n",
    )
    article.policy(BOTH)
    files = exported(article, "--format", "opendkim", *ALLOWED)
    assert "default" in files["KeyTable"]
    assert "e1" not in files["KeyTable"]
    assert (
        files["KeyTable.ed25519"]
        == MARK
        + "e1._domainkey.example.com example.com:e1:/etc/opendkim/keys/example.com/e1.private\n"
    )
    conf = dict(line.split(None, 1) for line in files["opendkim-ed25519.conf"].splitlines()[1:])
    assert conf["SignatureAlgorithm"] == "ed25519-sha256"
    assert conf["Socket"] == "inet:8892@localhost"
    assert conf["KeyTable"] == "/etc/opendkim/KeyTable.ed25519"
    assert conf["PidFile"] == "/run/opendkim/opendkim-ed25519.pid"
    main = exported(article, "--format", "postfix")["main.cf"]
    assert "smtpd_milters = inet:127.0.0.1:8891, inet:127.0.0.1:8892\n" in main
    one = article.run(
        "export",
        "example.com",
        "--format",
        "opendkim",
        "--ed25519-socket",
        "inet:8891@localhost",
        *ALLOWED,
    )
    assert one.code == 1
    assert "one OpenDKIM signs with one kind" in one.err
    # When the key is gone its table is emptied, so that it does not go on signing.
    article.policy(POLICY)
    folder = article.root.parent / "exported"
    stale = article.run("export", "example.com", "--format", "opendkim", "--check", str(folder))
    assert stale.code == 2
    assert f"{folder}/KeyTable.ed25519: - e1._domainkey.example.com" in stale.out
    assert exported(article, "--format", "opendkim", *ALLOWED)["KeyTable.ed25519"] == MARK
    assert (
        article.run("export", "example.com", "--format", "opendkim", "--check", str(folder)).code
        == 0
    )


def test_rspamd_gets_maps_for_one_key_and_a_block_for_several(article: RepoFolder) -> None:
    files = exported(article, "--format", "rspamd", "--key-dir", "/var/lib/rspamd/dkim")
    assert files["dkim_selectors.map"] == MARK + "example.com default\n"
    assert (
        files["dkim_paths.map"]
        == MARK + "example.com /var/lib/rspamd/dkim/example.com/default.private\n"
    )
    assert 'selector_map = "/etc/rspamd/dkim_selectors.map";' in files["dkim_signing.conf"]
    article.write(
        "zones/keys/example.com/e1.pem",
        f"-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n",
    )
    article.policy(BOTH)
    files = exported(article, "--format", "rspamd", "--key-dir", "/var/lib/rspamd/dkim", *ALLOWED)
    assert files["dkim_selectors.map"] == MARK
    assert (
        '{ selector = "e1"; path = "/var/lib/rspamd/dkim/example.com/e1.seed"; }'
        in files["dkim_signing.conf"]
    )


RELAYS: dict[str, tuple[str, list[str], list[str]]] = {
    # what the policy adds, the options, and the hosts whose mail is signed beside loopback
    "nobody": ("", [], []),
    "mynetworks": (
        "",
        ["--mynetworks", "127.0.0.0/8 [::1]/128,  198.51.100.0/24, 203.0.113.9"],
        ["127.0.0.0/8", "198.51.100.0/24", "203.0.113.9"],
    ),
    "IPv4 as IPv6": ("", ["--mynetworks", "[::ffff:198.51.100.0]/120"], ["198.51.100.0/24"]),
    "IPv6": ("", ["--mynetworks", "[2001:DB8:0:0::]/32"], ["2001:db8::/32"]),
    "a host that a test has sign": (
        "{name: us, ip: 192.0.2.10, dkim: [default], expect: {spf: pass}}",
        [],
        ["192.0.2.10"],
    ),
    "a forwarder": (
        "{name: list, ip: 192.0.2.30, dkim: [default], expect: {spf: fail, dkim: pass}}",
        [],
        [],
    ),
    "a forwarder whose SPF does not matter": (
        "{name: list, ip: 192.0.2.30, dkim: [default], expect: {dkim: pass}}",
        [],
        [],
    ),
    "a list's own envelope": (
        "{name: list, ip: 192.0.2.30, mail_from: l@example.net, dkim: [default], expect: {spf: pass, dkim: pass}}",
        [],
        [],
    ),
    "a sender's key": (
        "{name: x, ip: 192.0.2.40, dkim: [{d: example.net, s: default}], expect: {spf: pass}}",
        [],
        [],
    ),
}


@pytest.mark.parametrize("case", RELAYS)
def test_whose_mail_is_signed(article: RepoFolder, case: str) -> None:
    test, options, hosts = RELAYS[case]
    if test:
        path = article.root / "zones/policy/policy.yaml"
        path.write_text(
            path.read_text()
            + "tests:\n  - "
            + test.replace("{", "{from: a@example.com, ", 1)
            + "\n"
        )
    trusted = exported(article, "--format", "opendkim", *options)["TrustedHosts"]
    assert [line for line in trusted.splitlines() if not line.startswith("#")] == [
        "127.0.0.1",
        "::1",
        *hosts,
    ]


@pytest.mark.parametrize(
    "text",
    ["hash:/etc/postfix/net", "!192.0.2.1, 192.0.2.0/24", "192.0.2.1/24", "", "/etc/networks"],
)
def test_networks_that_opendkims_list_cannot_hold_are_refused(
    article: RepoFolder, text: str
) -> None:
    refused = article.run("export", "example.com", "--format", "opendkim", "--mynetworks", text)
    assert refused.code == 1
    assert "is no address and no network such as 192.0.2.0/24 or [2001:db8::]/32" in refused.err


LAYOUTS = [
    ([], "/etc/opendkim/keys", ""),
    (["--layout", "debian"], "/etc/dkimkeys", ""),
    (["--layout", "rhel"], "/etc/opendkim/keys", "restorecon"),
]


@pytest.mark.parametrize(("arguments", "keys", "more"), LAYOUTS)
def test_the_layout_of_a_system(
    article: RepoFolder, tmp_path: Path, arguments: list[str], keys: str, more: str
) -> None:
    out = tmp_path / "out"
    written = article.run(
        "export", "example.com", "--format", "opendkim", *arguments, "--out", str(out)
    )
    assert written.code == 0
    assert (
        f"install {out}/opendkim.conf as /etc/opendkim.conf, which OpenDKIM reads, in place of what is there, and KeyTable, "
        in written.err
    )
    assert ("restorecon" in written.err) is bool(more)
    assert (
        f"example.com:default:{keys}/example.com/default.private\n"
        in (out / "KeyTable").read_text()
    )
    assert "# Install as /etc/opendkim.conf: " in (out / "opendkim.conf").read_text()


@pytest.mark.parametrize("format", ["paste", "bind", "terraform", "dnscontrol"])
def test_records_have_no_layout(article: RepoFolder, format: str) -> None:
    refused = article.run("export", "example.com", "--format", format, "--layout", "debian")
    assert (refused.code, refused.out, refused.err) == (
        1,
        "",
        "--layout says where the signing host has private keys; "
        f"`--format {format}` holds records alone, so leave it out\n",
    )
