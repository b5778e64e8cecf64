"""Reading of aggregate reports: one of 5 000 records, and a million records, beside parsedmarc.

Prints seconds of processor time, and the most memory that was taken: while a million records were
read, and while they were kept as evidence, each time by a process of its own. parsedmarc reads the
same reports with its look-ups turned off; its Python is given, as it is not among what this project
needs.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the reports are those of the tests

from mailauth_dns.reports.read_reports import ReadAggregate, read_reports  # noqa: E402
from mailauth_dns.reports.tally import Tally, tally  # noqa: E402
from tests.reports import made  # noqa: E402

RECORDS = 5000
REPORTS = 200
ROUNDS = 5

THEIRS = """
import sys, time
import parsedmarc
with open(sys.argv[1], "rb") as file:
    octets = file.read()
best = float("inf")
for _ in range(int(sys.argv[2])):
    begun = time.process_time()
    found = parsedmarc.parse_report_file(octets, offline=True)
    best = min(best, time.process_time() - begun)
print(best, len(found["report"]["records"]))
"""


def peak() -> int:
    """Return the most memory that this process has taken, in megabytes."""
    status = Path("/proc/self/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kilobytes) // 1000


def read(path: Path) -> tuple[float, Tally]:
    """Return the seconds that one report takes, and what it counts."""
    begun = time.process_time()
    [found] = read_reports((path,), (), tally)
    spent = time.process_time() - begun
    assert isinstance(found, ReadAggregate), found
    return spent, found.value


def theirs(python: str, path: Path) -> float:
    """Return the seconds that parsedmarc takes for the same report."""
    ran = subprocess.run(
        [python, "-c", THEIRS, str(path), str(ROUNDS)], capture_output=True, text=True, check=True
    )
    seconds, records = ran.stdout.split()[-2:]
    assert int(records) == RECORDS, ran.stdout
    return float(seconds)


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        one = Path(scratch, "one.xml.gz")
        one.write_bytes(made.gzipped(b"".join(made.many(RECORDS))))
        read(one)
        best = min(read(one)[0] for _ in range(ROUNDS))
        print(
            f"a report of {RECORDS} records: {best:.3f} s, {best / RECORDS * 1e6:.0f} us a record"
        )
        if arguments:
            other = theirs(arguments[0], one)
            print(f"  parsedmarc, without look-ups: {other:.3f} s, {other / best:.1f} times ours")
        before = peak()
        million(Path(scratch, "many"))
        print(f"  memory: {before} MB before, {peak()} MB at most")


def million(folder: Path) -> None:
    """Read a million records, in many reports, in some, and in one; then keep them."""
    for reports in (20 * REPORTS, REPORTS, 1):
        wrote(folder / str(reports), reports, RECORDS * REPORTS // reports)
    for path in sorted(folder.iterdir()):
        begun = time.process_time()
        found = [each.value for each in read_reports((path,), (), tally)]  # type: ignore[union-attr]
        spent = time.process_time() - begun
        assert sum(each.records for each in found) == RECORDS * REPORTS
        print(f"a million records in {len(found)} report{'s' * (len(found) > 1)}: {spent:.1f} s")
        kept(folder.parent, path)


def wrote(folder: Path, reports: int, records: int) -> None:
    """Write reports of so many records, one a day."""
    folder.mkdir(parents=True)
    for number in range(reports):
        with gzip.open(folder / f"{number}.xml.gz", "wb", compresslevel=1) as file:
            for piece in made.many(records):
                file.write(piece.replace(b"20251128.1@", b"%d@" % number, 1))


KEEP = """
import resource, sys, time
from mailauth_dns.cli import main
begun = time.process_time()
code = main(["-q", "-C", sys.argv[1], "reports", "read", "--write", sys.argv[2]])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
print(code, time.process_time() - begun, peak)
"""


def kept(root: Path, path: Path) -> None:
    """Keep reports as evidence, and print what it takes."""
    folder = root / "zones/policy"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "example.com.yaml").write_text("domain: example.com\ndmarc: {p: none}\n")
    ran = subprocess.run(
        [sys.executable, "-c", KEEP, str(root), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, peak = ran.stdout.split()[-3:]
    assert code == "0", ran.stdout + ran.stderr
    evidence = root / "zones/evidence/example.com.json"
    print(
        f"  kept as evidence: {float(seconds):.1f} s, {peak} MB at most, "
        f"a file of {evidence.stat().st_size // 1000} kB"
    )
    evidence.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
