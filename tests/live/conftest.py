"""A web site on loopback with certificates of an authority of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.fetching import HOST, PAGES
from tests.live.site import Authority, Site


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
    return made


@pytest.fixture
def site(authority: Authority) -> Iterator[Site]:
    with Site(authority.certificate(HOST), PAGES) as serving:
        yield serving
