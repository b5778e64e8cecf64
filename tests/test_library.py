"""The public names: which they are, their documentation, their laziness, and the example."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mailauth_dns

ROOT = Path(__file__).parent.parent
NAMES = {
    # from a zone repo to a plan
    "load_repo",
    "Repo",
    "Policy",
    "compile_repo",
    "Publication",
    "lint_repo",
    "LintResult",
    "Finding",
    "Severity",
    "providers",
    "make_plan",
    "PlanRequest",
    "Plan",
    "allowance",
    "apply",
    "Allowance",
    "ApplyRequest",
    "ApplyResult",
    "domain_name",
    # as a receiver
    "check_host",
    "judge",
    "Message",
    "Verdict",
    "Resolver",
    "ZoneResolver",
    "LiveResolver",
    # records
    "bimi",
    "dkim",
    "dmarc",
    "mta_sts",
    "spf",
    "tls_rpt",
    # errors
    "MailAuthError",
    "ObservationError",
    "PlanRefused",
    "PolicyError",
    "ProviderError",
    "RecordSyntaxError",
}
EXAMPLE = """\
lint: 0 findings
breaking: _dmarc.example.com TXT
safe: _mta-sts.example.com TXT
safe: _smtp._tls.example.com TXT
safe: default._bimi.example.com TXT
caution: example.com TXT
safe: mx2026._domainkey.example.com TXT
safe: old._domainkey.example.com TXT
safe: older._domainkey.example.com TXT
plan: 8 changes
spf fail, dmarc fail, requested: quarantine
policy for subdomains: reject
"""
SLOW = {"cryptography", "dns", "octodns", "pydantic", "rich", "typer", "yaml"}


def test_the_public_names_are_these() -> None:
    assert set(mailauth_dns.__all__) == NAMES
    assert list(mailauth_dns.__all__) == sorted(mailauth_dns.__all__)
    assert set(dir(mailauth_dns)) >= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_name_has_a_docstring_and_a_place_in_the_manual(name: str) -> None:
    assert (getattr(mailauth_dns, name).__doc__ or "").strip()
    manual = (ROOT / "docs/reference/library.md").read_text()
    rows = (line for line in manual.splitlines() if line.startswith(("| `", "`")))
    assert any(re.search(f"`{name}`", row) for row in rows)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = mailauth_dns.no_such_name


@pytest.mark.parametrize(
    "statement",
    [
        "import mailauth_dns",
        "import mailauth_dns.records.spf",
        "from mailauth_dns import dmarc, spf",
        "from mailauth_dns import MailAuthError, check_host, judge, ZoneResolver",
    ],
)
def test_an_import_loads_only_what_it_needs(statement: str) -> None:
    script = f"import sys\n{statement}\nprint(*sorted({SLOW!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    allowed = {"cryptography"} if "judge" in statement else set()  # it knows DKIM keys
    assert set(ran.stdout.split()) <= allowed


def test_the_manuals_snippets_run() -> None:
    manual = (ROOT / "docs/reference/library.md").read_text()
    script = "".join(re.findall(r"```python\n(.*?)```", manual, re.DOTALL))
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_example_runs_with_public_names_alone(tmp_path: Path) -> None:
    example = ROOT / "docs/examples/library.py"
    text = example.read_text()
    assert re.findall(r"^(?:from|import) mailauth_dns\S+", text, re.MULTILINE) == []
    used = set(re.findall(r"mailauth_dns\.(\w+)", text))
    assert used <= NAMES
    for folder in ("zones", "providers", "served"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    ran = subprocess.run(
        [sys.executable, str(example), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, EXAMPLE), ran.stderr
