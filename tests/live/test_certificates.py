"""A certificate must be for the host, from an authority that this machine trusts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.web_page import Page, Untrusted
from tests.live.fetching import HOST, PAGES, got
from tests.live.site import Authority, Site

CERTIFICATES = [
    (("www.example.com",), 30, "site", "mta-sts.example.com"),
    (("*.mta-sts.example.com",), 30, "site", "mta-sts.example.com"),
    ((HOST,), -1, "site", "expired"),
    ((), 30, HOST, "mta-sts.example.com"),  # a common name is no name of a host (RFC 8461 §3.3)
]


@pytest.mark.parametrize(("hosts", "days", "common_name", "reason"), CERTIFICATES)
def test_a_certificate_must_be_for_the_host(
    authority: Authority, hosts: tuple[str, ...], days: int, common_name: str, reason: str
) -> None:
    with Site(authority.certificate(*hosts, days=days, common_name=common_name), PAGES) as site:
        outcome = got(site.port)
    assert isinstance(outcome, Untrusted)
    assert reason in outcome.reason
    assert not site.seen


def test_a_certificate_of_another_authority_is_not_trusted(site: Site, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Site(Authority(tmp_path / "other").certificate(HOST), PAGES) as other:
        assert isinstance(got(other.port), Untrusted)


def test_without_authorities_nobody_can_tell(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    assert got(site.port) == Unknown("this machine has no certificate authorities")


def test_an_empty_folder_or_file_of_authorities_is_none(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "folder"))
    assert got(site.port) == Unknown("this machine has no certificate authorities")


def test_authorities_in_a_folder_are_enough(
    site: Site, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each is found by the hash of its name; SSL_CERT_DIR can name several folders."""
    folder = tmp_path / "folder"
    folder.mkdir()
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", authority.root],
        check=True,
        capture_output=True,
        text=True,
    )
    (folder / f"{hashed.stdout.strip()}.0").write_bytes(authority.root.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'nowhere'}:{folder}")
    assert isinstance(got(site.port), Page)
