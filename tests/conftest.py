"""A zone repo in a temporary folder, driven through the command line as a user does."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dns.resolver
import pytest
from hypothesis import HealthCheck, settings

from mailauth_dns.cli import main
from mailauth_dns.signing_host import key_owner
from tests import schemas

# What the tests start buffers its results, as it does for everybody.
os.environ.pop("PYTHONUNBUFFERED", None)
_IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# CI tries the same examples each time: it tells of a change and not of luck. Every other run explores.
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if _IN_CI else "default")


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def told(self) -> str:
        """Standard error without the next step, which is its last line."""
        return re.sub(r"(?:\A|(?<=\n))Next: mailauth-dns .*\n\Z", "", self.err)

    @property
    def next(self) -> str:
        """The next step without the repo that it names: the command, and why in brackets."""
        line = self.err.removeprefix(self.told)
        return re.sub(r"\ANext: mailauth-dns (?:-C \S+ )?|\n\Z", "", line)


@dataclass
class RepoFolder:
    """A zone repo; `run` is the command line in it."""

    root: Path
    capture: Callable[[], tuple[str, str]]

    def write(self, path: str, text: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        return target

    def policy(self, text: str, name: str = "policy") -> Path:
        return self.write(f"zones/policy/{name}.yaml", text)

    def provider(self, id: str, stanza: Mapping[str, object]) -> Path:
        return self.write(
            f"providers/{id}.yaml", "".join(f"{key}: {value}\n" for key, value in stanza.items())
        )

    def local(self, zone: str, text: str) -> Path:
        """Give the repo a local provider, with this zone in it."""
        self.provider("local", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
        return self.write(f"served/{zone}.zone", text)

    def run(self, *arguments: str) -> Ran:
        self.capture()
        code = main(["-C", str(self.root), *arguments])
        ran = Ran(code, *self.capture())
        assert "Traceback" not in ran.said, ran.said
        if ran.out.startswith("{"):
            schemas.check(json.loads(ran.out), arguments)
        if "plan" in arguments[:1] and "--out" in arguments and code != 1:
            written = self.root / arguments[arguments.index("--out") + 1]
            schemas.plan().validate(json.loads(written.read_text()))
        return ran


@pytest.fixture
def repo(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> RepoFolder:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    root = tmp_path / "repo"
    (root / "zones/policy").mkdir(parents=True)

    def capture() -> tuple[str, str]:
        captured = capfd.readouterr()
        return captured.out, captured.err

    return RepoFolder(root, capture)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that all tests share, so that whatever one leaves there changes nothing in another."""
    monkeypatch.setenv("MAILAUTH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def no_signing_program(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host on which no signing program is set up, whatever the machine has: what is made here is nobody's but the test's."""
    monkeypatch.setattr(key_owner, "HOST", tmp_path_factory.getbasetemp() / "no-such-host")


@pytest.fixture
def no_resolvers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without recursive resolvers: what the test's own name servers do not hold is unknown, wherever it runs."""

    kind = dns.resolver.Resolver

    def unconfigured(*, configure: bool = True) -> dns.resolver.Resolver:
        if configure:
            raise dns.resolver.NoResolverConfiguration
        return kind(configure=False)

    monkeypatch.setattr(dns.resolver, "Resolver", unconfigured)


def free_port() -> int:
    """Return a port that is free for UDP and TCP on loopback now."""
    for _ in range(50):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on loopback")


def need(missing: str | None) -> None:
    """Skip the test where something that it needs is missing, and say what; in CI nothing may be."""
    if missing is not None:
        if _IN_CI:
            pytest.fail(missing)
        pytest.skip(missing)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite golden files with what is said now"
    )
    parser.addoption(
        "--update-docs", action="store_true", help="write what commands say now into the docs"
    )


def pytest_configure() -> None:
    # A shell has its background jobs ignore interrupts, and so would every program that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count as covered what a written example reaches: what made-up input reaches is luck."""
    for item in items:
        if isinstance(item, pytest.Function) and getattr(item.obj, "is_hypothesis_test", False):
            item.add_marker("no_cover")


_PRIVATE = (Path.home(), Path(__file__).parent, Path("/var/lib"))


@pytest.fixture
def private_dir() -> Iterator[Path]:
    """A folder for private keys. Nobody else may write above it, so it cannot be in /tmp."""
    for candidate in _PRIVATE:
        above = [candidate.resolve(), *candidate.resolve().parents]
        if not any(parent.stat().st_mode & stat.S_IWOTH for parent in above):
            break
    else:
        pytest.fail(f"everybody may write above each of {_PRIVATE}")
    folder = Path(tempfile.mkdtemp(prefix="mailauth-keys-", dir=candidate))
    yield folder
    shutil.rmtree(folder)
