"""The import contracts of pyproject.toml hold, and each one fails on a tree that breaks it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

from tests.architecture.calls import PACKAGE, ROOT

_TABLE = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS: dict[str, dict[str, Any]] = {each["id"]: each for each in _TABLE["contracts"]}

# Contract, a module it is about, and an import that it must not have.
BREACHES = [
    ("layers", "records/name.py", "from mailauth_dns.policy import load"),
    ("layers", "reports/walk.py", "from mailauth_dns.evaluate import dmarc"),
    ("layers", "evidence/gate/gate.py", "from mailauth_dns.lint import finding"),
    ("layers", "plan/permissions.py", "from mailauth_dns.deploy import apply"),
    ("evidence", "evidence/kept/keep.py", "from mailauth_dns.evidence.watch import change"),
    ("evidence", "evidence/gate/gate.py", "from mailauth_dns.evidence.tls import verdict"),
    ("pure-core", "policy/load.py", "import socket"),
    ("pure-core", "diff/compare.py", "import octodns.zone"),
    ("pure-core", "lint/subject.py", "import dns.resolver"),
    ("pure-core", "compile/declarations.py", "import random"),
    ("pure-core", "reports/walk.py", "import subprocess"),
    ("pure-core", "evidence/gate/gate.py", "import dns.message"),
    ("pure-core", "signing_host/opendkim_conf.py", "import dns.message"),
    ("pure-records", "records/uri.py", "import urllib.parse"),
    ("pure-records", "records/spf.py", "import pydantic"),
    ("pure-records", "records/zone.py", "import os"),
    ("pure-records", "masterfile/lexer.py", "from pathlib import Path"),
    ("octodns", "render/plan_text.py", "from octodns.record import Record"),
    ("octodns", "export/dns_formats.py", "import octodns_bind"),
    ("dnspython", "keys/rotation.py", "import dns.resolver"),
    ("dnspython", "octo/local.py", "import dns.query"),
    ("sockets", "render/json_data.py", "import socket"),
    ("sockets", "deploy/verify.py", "import httpcore"),
    ("sockets", "octo/target.py", "import ssl"),
    ("urls", "diff/change.py", "from urllib.parse import quote"),
    ("no-other-network", "octo/powerdns.py", "import requests"),
    ("no-other-network", "live/dns_message.py", "import asyncio"),
    ("no-other-network", "live/https.py", "from http import client"),
    ("programs", "export/installed.py", "import subprocess"),
    ("cryptography", "evaluate/dkim_key.py", "from cryptography import x509"),
    ("yaml", "keys/policy_edit.py", "import yaml"),
    ("pydantic", "lint/rule.py", "from pydantic import BaseModel"),
    ("command-line", "render/plan_text.py", "import typer"),
    ("dask", "live/observe.py", "import distributed"),
    ("templates", "render/json_data.py", "import jinja2"),
    ("terminal", "deploy/apply.py", "from rich.text import Text"),
    ("providers", "export/exported_files.py", "from mailauth_dns.octo import target"),
    ("live-dns", "render/keys.py", "from mailauth_dns.live import observe"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)


def _checked(root: Path, *contracts: str) -> tuple[int, str]:
    """Return the exit code and the words of the tool, for all contracts or for some."""
    tool = Path(sys.executable).parent / "lint-imports"
    chosen = [word for contract in contracts for word in ("--contract", contract)]
    done = subprocess.run(
        [str(tool), "--no-cache", *chosen],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root), "COLUMNS": "1000"},
    )
    return done.returncode, done.stdout + done.stderr


def test_all_contracts_are_kept() -> None:
    code, said = _checked(ROOT)
    assert code == 0, said


@pytest.mark.parametrize(("contract", "module", "statement"), BREACHES)
def test_a_breach_is_reported(contract: str, module: str, statement: str, copy: Path) -> None:
    with (copy / PACKAGE / module).open("a") as file:
        file.write(f"\n{statement}\n")
    code, said = _checked(copy, contract)
    importer = ".".join((PACKAGE, *Path(module).with_suffix("").parts))
    assert code == 1
    assert "Contracts: 0 kept, 1 broken." in said
    assert f"{importer} -> {statement.split()[1].split('.')[0]}" in said


def test_every_contract_has_a_breach() -> None:
    assert {contract for contract, _, _ in BREACHES} == set(CONTRACTS)


def test_every_allowed_importer_imports(graph: grimp.ImportGraph) -> None:
    """An allowance that nothing uses any more must be removed."""
    unused = [
        (contract["id"], importer)
        for contract in CONTRACTS.values()
        for importer in contract.get("allowed_importers", ())
        if not _imports(graph, importer, contract["protected_modules"])
    ]
    assert unused == []


def _imports(graph: grimp.ImportGraph, importer: str, protected: list[str]) -> bool:
    modules = {importer, *graph.find_descendants(importer)}
    return any(
        modules & graph.find_modules_that_directly_import(name)
        for top in protected
        for name in (top, *(graph.find_descendants(top) if top.startswith(PACKAGE) else ()))
    )
