"""Reading of aggregate reports: one of 5 000 records, and a million records, beside parsedmarc.

Prints seconds of processor time, and the most memory that was taken while a million records were
read. parsedmarc reads the same reports with its look-ups turned off; its Python is given, as it is
not among what this project needs.
"""

from __future__ import annotations

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
    """Read a million records, in reports of 5 000 and in one."""
    folder.mkdir()
    text = b"".join(made.many(RECORDS))
    for number in range(REPORTS):
        other = text.replace(b"20251128.1", b"%d" % number, 1)
        (folder / f"{number}.xml.gz").write_bytes(made.gzipped(other))
    large = folder.parent / "large.xml"
    with large.open("wb") as file:
        file.writelines(made.many(RECORDS * REPORTS))
    for path, words in ((folder, f"{REPORTS} reports"), (large, "one report")):
        begun = time.process_time()
        found = [each.value for each in read_reports((path,), (), tally)]  # type: ignore[union-attr]
        spent = time.process_time() - begun
        assert sum(each.records for each in found) == RECORDS * REPORTS
        print(f"a million records in {words}: {spent:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
