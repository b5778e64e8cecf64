"""Run the targets of fuzz_targets.py under atheris, each in its own process, and print its figures.

A finding is an exception that a parser does not document, a broken promise
(`parse(str(record)) == record`), an input that takes longer than five seconds, or one that takes
2 GB. Its input and the traceback are in build/fuzz/TARGET/findings. The next run tries the findings
again, and the corpus, which grows from run to run.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build/fuzz"
SECONDS = 600  # in all
INPUT_SECONDS = 5
INPUT_MEGABYTES = 2048
_FIGURES = re.compile(
    r"^#(?P<executions>\d+)\s.*\bcov: (?P<coverage>\d+) "
    r".*?corp: (?P<corpus>\d+).*? exec/s: (?P<speed>\d+)",
    re.MULTILINE,
)


class Folders(NamedTuple):
    """Where one target's inputs lie."""

    seeds: Path
    corpus: Path
    findings: Path


def folders(name: str) -> Folders:
    return Folders(*(BUILD / name / kind for kind in Folders._fields))


def prepare(name: str, inputs: set[bytes]) -> None:
    """Write the seeds anew, and move earlier findings into the corpus."""
    where = folders(name)
    shutil.rmtree(where.seeds, ignore_errors=True)
    for folder in where:
        folder.mkdir(parents=True, exist_ok=True)
    for octets in inputs:
        (where.seeds / digest(octets)).write_bytes(octets)
    for path in where.findings.iterdir():
        if path.suffix != ".txt":
            shutil.copy(path, where.corpus)
        path.unlink()


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()[:16]


def run(name: str, seconds: int) -> bool:
    """Fuzz one target, print its line, and tell whether something was found."""
    where = folders(name)
    log = BUILD / name / "log.txt"
    command = [
        sys.executable,
        __file__,
        "--target",
        name,
        str(where.corpus),
        str(where.seeds),
        f"-dict={BUILD / 'words'}",
    ]
    limits = [
        f"-max_total_time={seconds}",
        f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={INPUT_MEGABYTES}",
        "-report_slow_units=3",
    ]
    with log.open("wb") as file:
        ended = subprocess.run(
            [*command, *limits, f"-artifact_prefix={where.findings}/"],
            cwd=ROOT,
            stdout=file,
            stderr=file,
            check=False,
        )
    *_, last = [None, *_FIGURES.finditer(log.read_text("utf-8", "replace"))]
    found = sorted(path for path in where.findings.iterdir() if path.suffix != ".txt")
    if last is None:
        print(f"{name:<16} did not run: {log.relative_to(ROOT)}")
        return True
    stopped = f", stopped by {log.relative_to(ROOT)}" if ended.returncode else ""
    print(
        f"{name:<16} {last['executions']:>9} executions {last['speed']:>6}/s"
        f"  coverage {last['coverage']:>5}  corpus {last['corpus']:>5}"
        f"  findings {len(found)}{stopped}",
        flush=True,
    )
    for path in found:
        print(f"    {path.relative_to(ROOT)}")
    return bool(found or ended.returncode)


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one target in this process. The package is instrumented while it is imported."""
    import atheris

    with atheris.instrument_imports(include=["mailauth_dns"]):
        from fuzz_targets import TARGETS
    logging.disable()
    atheris.Setup([name, *options], reporting(TARGETS[name].run, folders(name).findings))
    atheris.Fuzz()


def reporting(target: Callable[[bytes], None], findings: Path) -> Callable[[bytes], None]:
    """Return the target so that it goes on after a finding; one finding a line of code is kept."""
    seen: set[tuple[object, ...]] = set()

    def tried(octets: bytes) -> None:
        try:
            target(octets)
        except Exception as error:  # noqa: BLE001 - what is let out is the finding
            frames = [
                (frame.filename, frame.lineno)
                for frame in traceback.extract_tb(error.__traceback__)
            ]
            ours = [
                frame
                for frame in frames
                if "mailauth_dns" in frame[0] or "script/fuzz_" in frame[0]
            ]
            key = (type(error), *ours[-1:])
            if key not in seen:
                seen.add(key)
                (findings / digest(octets)).write_bytes(octets)
                (findings / f"{digest(octets)}.txt").write_text(
                    "".join(traceback.format_exception(error)), "utf-8", "backslashreplace"
                )

    return tried


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--target"]:
        fuzz(arguments[1], arguments[2:])
        return 0
    logging.disable()
    sys.path.insert(0, str(ROOT))  # the seeds are the tests' tables
    from fuzz_seeds import words
    from fuzz_targets import TARGETS

    given = arguments[0] if arguments and arguments[0].isdigit() else None
    names = arguments[1:] if given else arguments
    if unknown := [name for name in names if name not in TARGETS]:
        print(f"there is no target {unknown[0]}; there are: {', '.join(TARGETS)}", file=sys.stderr)
        return 1
    chosen = names or list(TARGETS)
    seconds = max(int(given or SECONDS) // len(chosen), 1)
    for name in chosen:
        prepare(name, TARGETS[name].seeds())
    (BUILD / "words").write_text(
        "".join('"' + "".join(f"\\x{octet:02x}" for octet in word) + '"\n' for word in words())
    )
    print(f"{len(chosen)} targets, {seconds} s each", flush=True)
    found = [run(name, seconds) for name in chosen]
    return int(any(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
