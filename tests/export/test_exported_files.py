"""Exports: the files of the article, letter by letter, what differs from what is installed, and what may not be installed yet."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import milter
from mailauth_dns.serve.server import Server
from tests.compile.test_article import DKIM, PEM, POLICY, P
from tests.conftest import RepoFolder

MARK = "# made by `mailauth-dns export`; make it again instead of changing it\n"


@pytest.fixture
def article(repo: RepoFolder) -> Iterator[RepoFolder]:
    """The article's domain, published and seen long ago."""
    repo.write("zones/keys/example.com/default.pem", PEM)
    repo.policy(POLICY.replace("default.pem}", "default.pem, seen: 2026-01-01}"))
    repo.local(
        "example.com",
        "$TTL 60\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 60\n@ IN NS ns1.example.net.\n"
        f'default._domainkey IN TXT "{DKIM[:255]}" "{DKIM[255:]}"\n',
    )
    with Server(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo


def exported(repo: RepoFolder, *arguments: str) -> dict[str, str]:
    folder = repo.root.parent / "exported"
    done = repo.run("export", "example.com", *arguments, "--out", str(folder))
    assert done.code == 0, done.said
    return {path.name: path.read_text() for path in folder.iterdir()}


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
        + "# tempfail: while the signing program is down, mail waits. With accept it goes out unsigned, and nobody notices.\n"
        "smtpd_milters = inet:127.0.0.1:8891\nnon_smtpd_milters = $smtpd_milters\nmilter_default_action = tempfail\n"
    )


def test_the_articles_records_as_one_line_each(article: RepoFolder) -> None:
    said = article.run("export", "example.com", "--format", "paste").out
    assert (
        f"Host:   default._domainkey\nor:     default._domainkey.example.com\nTTL:    3600\nValue:  {DKIM}\n"
        in said
    )
    assert f'Split:  "{DKIM[:255]}" "{DKIM[255:]}"\n' in said
    assert (
        "Host:   @\nor:     example.com\nTTL:    3600\nValue:  v=spf1 +ip4:192.0.2.10 -all\n"
        in said
    )
    [dmarc] = re.findall(r"or:     _dmarc\.example\.com\nTTL:    360\nValue:  (.*)", said)
    reports = "rua=mailto:dmarc-rua-report@example.com; ruf=mailto:dmarc-ruf-report@example.com"
    assert set(dmarc.split("; ")) == set(
        f"v=DMARC1; p=quarantine; {reports}; ri=86400; adkim=s; aspf=s".split("; ")
    )


def test_a_form_is_told_what_may_be_there_already(article: RepoFolder) -> None:
    """An MX has two fields; a second SPF record would fail all mail, and a form replaces nothing by itself."""
    said = article.run("export", "example.com", "--format", "paste").out
    assert (
        "Value:  v=spf1 +ip4:192.0.2.10 -all\nNote:   where a record with v=spf1 is there already, change it: two of them fail all"
        in said
    )
    article.policy("domain: example.com\nparked: true\n")
    said = article.run("export", "example.com", "--format", "paste").out
    assert (
        "Type:   MX\nHost:   @\nor:     example.com\nTTL:    3600\nPriority: 0\nServer: .\nNote:   delete every other MX record"
        in said
    )


LIVE: dict[str, tuple[str, str]] = {
    # what is there beside the key, and what is said of the SPF record
    "nothing": ("", "Note:   nothing of its kind is there: add it\n"),
    "a token": ('@ IN TXT "token"\n', "Note:   nothing of its kind is there: add it\n"),
    "another": ('@ IN TXT "v=spf1 mx -all"\n@ IN TXT "token"\n', "Change: v=spf1 mx -all\n\n"),
    "two": (
        '@ IN TXT "v=spf1 mx -all"\n@ IN TXT "v=spf1 -all"\n',
        "Change: v=spf1 -all\nChange: v=spf1 mx -all\nNote:   change one of them, and delete the others\n",
    ),
    "the same": (
        '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n',
        "Note:   it is there already: nothing to do\n",
    ),
}


@pytest.mark.parametrize("case", LIVE)
def test_live_says_which_records_a_form_changes(article: RepoFolder, case: str) -> None:
    served, note = LIVE[case]
    path = article.root / "served/example.com.zone"
    path.write_text(path.read_text() + served)
    said = article.run("export", "example.com", "--format", "paste", "--live").out
    assert f"Value:  v=spf1 +ip4:192.0.2.10 -all\n{note}" in said
    assert (
        f'Split:  "{DKIM[:255]}" "{DKIM[255:]}"\nNote:   it is there already: nothing to do\n'
        in said
    )


def test_live_that_is_unknown_warns_in_general(article: RepoFolder) -> None:
    article.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    said = article.run("export", "example.com", "--format", "paste", "--live").out
    assert "Note:   where a record with v=spf1 is there already, change it" in said
    refused = article.run("export", "example.com", "--format", "bind", "--live")
    assert (refused.code, "it goes with no other format" in refused.err) == (1, True)


def test_the_articles_records_in_a_master_file(article: RepoFolder) -> None:
    said = article.run("export", "example.com", "--format", "bind").out
    assert f'default._domainkey.example.com. 3600 IN TXT "{DKIM[:255]}" "{DKIM[255:]}"\n' in said


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


ED25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
BOTH = POLICY.replace("default.pem}", "default.pem}, e1: {key: e1.pem}")
ALLOWED = ("--allow", "DKIM031")


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


SENDERS = f"""domain: example.com
dkim:
  selectors:
    default: {{key: default.pem, state: pending}}
    old: {{key: default.pem, state: retiring}}
    vendor: {{p: {P}}}
    s1: {{cname: s1.example.net}}
"""


def test_only_our_active_keys_sign(article: RepoFolder) -> None:
    """A key given as `p` or `cname` is a sender's: in our tables it would name a file that is not there."""
    for text, message in [
        (
            SENDERS.replace("    default: {key: default.pem, state: pending}\n", ""),
            "no active key of ours signs for example.com: `key:`",
        ),
        (
            SENDERS,
            "is pending, and may not sign yet: no `seen:` in the policy yet; `dkim status` writes it; then `dkim rotate example.com`",
        ),
        (
            SENDERS.replace("pending", "pending, seen: 2026-01-01"),
            "is pending, and may sign now; then `dkim rotate example.com` makes it",
        ),
        (
            SENDERS.replace("pending", "pending, seen: 2199-01-01"),
            "is pending, and may sign from 2199-01-01T00:01:00Z: every cache must have forgotten that the key was not there: 1 minute, "
            "the zone's negative TTL; then `dkim rotate example.com` makes it active",
        ),
    ]:
        article.policy(text)
        for format in ("opendkim", "rspamd"):
            refused = article.run("export", "example.com", "--format", format, *ALLOWED)
            assert refused.code == 1
            assert message in refused.err
    article.policy(SENDERS.replace("pending", "active"))
    assert exported(article, "--format", "opendkim", *ALLOWED)["KeyTable"].count("\n") == 2


GATE = {
    "never seen": (
        POLICY,
        "the policy has no `seen:` for it; `mailauth-dns dkim status` writes it (DKIM031; --allow DKIM031:example.com",
    ),
    "seen just now": (
        POLICY.replace("default.pem}", "default.pem, seen: 2199-01-01}"),
        "served everywhere, but caches may know it as missing until 2199-01-01T00:01:00Z (DKIM031",
    ),
    "not served": (
        POLICY.replace("default: ", "other: ").replace(
            "default.pem}", "default.pem, seen: 2026-01-01}"
        ),
        "not every authoritative server serves the key (missing) (DKIM031",
    ),
}


@pytest.mark.parametrize("case", GATE)
def test_a_key_that_receivers_may_not_find_is_not_exported(article: RepoFolder, case: str) -> None:
    text, message = GATE[case]
    article.policy(text)
    for format in ("opendkim", "rspamd"):
        refused = article.run("export", "example.com", "--format", format)
        assert refused.code == 1
        assert message in refused.err
        assert refused.out == ""
        assert (
            article.run(
                "export", "example.com", "--format", format, "--allow", "DKIM031:example.org"
            ).code
            == 1
        )
        assert (
            article.run(
                "export", "example.com", "--format", format, "--allow", "DKIM031:example.com"
            ).code
            == 0
        )
    assert (
        article.run("export", "example.com", "--format", "paste").code == 0
    )  # records are what is published first


def test_unknown_dns_needs_a_permission_of_its_own(article: RepoFolder) -> None:
    article.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    refused = article.run("export", "example.com", "--format", "opendkim", *ALLOWED)
    assert refused.code == 1
    assert "DNS is unknown" in refused.err
    assert (
        article.run("export", "example.com", "--format", "opendkim", "--allow", "live-unknown").code
        == 0
    )


CONF = """# ours
Mode\tsv
syslog yes
KeyTable /etc/opendkim/KeyTable
SigningTable refile:/etc/opendkim/SigningTable
SignatureAlgorithm rsa-sha256
MultipleSignatures True
Socket inet:8891@localhost
"""
KEYS = "default._domainkey.example.com example.com:default:/etc/opendkim/keys/example.com/default.private\n"
OTHERS = "x._domainkey.example.org example.org:x:/etc/opendkim/keys/x\n"
INSTALLED: dict[str, tuple[str, dict[str, str], list[str]]] = {
    # the format, what is installed, and what is said to differ
    "the same": (
        "opendkim",
        {
            "opendkim.conf": CONF,
            "KeyTable": KEYS,
            "SigningTable": "*@example.com default._domainkey.example.com\n",
        },
        [],
    ),
    "beside another domain": (
        "opendkim",
        {
            "opendkim.conf": CONF,
            "KeyTable": OTHERS + KEYS,
            "SigningTable": "*@example.org x\n*@Example.com  default._domainkey.example.com # us\n",
        },
        [],
    ),
    "patterns that take the domain too": (
        "opendkim",
        {
            "opendkim.conf": CONF,
            "KeyTable": OTHERS + KEYS,
            "SigningTable": "*@*.example.com x\n*.example.com x\n*@example.com default._domainkey.example.com\n*@*.org x\n"
            "*@*.com x\ninfo@example.com x\n* x\n*example.com x\n*@*ample.com x\nexample.com x\n",
        },
        [
            f"SigningTable: - {pattern} x"
            for pattern in (
                "*@*.com",
                "info@example.com",
                "*",
                "*example.com",
                "*@*ample.com",
                "example.com",
            )
        ],
    ),
    "an old key": (
        "opendkim",
        {
            "opendkim.conf": CONF,
            "KeyTable": KEYS.replace("default", "old"),
            "SigningTable": "*@example.com old._domainkey.example.com\n",
        },
        [
            "KeyTable: - old._domainkey.example.com example.com:old:/etc/opendkim/keys/example.com/old.private",
            "KeyTable: + default._domainkey.example.com example.com:default:/etc/opendkim/keys/example.com/default.private",
            "SigningTable: - *@example.com old._domainkey.example.com",
            "SigningTable: + *@example.com default._domainkey.example.com",
        ],
    ),
    "nothing": (
        "postfix",
        {},
        [
            "main.cf: + smtpd_milters: inet:127.0.0.1:8891",
            "main.cf: + non_smtpd_milters: inet:127.0.0.1:8891",
            "main.cf: + milter_default_action = tempfail",
        ],
    ),
    "a spam filter beside": (
        "postfix",
        {
            "main.cf": "smtpd_milters = inet:127.0.0.1:11332,\n  # and ours\n  inet:127.0.0.1:8891\n"
            "non_smtpd_milters=$smtpd_milters\nmilter_default_action = tempfail\n"
        },
        [],
    ),
    "another port": (
        "postfix",
        {
            "main.cf": "smtpd_milters = inet:127.0.0.1:8892\nnon_smtpd_milters = $smtpd_milters\nmilter_default_action = accept\n"
        },
        [
            "main.cf: - milter_default_action = accept",
            "main.cf: + smtpd_milters: inet:127.0.0.1:8891",
            "main.cf: + milter_default_action = tempfail",
        ],
    ),
}


@pytest.mark.parametrize("case", INSTALLED)
def test_installed_files_are_compared_in_what_concerns_the_domain(
    article: RepoFolder, tmp_path: Path, case: str
) -> None:
    format, installed, differences = INSTALLED[case]
    folder = tmp_path / "installed"
    folder.mkdir()
    for name, text in installed.items():
        (folder / name).write_text(text)
    checked = article.run("export", "example.com", "--format", format, "--check", str(folder))
    assert checked.code == (2 if differences else 0), checked.said
    assert [
        line.removeprefix(f"{folder}/") for line in checked.out.splitlines()[:-1]
    ] == differences


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


def test_hosts_that_relay_are_not_forgotten(article: RepoFolder) -> None:
    """An export that names none would leave the mail of those unsigned that an earlier one named."""
    exported(article, "--format", "opendkim", "--mynetworks", "198.51.100.0/24")
    folder = str(article.root.parent / "exported")
    refused = article.run("export", "example.com", "--format", "opendkim", "--out", folder)
    assert refused.code == 1
    assert f"{folder}/TrustedHosts: an earlier export has 198.51.100.0/24 there, " in refused.err
    checked = article.run(
        "export",
        "example.com",
        "--format",
        "opendkim",
        "--mynetworks",
        "198.51.0.0/16",
        "--check",
        folder,
    )
    assert (checked.code, checked.out.splitlines()[0]) == (
        2,
        f"{folder}/TrustedHosts: + 198.51.0.0/16",
    )
    exported(article, "--format", "opendkim", "--mynetworks", "198.51.0.0/16")


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


def test_a_file_of_somebody_else_is_not_overwritten(article: RepoFolder, tmp_path: Path) -> None:
    (tmp_path / "KeyTable").write_text("mine\n")
    refused = article.run("export", "example.com", "--format", "opendkim", "--out", str(tmp_path))
    assert refused.code == 1
    assert "no export made this file, and it is not overwritten" in refused.err
    assert sorted(path.name for path in tmp_path.glob("*[eE]*") if path.is_file()) == ["KeyTable"]


@pytest.fixture
def two(article: RepoFolder) -> RepoFolder:
    """A second domain, whose key is Ed25519."""
    article.write(
        "zones/keys/example.org/e1.pem",
        f"-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n",
    )
    article.policy("domain: example.org\ndkim: {selectors: {e1: {key: e1.pem}}}\n", "org")
    return article


DROPPED = {
    "opendkim": "{out} example.com would be taken out of the files there, and no longer signed for; name all domains of the host: "
    "mailauth-dns export example.com example.org --format opendkim; or delete the files first if you no longer sign for them",
    "rspamd": "example.com would be taken out of the files there",
    "postfix": "main.cf: an earlier export has inet:127.0.0.1:8891 there, where mail of other domains may be signed; name all domains",
}


@pytest.mark.parametrize("format", DROPPED)
@pytest.mark.parametrize("keys", ["one key", "two keys"])
def test_a_second_domain_takes_no_first_one_out(
    two: RepoFolder, tmp_path: Path, format: str, keys: str
) -> None:
    out = tmp_path / "out"
    allow = ("--allow", "DKIM031", "--allow", "live-unknown")
    if keys == "two keys":
        two.write(
            "zones/keys/example.com/e1.pem",
            f"-----BEGIN PUBLIC KEY-----\n{ED25519}\n-----END PUBLIC KEY-----\n",
        )
        two.policy(BOTH)
    assert two.run("export", "example.com", "--format", format, "--out", str(out), *allow).code == 0
    before = {path.name: path.read_text() for path in out.iterdir()}
    refused = two.run("export", "example.org", "--format", format, "--out", str(out), *allow)
    assert refused.code == 1, refused.said
    assert DROPPED[format].format(out=f"--out {out}:") in refused.err
    assert {path.name: path.read_text() for path in out.iterdir()} == before
    both = two.run(
        "export", "example.com", "example.org", "--format", format, "--out", str(out), *allow
    )
    assert both.code == 0, both.said
    assert (
        two.run(
            "export", "example.com", "example.org", "--format", format, "--check", str(out)
        ).code
        == 0
    )


def test_another_socket_is_no_other_domain(article: RepoFolder) -> None:
    exported(article, "--format", "postfix")
    assert (
        "inet:127.0.0.1:8899\n"
        in exported(article, "--format", "postfix", "--socket", "inet:8899@localhost")["main.cf"]
    )


def test_files_are_looked_at_before_they_are_opened(article: RepoFolder, tmp_path: Path) -> None:
    """A pipe would be waited for, a folder that is not there is no difference, and a link stays one."""
    missing = article.run(
        "export", "example.com", "--format", "opendkim", "--check", str(tmp_path / "no")
    )
    assert (missing.code, missing.err) == (1, f"--check {tmp_path}/no: there is no such folder\n")
    os.mkfifo(tmp_path / "KeyTable")
    for option in ("--check", "--out"):
        refused = article.run(
            "export", "example.com", "--format", "opendkim", option, str(tmp_path)
        )
        assert (refused.code, refused.err) == (1, f"{tmp_path}/KeyTable: is not a regular file\n")
    (tmp_path / "KeyTable").unlink()
    (tmp_path / "KeyTable").symlink_to("elsewhere")
    assert (
        article.run("export", "example.com", "--format", "opendkim", "--out", str(tmp_path)).code
        == 0
    )
    assert (tmp_path / "KeyTable").is_symlink()
    assert MARK in (tmp_path / "elsewhere").read_text()


def test_terraform_takes_no_macro_for_a_template(article: RepoFolder) -> None:
    article.policy(
        'domain: example.com\nspf: {terms: ["exists:%{i}._spf.example.net"], all: fail}\n'
    )
    said = json.loads(article.run("export", "example.com", "--format", "terraform").out)
    assert (
        said["locals"]["mailauth_dns"]["example.com TXT"]["value"]
        == "v=spf1 exists:%%{i}._spf.example.net -all"
    )


def test_dnscontrol_extends_the_zone(article: RepoFolder) -> None:
    article.policy(
        "domain: news.example.com\nzone: example.com\nspf: {all: fail}\ndkim: {selectors: {s1: {cname: s1.example.net}}}\n"
    )
    said = article.run("export", "news.example.com", "--format", "dnscontrol").out
    assert said.split("\n", 1)[1].strip() == (
        'D_EXTEND("example.com",\n  TXT("news", "v=spf1 -all", TTL(3600)),\n  CNAME("s1._domainkey.news", "s1.example.net.", TTL(3600))\n);'
    )
    article.policy("domain: example.com\nparked: true\n")
    assert (
        'MX("@", 0, ".", TTL(3600))'
        in article.run("export", "example.com", "--format", "dnscontrol").out
    )


def test_a_consent_that_a_wildcard_may_give_already_is_named(article: RepoFolder) -> None:
    """To export asks no DNS; under a wildcard the new name would keep it from answering for others (RFC 4592)."""
    article.policy(
        'domain: example.org\nspf: {all: fail}\ndmarc: {p: none, rua: ["mailto:d@example.com"]}\n',
        "org",
    )
    consent = "example.org._report._dmarc.example.com"
    for format in ("bind", "paste", "terraform", "dnscontrol"):
        said = article.run("export", "example.org", "--format", format)
        assert (said.code, said.err) == (
            0,
            f"{consent}: leave it out where a wildcard above it in that zone gives the consent already; export does not ask DNS\n",
        )
        assert consent.removesuffix(".example.com") in said.out
        assert article.run("export", "example.com", "--format", format).err == ""
    assert article.run("export", "example.org", "--format", "postfix").err == ""


@pytest.mark.parametrize("place", ["zones", "zones/policy", "zones/keys/x", "providers", "link"])
def test_nothing_is_written_into_the_repos_own_folders(article: RepoFolder, place: str) -> None:
    (article.root / "link").symlink_to(article.root / "zones/policy")
    before = sorted(article.root.rglob("*"))
    refused = article.run(
        "export", "example.com", "--format", "bind", "--out", str(article.root / place)
    )
    assert refused.code == 1
    assert "where policies and compiled files are; use another folder" in refused.err
    assert sorted(article.root.rglob("*")) == before


def test_a_relative_folder_lies_where_the_repo_does(article: RepoFolder) -> None:
    """As with git, -C comes first."""
    assert article.run("export", "example.com", "--format", "bind", "--out", "exported").code == 0
    assert (article.root / "exported/mailauth-dns.zone").exists()
    assert article.run("export", "example.com", "--format", "bind", "--check", "exported").code == 0


CHECKED = ["opendkim", "postfix", "rspamd", "paste", "bind", "terraform", "dnscontrol"]


@pytest.mark.parametrize("format", CHECKED)
def test_what_was_exported_is_in_order_until_it_differs(
    article: RepoFolder, tmp_path: Path, format: str
) -> None:
    folder = tmp_path / "installed"
    assert article.run("export", "example.com", "--format", format, "--out", str(folder)).code == 0
    same = article.run("export", "example.com", "--format", format, "--check", str(folder))
    assert (same.code, same.out) == (0, "Export: 0 differences\n")
    for path in folder.iterdir():
        path.write_text(path.read_text().replace("default", "other").replace("8891", "8892"))
    other = article.run("export", "example.com", "--format", format, "--check", str(folder))
    assert other.code == 2, other.said
    assert re.search(rf"^{folder}/\S+: [+-] ", other.out, re.MULTILINE)
    for path in folder.iterdir():
        path.unlink()
    assert (
        article.run("export", "example.com", "--format", format, "--check", str(folder)).code == 2
    )
