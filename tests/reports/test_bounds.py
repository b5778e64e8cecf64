"""What a hostile report can ask for: little time, little memory, and no file."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from mailauth_dns.reports import aggregate_xml, bounds
from mailauth_dns.reports.containers import Unread
from mailauth_dns.reports.tally import tally
from mailauth_dns.reports.tolerated import Tolerated
from tests.growth import MOST, growth
from tests.reports import made
from tests.reports.made import (
    METADATA,
    RECORD,
    aggregate,
    gzipped,
    mail,
    mbox,
    outcomes,
    why,
    zipped,
)

MEGABYTE = 1_000_000
SPACES = b" " * (99 * MEGABYTE)
XML_BOMB = aggregate().replace("<row>", "<row>" + " " * (99 * MEGABYTE)).encode()
BOMB = gzipped(XML_BOMB)  # 100 kB that unpack to 99 MB


def run(path: Path) -> tuple[int, str, float, int]:
    """The command on one file: exit code, output, seconds of processor time, octets of memory."""
    program = (
        "import re, resource, sys\n"
        "from mailauth_dns.cli import main\n"
        "code = main(['reports', 'read', sys.argv[1]])\n"
        "sys.stdout.flush()\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "most = re.search('VmHWM:[^0-9]*([0-9]+)', open('/proc/self/status').read())[1]\n"
        "print(code, used.ru_utime + used.ru_stime, most, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=path.parent,
    )
    code, seconds, memory = done.stderr.splitlines()[-1].split()
    return int(code), done.stdout, float(seconds), int(memory) * 1024


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: BOMB,
    "spaces": lambda: gzipped(SPACES),
    "zip": lambda: zipped(("a.xml", XML_BOMB)),
    "mail": lambda: mail(BOMB),
    "gzip in gzip": lambda: gzipped(gzipped(XML_BOMB)),
    "zip in gzip": lambda: gzipped(zipped(("a.xml", XML_BOMB))),
    "JSON": lambda: gzipped(b'{"policies": [' + b"{}," * (33 * MEGABYTE)),
    "elements": lambda: gzipped(b"<feedback>" + b"<a/>" * (25 * MEGABYTE)),
    "records": lambda: gzipped(b"<feedback>" + b"<record/>" * (11 * MEGABYTE)),
    "elements in a zip": lambda: zipped(("a.xml", b"<feedback>" + b"<a/>" * (25 * MEGABYTE))),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_soon(bomb: str, tmp_path: Path) -> None:
    """In a second and 200 MB, of which half a second and most of the memory is Python's start."""
    path = tmp_path / "bomb.gz"
    path.write_bytes(BOMBS[bomb]())
    code, said, seconds, memory = run(path)
    assert code == 1
    assert said.endswith("Read 0 reports; 1 not counted\n")
    assert bomb == "spaces" or "unpacks to more than 300 times its size" in said
    assert seconds < 2  # a machine that does other work takes longer than the second
    assert memory < 200 * MEGABYTE


def test_a_mailbox_of_bombs_reads_the_report_between_them() -> None:
    found = outcomes(mbox(mail(BOMB), mail(gzipped(aggregate())), mail(BOMB)))
    assert [type(each) is Unread for each in found] == [True, False, True]


def test_what_a_report_can_shrink_to_is_no_bomb() -> None:
    """Records that differ in their source alone shrink most."""
    records = [RECORD.replace("192.0.2.10", f"198.51.{at // 250}.{at % 250}") for at in range(9000)]
    text = aggregate(records=records).replace("  ", "    ").encode()
    packed = gzip.compress(text, 9)
    assert bounds.MAX_RATIO / 3 < len(text) / len(packed) < bounds.MAX_RATIO / 1.5
    [found] = outcomes(packed)
    assert not isinstance(found, Unread)


def test_many_small_members_add_up() -> None:
    text = aggregate(("<row>", "<row>" + " " * 900_000)).encode()
    found = outcomes(zipped(*((f"{number}.xml", text) for number in range(200))))
    whys = [each.why for each in found if isinstance(each, Unread)]
    assert whys[-1] == "unpacks to more than 300 times its size, which no report does"


DEEP = "<a>" * 1000 + "</a>" * 1000
HOSTILE = [
    (aggregate(("<row>", "<row>" + DEEP)), "has elements nested more than 32 deep"),
    ("<a:schema>" * 100, "has elements nested more than 32 deep"),
    (aggregate(("<row>", f'<row a="{"x" * 10 * MEGABYTE}">')), "has a tag or a text of more than 1000000 octets"),
    (aggregate(("<row>", f"<row {'x' * 10 * MEGABYTE}>")), "has a tag or a text of more than 1000000 octets"),
    (aggregate(("<row>", f"<row><!-- {'x' * 10 * MEGABYTE} -->")), "has a tag or a text of more than 1000000 octets"),
    (aggregate(("receiver.example</org", "x" * 10 * MEGABYTE + "</org")), "has a tag or a text of more than 1000000 octets"),
    (aggregate(("<row>", "<row>" + " " * 10 * MEGABYTE)), "has a tag or a text of more than 1000000 octets"),
    (aggregate((METADATA, ""), ("</feedback>", RECORD * 1001)), "has its records before it says what they are about"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), HOSTILE, ids=range(len(HOSTILE)))
def test_bounds_of_xml(text: str, said: str) -> None:
    begun = time.process_time()
    assert why(text) == said
    assert time.process_time() - begun < 2


def test_there_is_a_bound_on_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_RECORDS", 100)
    assert why(b"".join(made.many(101))) == "has more than 100 records"
    assert len(outcomes(b"".join(made.many(100)))) == 1


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_HELD", 10_000)
    big = mail(os.urandom(20_000))
    assert why(big) == "a message of more than 10000 octets is not read"
    assert why(zipped(("a.xml", os.urandom(20_000)))) == (
        "an archive of more than 10000 octets is not read"
    )
    found = outcomes(mbox(mail(gzipped(aggregate())), big, mail(gzipped(aggregate()))))
    assert [each.why for each in found if isinstance(each, Unread)] == [
        "is a message of more than 10000 octets"
    ]
    assert len(found) == 3


def test_mail_in_mail_is_bounded() -> None:
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (level, level)
        for level in range(500)
    )
    assert (
        why(b"From: a@receiver.example\n" + nested) == "is mail with more than 100 parts in parts"
    )


def test_records_are_not_kept() -> None:
    """Eight thousand would take 8 MB; script/bench_reports.py reads a million."""
    tracemalloc.start()
    _, records = aggregate_xml.read(made.many(8000), Tolerated())
    assert sum(1 for _ in records) == 8000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * MEGABYTE


def test_five_thousand_records_take_a_fifth_of_a_second() -> None:
    pieces = list(made.many(5000))
    seconds = []
    for _ in range(5):
        begun = time.process_time()
        report, records = aggregate_xml.read(iter(pieces), Tolerated())
        assert tally(report, records).records == 5000
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.4  # 0.15 where nothing else runs


TYPE = "From: a@receiver.example\nContent-Type: "
GROWING: dict[str, Callable[[int], str]] = {
    "a type": lambda size: f"{TYPE}text/plain; {'x' * size}\n\nx\n",
    "folds of a type": lambda size: TYPE + "multipart/mixed\n" + ' ;"\n' * size + "\n\nx\n",
    "semicolons of a type": lambda size: f'{TYPE}multipart/mixed; x="{";" * size}\n\nx\n',
    "many small parts": lambda size: (
        f"{TYPE}multipart/mixed; boundary=a\n\n" + "--a\n\nx\n" * (size // 20) + "--a--\n"
    ),
    "names": lambda size: f"{TYPE}text/plain\nContent-Disposition: a; filename={'a!' * size}\n\nx",
    "ampersands": lambda size: aggregate(("receiver.example</org", "&" * size + "</org")),
    "line ends": lambda size: "\n" * size + aggregate(),
    "signatures": lambda size: aggregate(("</auth_results>", "<dkim/>" * size + "</auth_results>")),
    "lines of From": lambda size: "From a 12:30\n\n" * size,
    "comments": lambda size: aggregate(("<row>", "<row>" + "<!---->" * size)),
    "lists": lambda size: '{"policies": [' + '{"a": []},' * min(size, 300_000) + "1]}",
    "lines of a policy": lambda size: made.tls_policy(policy={"policy-string": "mode:" * size}),
}


@pytest.mark.parametrize("kind", GROWING)
def test_time_grows_with_the_text(kind: str) -> None:
    assert growth(outcomes, GROWING[kind], 400_000) < MOST


def test_no_name_in_an_archive_makes_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("../x.xml", "/tmp/reports-x.xml", "..\\x.xml", "a/b.xml", "x\x00.xml", "\x1b[31m.xml")
    outcomes(zipped(*((name, aggregate().encode()) for name in names)))
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp/reports-x.xml").exists()


def test_zlib_is_not_asked_for_more_than_a_piece() -> None:
    """The first piece of a bomb is no bigger than any other."""
    from mailauth_dns.reports.archives import unzipped
    from mailauth_dns.reports.bounds import Budget

    pieces = unzipped(iter((gzip.compress(bytes(MEGABYTE)),)), Budget(packed=MEGABYTE))
    assert {len(piece) for piece in pieces} <= {bounds.CHUNK, MEGABYTE % bounds.CHUNK}
