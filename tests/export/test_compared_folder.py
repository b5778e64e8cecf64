"""`export --check` of a folder: what differs in what concerns the domain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.export.articles import CONF, KEYS

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


CHECKED = ["opendkim", "postfix", "rspamd", "paste", "bind", "terraform", "dnscontrol"]


@pytest.mark.parametrize("format", CHECKED)
def test_what_was_exported_is_in_order_until_it_differs(
    article: RepoFolder, tmp_path: Path, format: str
) -> None:
    folder = tmp_path / "installed"
    # The records begin with a policy that stops mail, and nobody has reported on it.
    export = ("export", "example.com", "--format", format, "--allow", "DMARC032")
    assert article.run(*export, "--out", str(folder)).code == 0
    same = article.run(*export, "--check", str(folder))
    assert (same.code, same.out) == (0, "Export: 0 differences\n")
    for path in folder.iterdir():
        path.write_text(path.read_text().replace("default", "other").replace("8891", "8892"))
    other = article.run(*export, "--check", str(folder))
    assert other.code == 2, other.said
    assert re.search(rf"^{folder}/\S+: [+-] ", other.out, re.MULTILINE)
    for path in folder.iterdir():
        path.unlink()
    assert article.run(*export, "--check", str(folder)).code == 2
