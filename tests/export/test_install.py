"""`export --install`: the files are where the host's own program reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailauth_dns.signing_host import key_owner, opendkim_conf
from tests.conftest import RepoFolder
from tests.export.test_installed import KEY, STOCK

RPM = "Mode v\nKeyFile /etc/opendkim/keys/default.private\n"  # it verifies, and has no such key


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(key_owner, "HOST", tmp_path / "host")
    (tmp_path / "host/etc/rspamd/local.d").mkdir(parents=True)
    return tmp_path / "host"


def install(article: RepoFolder, format: str, *more: str) -> tuple[int, str]:
    ran = article.run("export", "example.com", "--format", format, "--allow", "live-unknown", *more)
    return ran.code, ran.said


def checked(article: RepoFolder, format: str, folder: Path) -> tuple[int, str]:
    if format == "opendkim":  # the key is where `--key-dir` says by default
        (key_owner.HOST / KEY).parent.mkdir(parents=True, exist_ok=True)
        (key_owner.HOST / KEY).write_text("")
    ran = article.run("export", "example.com", "--format", format, "--check", str(folder))
    return ran.code, ran.out + ran.told


@pytest.mark.parametrize("stock", [STOCK, RPM, None], ids=["debian", "rpm", "none"])
def test_opendkim_reads_what_was_installed(
    article: RepoFolder, host: Path, stock: str | None
) -> None:
    conf = host / "etc/opendkim.conf"
    if stock is not None:
        conf.write_text(stock)
    code, said = install(article, "opendkim", "--install")
    assert code == 0, said
    assert checked(article, "opendkim", host / "etc/opendkim") == (0, "Export: 0 differences\n")
    kept = host / "etc/opendkim.conf.before-mailauth-dns"
    assert (kept.read_text() if kept.exists() else None) == stock
    assert (f"kept: {kept} (what was there)\n" in said) == (stock is not None)
    # Again, as after a rotation: what was kept stays what the package had.
    code, said = install(article, "opendkim", "--install")
    assert (code, "kept: " in said) == (0, False)
    assert (kept.read_text() if kept.exists() else None) == stock


def test_a_killed_run_is_finished_by_another(article: RepoFolder, host: Path) -> None:
    """It had kept what was there, and not yet put ours in its place."""
    conf, kept = host / "etc/opendkim.conf", host / "etc/opendkim.conf.before-mailauth-dns"
    for path in (conf, kept):
        path.write_bytes(STOCK.encode() + b"# caf\xe9\n")
    code, said = install(article, "opendkim", "--install")
    assert code == 0, said
    assert "KeyTable" in conf.read_text()
    assert kept.read_bytes() == STOCK.encode() + b"# caf\xe9\n"


def test_what_is_kept_is_the_same_octets_for_its_owner_alone(
    article: RepoFolder, host: Path
) -> None:
    conf, kept = host / "etc/opendkim.conf", host / "etc/opendkim.conf.before-mailauth-dns"
    conf.write_bytes(STOCK.encode() + b"# caf\xe9\n")
    conf.chmod(0o640)
    assert install(article, "opendkim", "--install")[0] == 0
    assert kept.read_bytes() == STOCK.encode() + b"# caf\xe9\n"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_another_file_that_is_kept_is_not_replaced(article: RepoFolder, host: Path) -> None:
    conf, kept = host / "etc/opendkim.conf", host / "etc/opendkim.conf.before-mailauth-dns"
    conf.write_text(STOCK)
    kept.write_text("Mode v\n")
    code, said = install(article, "opendkim", "--install")
    assert (code, kept.read_text(), conf.read_text()) == (1, "Mode v\n", STOCK)
    assert "is there already" in said


def test_a_mode_that_also_verifies_stays(article: RepoFolder, host: Path) -> None:
    conf = host / "etc/opendkim.conf"
    assert install(article, "opendkim", "--install")[0] == 0
    conf.write_text(re.sub(r"(?m)^(Mode +)s$", r"\1sv", conf.read_text()))
    verifying = conf.read_text()
    assert install(article, "opendkim", "--install")[0] == 0
    assert conf.read_text() == verifying


LOCAL = "local:/run/opendkim/opendkim.sock"
IN_USE = [
    # What Debian's package has: no Mode, which is sv.
    ("smtpd_milters = unix:/run/opendkim/opendkim.sock, inet:localhost:8893", STOCK),
    ("smtpd_milters = $verify\nverify = local:/var/run/opendkim/opendkim.sock", STOCK),
    ("smtpd_milters = unix:/run/opendkim/opendkim.sock", STOCK + "Mode v\n"),
]


@pytest.mark.parametrize(("main", "conf"), IN_USE)
def test_an_opendkim_that_verifies_for_postfix_goes_on(
    article: RepoFolder, host: Path, main: str, conf: str
) -> None:
    """A new socket would be a dead milter in Postfix; OpenDMARC needs what verification found."""
    path, postfix = host / "etc/opendkim.conf", host / "etc/postfix"
    postfix.mkdir()
    (postfix / "main.cf").write_text(f"{main}\n")
    path.write_text(conf + "UMask 002\nAuthservID mx.example.com\n")
    for _ in range(2):  # again, as after a rotation
        code, said = install(article, "opendkim", "--install")
        assert code == 0, said
        there = opendkim_conf.settings(host, path.read_text())
        kept = [there[each] for each in ("mode", "socket", "umask", "authservid")]
        assert kept == ["sv", LOCAL, "002", "mx.example.com"]
        assert "keytable" in there
    assert checked(article, "opendkim", host / "etc/opendkim") == (0, "Export: 0 differences\n")
    # Postfix's lines name that socket, too.
    lines = article.run("export", "example.com", "--format", "postfix").out
    assert "smtpd_milters = unix:/run/opendkim/opendkim.sock\n" in lines
    before = path.with_name("opendkim.conf.before-mailauth-dns")
    assert before.read_text() == conf + "UMask 002\nAuthservID mx.example.com\n"


def test_a_socket_that_postfix_needs_is_not_left(article: RepoFolder, host: Path) -> None:
    (host / "etc/postfix").mkdir()
    (host / "etc/postfix/main.cf").write_text("smtpd_milters = unix:/run/opendkim/opendkim.sock\n")
    (host / "etc/opendkim.conf").write_text(STOCK)
    code, said = install(article, "opendkim", "--install", "--socket", "inet:8891@localhost")
    assert code == 1
    assert f"Postfix passes mail through {LOCAL}, where OpenDKIM would no longer listen" in said
    assert (host / "etc/opendkim.conf").read_text() == STOCK
    assert not (host / "etc/opendkim").exists()


def test_a_mode_that_verifies_stays_without_postfix(article: RepoFolder, host: Path) -> None:
    conf = host / "etc/opendkim.conf"
    conf.write_text(RPM)
    assert install(article, "opendkim", "--install")[0] == 0
    there = opendkim_conf.settings(host, conf.read_text())
    assert (there["mode"], there["socket"], "keyfile" in there) == (
        "sv",
        "inet:8891@localhost",
        False,
    )


EPEL = {
    "KeyTable": "# To use this file, uncomment KeyTable.\n#default._domainkey.example.com x:y:/z\n",
    "SigningTable": "#*@example.com default._domainkey.example.com\n",
    "TrustedHosts": "# Hosts whose mail is signed.\n127.0.0.1\n::1\n#host.example.com\n",
}


def test_tables_of_the_package_are_replaced_and_kept(article: RepoFolder, host: Path) -> None:
    folder = host / "etc/opendkim"
    folder.mkdir()
    (host / "etc/opendkim.conf").write_text(RPM)
    for name, text in EPEL.items():
        (folder / name).write_text(text)
    for _ in range(2):
        code, said = install(article, "opendkim", "--install")
        assert code == 0, said
        for name, text in EPEL.items():
            assert (folder / f"{name}.before-mailauth-dns").read_text() == text
    assert checked(article, "opendkim", folder) == (0, "Export: 0 differences\n")


IN_TABLES = [
    ("KeyTable", "x example.org:x:/etc/opendkim/keys/x\n"),
    ("SigningTable", "*@example.org x\n"),
    ("TrustedHosts", "127.0.0.1\n192.0.2.0/24\n"),
    ("TrustedHosts", "host.example.com\n"),
]


@pytest.mark.parametrize(("name", "text"), IN_TABLES)
def test_a_table_that_says_something_is_not_replaced(
    article: RepoFolder, host: Path, name: str, text: str
) -> None:
    (host / "etc/opendkim").mkdir()
    (host / "etc/opendkim" / name).write_text(text)
    code, said = install(article, "opendkim", "--install")
    assert (code, (host / "etc/opendkim" / name).read_text()) == (1, text)
    assert "no export made this file" in said
    assert not (host / "etc/opendkim.conf").exists()


def test_a_stray_configuration_of_ours_goes(article: RepoFolder, host: Path) -> None:
    folder = host / "etc/opendkim"
    assert install(article, "opendkim", "--out", str(folder))[0] == 0
    assert (folder / "opendkim.conf").exists()
    assert install(article, "opendkim", "--install")[0] == 0
    assert not (folder / "opendkim.conf").exists()
    assert checked(article, "opendkim", folder)[0] == 0


def test_an_opendkim_that_signs_already_is_left_alone(article: RepoFolder, host: Path) -> None:
    conf = host / "etc/opendkim.conf"
    conf.write_text("Mode sv\nKeyTable /etc/mail/keys\n")
    code, said = install(article, "opendkim", "--install")
    assert code == 1
    assert "signs mail already (keytable), and --install would stop that" in said
    assert conf.read_text() == "Mode sv\nKeyTable /etc/mail/keys\n"
    assert not (host / "etc/opendkim").exists()


def test_rspamd_reads_settings_in_local_d(article: RepoFolder, host: Path) -> None:
    code, said = install(article, "rspamd", "--install")
    assert code == 0, said
    assert (host / "etc/rspamd/local.d/dkim_signing.conf").exists()
    assert (host / "etc/rspamd/dkim_paths.map").exists()
    # Nobody has put the key there yet.
    code, said = checked(article, "rspamd", host / "etc/rspamd")
    key = host / "var/lib/rspamd/dkim/example.com/default.private"
    assert (code, f"{key}: ! there is no such key, and Rspamd does not" in said) == (2, True)
    key.parent.mkdir(parents=True)
    key.write_text("")
    assert checked(article, "rspamd", host / "etc/rspamd")[0] == 0


REFUSED = [
    ("postfix", ("--install",), "--install puts a signing program's files in place"),
    ("opendkim", ("--install", "--out", "x"), "give one of them"),
    ("opendkim", ("--install", "--check", "x"), "give one of them"),
]


@pytest.mark.parametrize(("format", "options", "message"), REFUSED)
def test_options_that_do_not_go_together(
    article: RepoFolder, format: str, options: tuple[str, ...], message: str
) -> None:
    code, said = install(article, format, *options)
    assert code == 1
    assert message in said
