"""The command line as users and pipelines see it: golden output, exit codes, streams, options."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailauth_dns.plan import plan_shape
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import Ran, RepoFolder

GOLDEN = Path(__file__).parent / "golden"

HEAD = (
    "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)
ZONES = {
    "example.com": HEAD
    + '@ IN TXT "v=spf1 ip4:192.0.2.1 ~all"\n@ IN TXT "MS=ms123"\n@ IN TXT "two words"\n@ '
    "IN MX 10 mx\nmx IN A 192.0.2.10\n"
    + '_dmarc IN TXT "v=DMARC1; p=none"\nold._domainkey IN TXT "v=DKIM1; p=AAAA"\n',
    "example.net": HEAD + "_dmarc IN CNAME dmarc.vendor.example.\n",
    "example.org": HEAD + "@ IN MX 10 mx.example.com.\n",
}
POLICIES = {
    "example.com": "domain: example.com\nspf: {terms: [mx], all: fail}\ndkim:\n  selectors:\n    s1: "
    "{cname: s1.keys.example.org}\n"
    "    gone: {state: absent}\ndmarc: {p: reject, pct: 50}\n",
    "example.net": "domain: example.net\nspf: {terms: [ptr], all: softfail}\ndmarc: {p: none}\n",
    "example.org": "domain: example.org\nparked: true\n",
}


@pytest.fixture
def served(repo: RepoFolder) -> Iterator[RepoFolder]:
    for zone, text in ZONES.items():
        repo.local(zone, text)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        for name, text in POLICIES.items():
            repo.policy(text, name)
        yield repo


def shown(repo: RepoFolder, ran: Ran) -> str:
    """What a user saw, without what differs from run to run."""
    text = f"exit code {ran.code}\n--- stdout\n{ran.out}--- stderr\n{ran.err}"
    text = text.replace(str(repo.root), "REPO")
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


STORY: dict[str, tuple[str, ...]] = {
    "lint": ("lint",),
    "lint_one_domain": ("lint", "example.org"),
    "compile_check_before": ("compile", "--check"),
    "compile": ("compile",),
    "compile_check": ("compile", "--check"),
    "diff": ("diff", "example.com"),
    "plan": ("plan", "--out", "plan.json"),
    "plan_shown_with_kept": ("plan", "--show", "plan.json"),
    "plan_no_live": ("plan", "--no-live", "example.com"),
    "apply_refused": ("apply", "plan.json"),
    "apply": (
        "apply",
        "plan.json",
        *("--allow", "DMARC033:example.com", "--allow", "DMARC032:example.com"),
    ),
    "verify": ("verify",),
    "plan_again": ("plan", "--detailed-exitcode", "example.com"),
    "rules": ("rules",),
    "rule": ("rules", "spf010"),
}


def test_the_whole_job_reads_as_it_should(
    served: RepoFolder, request: pytest.FixtureRequest
) -> None:
    """One golden file a command, in the order of the job; `--update-golden` rewrites them."""
    for name, arguments in STORY.items():
        said = shown(served, served.run(*arguments))
        golden = GOLDEN / f"{name}.txt"
        if request.config.getoption("--update-golden"):
            golden.write_text(said)
        assert said == golden.read_text(), name


def test_a_relative_file_lies_in_the_repo_that_is_worked_in(served: RepoFolder) -> None:
    assert served.run("plan", "--out", "plan.json").code == 1  # example.net is blocked
    assert (served.root / "plan.json").exists()


def test_a_plan_is_written_to_what_a_link_leads_to(served: RepoFolder) -> None:
    (served.root / "link.json").symlink_to("plan.json")
    served.run("plan", "--out", "link.json")
    assert ((served.root / "link.json").is_symlink(), (served.root / "plan.json").is_file()) == (
        True,
        True,
    )


# What bad usage says. It is 1, never 2: a pipeline must not take a typo for changes.
USAGE: dict[tuple[str, ...], str] = {
    (): "",
    ("lnit",): "there is no command 'lnit' (did you mean lint or init?)",
    ("plan", "--nolive"): "--nolive",
    ("plan", "--format", "xml"): "'xml' is not one of 'text', 'json'",
    ("apply", "a", "b"): "unexpected extra argument",
    ("verify", "--wait", "soon"): "--wait soon: write a time such as 90s, 10m or 1h",
    ("verify", "--wait"): "requires an argument",
    ("apply", "--allow", "everything"): "--allow everything: name a rule such as DKIM030",
    ("lint", "not a domain"): "not a domain: a label holds letters",
    ("lint", "example.edu"): "there is no policy for example.edu",
    ("rules", "SPF999"): "SPF999 is not a rule",
    ("apply", "missing.json"): "missing.json: No such file or directory",
    ("plan", "--show", "missing.json"): "missing.json: No such file or directory",
    ("plan", "--out", "no/such/folder.json"): "--out",
    (
        "plan",
        "--out",
        "/dev/stdout",
    ): "--out /dev/stdout: stands for a device or an open file, which cannot be replaced; "
    "name a file",
    ("serve", "--address", "192.0.2.1"): "not a loopback address",
    ("serve", "--provider", "none"): "there is no providers/none.yaml",
    ("serve", "--port", "99999"): "Invalid value for '--port'",
    ("-C", "/nowhere", "lint"): "-C /nowhere: there is no such folder",
}


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_bad_usage_is_1_and_says_what(served: RepoFolder, arguments: tuple[str, ...]) -> None:
    ran = served.run(*arguments)
    assert ran.code == 1
    assert USAGE[arguments] in ran.err
    assert "Traceback" not in ran.said
    assert ran.out == ""


@pytest.mark.parametrize("before", [True, False])
def test_common_options_work_before_and_after_the_command(served: RepoFolder, before: bool) -> None:
    elsewhere = ["-C", str(served.root), "-q", "--no-color"]
    arguments = [*elsewhere, "compile"] if before else ["compile", *elsewhere]
    ran = subprocess.run(
        [sys.executable, "-m", "mailauth_dns", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (served.root / "zones/compiled/example.com.yaml").exists()


JSON_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("lint",),
    ("compile",),
    ("rules",),
    ("rules", "SPF010"),
    ("diff",),
    ("verify",),
    ("plan",),
    ("plan", "--no-live"),
    ("next",),
)


@pytest.mark.parametrize("arguments", JSON_COMMANDS, ids=" ".join)
def test_json_is_one_document_with_a_format_number_and_documented_keys(
    served: RepoFolder, arguments: tuple[str, ...]
) -> None:
    ran = served.run(*arguments, "--format", "json")
    document = json.loads(ran.out)
    assert document["format"] == (plan_shape.FORMAT if arguments[0] == "plan" else 1)
    described = (Path(__file__).parents[2] / "docs/reference/json.md").read_text()
    for key in document:
        assert f"`{key}`" in described


def test_applying_without_a_file_keeps_json_pure(
    served: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    allowed = ("--allow", "DMARC033", "--allow", "DMARC032")
    ran = served.run("apply", "--format", "json", *allowed)
    document = json.loads(ran.out)
    assert {zone["zone"]: zone["status"] for zone in document["zones"]} == {
        "example.com": "applied",
        "example.net": "partial",
        "example.org": "refused",
    }
    assert "p none -> reject" in ran.err


def test_no_colour_outside_a_terminal(served: RepoFolder) -> None:
    assert "\x1b" not in served.run("plan").said


def test_a_closed_pipe_is_no_traceback(served: RepoFolder) -> None:
    command = f"{sys.executable} -m mailauth_dns -C {served.root} rules | true"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("sent", "code", "said"), [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 0, "")]
)
def test_interrupted_is_130_and_told_to_end_is_done(
    served: RepoFolder, sent: signal.Signals, code: int, said: str
) -> None:
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(served.root), "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("serving ")
    process.send_signal(sent)
    assert process.wait(10) == code
    assert process.stderr.read() == said
    process.stderr.close()


def test_a_machine_without_dns_waits_seconds_and_says_unknown(served: RepoFolder) -> None:
    served.write("zones/policy/_defaults.yaml", 'providers: [local]\nnameservers: ["192.0.2.53"]\n')
    begun = time.monotonic()
    ran = served.run("diff", "example.com")
    assert ran.code == 1
    assert "unknown" in ran.out
    assert time.monotonic() - begun < 15
    assert (
        served.run("plan", "example.com", "--out", "plan.json").code == 0
    )  # what is known is planned
    refused = served.run("apply", "plan.json", "--allow", "DMARC033")
    assert refused.code == 1
    assert "--allow live-unknown:example.com" in refused.out


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can make a folder that it cannot enter as another user"
)
@pytest.mark.parametrize("folder", ["zones/policy", "zones/keys/example.com", "providers"])
def test_an_unreadable_folder_is_told(folder: str) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders cannot be entered by others
        repo = RepoFolder(Path(name), lambda: ("", ""))
        repo.root.chmod(0o755)
        repo.local("example.com", ZONES["example.com"])
        repo.policy(POLICIES["example.com"])
        repo.write("zones/keys/example.com/forgotten.key", "-----BEGIN PRIVATE KEY-----")
        # The first run loads every module while the interpreter's own folders can still be read.
        script = (
            "import os\n"
            "from mailauth_dns.cli import main\n"
            f"assert main(['-q', '-C', {name!r}, 'lint']) == 1\n"
            f"os.chmod({f'{name}/{folder}'!r}, 0); os.setgid(65534); os.setuid(65534)\n"
            f"raise SystemExit(main(['-C', {name!r}, 'lint']))"
        )
        ran = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        (repo.root / folder).chmod(0o755)
    assert ran.returncode == 1
    assert (
        ran.stderr.endswith(f"{folder}: cannot be read: Permission denied\n")
        or f"\n{folder}: cannot be read: Permission denied\n" in ran.stderr
    )
    assert "Traceback" not in ran.stderr
