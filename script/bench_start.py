"""What it costs to start the program: processor time of one run, user and system together.

Each command runs in turn in a zone repo of one policy. The least of the rounds counts: it has the
least of what other programs do to the caches. Two rows that are not ours say where the floor is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_plan import KEY, POLICY

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "10"))
DOMAIN = "example.com"
PROGRAM = (sys.executable, "-m", "mailauth_dns")
COMMANDS = {
    "python, nothing": (sys.executable, "-c", "pass"),
    "python, import of typer and pydantic": (
        sys.executable,
        "-c",
        "import typer; from pydantic import BaseModel, TypeAdapter",
    ),
    "--help": (*PROGRAM, "--help"),
    "rules SPF010": (*PROGRAM, "rules", "SPF010"),
    "lint": (*PROGRAM, "lint"),
    "compile": (*PROGRAM, "compile"),
    "dkim status --help": (*PROGRAM, "dkim", "status", "--help"),
    "plan": (*PROGRAM, "plan"),
}


def build(root: Path) -> None:
    for folder in ("zones/policy", "providers", "served"):
        (root / folder).mkdir(parents=True)
    (root / "providers/local.yaml").write_text(
        "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"
    )
    policy = POLICY.format(domain=DOMAIN, key=KEY)
    (root / f"zones/policy/{DOMAIN}.yaml").write_text(policy + "providers: [local]\n")
    (root / f"served/{DOMAIN}.zone").write_text(
        "@ 3600 IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 300\n"
        "@ 3600 IN NS ns1.example.net.\n"
    )


def seconds(command: tuple[str, ...], folder: Path) -> float:
    """Return the processor seconds of one run; the exit code must be 0, or 2 for differences."""
    # As in bench_plan: the first round writes the byte code.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="mailauth-bench-") as folder:
        build(Path(folder))
        for _ in range(ROUNDS):
            for name, command in COMMANDS.items():
                best[name] = min(best.get(name, float("inf")), seconds(command, Path(folder)))
    print(f"start, one policy; least processor time of {ROUNDS} rounds")
    for name, spent in best.items():
        print(f"  {name:<42} {spent:7.2f} s")


if __name__ == "__main__":
    main()
