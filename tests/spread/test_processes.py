"""Work in worker processes: in order, bounded, and nobody is left when it ends."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mailauth_dns.errors import FileProblem, MailAuthError, PolicyError, RecordSyntaxError
from mailauth_dns.records import dmarc
from mailauth_dns.spread.processes import Processes, WorkerEnded, usable_cores

# The work is what other modules have: a worker imports it by its name.


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_come_in_the_order_of_the_parts(jobs: int) -> None:
    with Processes(jobs) as processes:
        assert list(processes.each(str, range(40))) == [str(number) for number in range(40)]


def test_a_slow_part_holds_up_its_own_result_and_those_after_it() -> None:
    with Processes(2) as processes:
        begun = time.monotonic()
        assert list(processes.each(time.sleep, [0.5, 0.0, 0.0, 0.4])) == [None] * 4
        assert time.monotonic() - begun < 0.5 + 0.4 + 2


def test_few_parts_are_taken_ahead() -> None:
    taken: list[int] = []

    def parts() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    with Processes(2) as processes:
        results = processes.each(str, parts())
        assert next(results) == "0"
        assert len(taken) <= 6
        results.close()  # type: ignore[attr-defined]


def test_there_are_no_more_workers_than_parts() -> None:
    with Processes(5) as processes:
        assert list(processes.each(str, [1, 2])) == ["1", "2"]
        assert len(_children()) == 2
    assert _children() == []


def test_workers_serve_one_piece_of_work_after_another() -> None:
    with Processes(2) as processes:
        assert list(processes.each(math.sqrt, [4.0, 9.0, 16.0])) == [2.0, 3.0, 4.0]
        first = _children()
        assert list(processes.each(len, ["a", "bb"])) == [1, 2]
        assert _children() == first


def test_an_error_is_raised_at_the_place_of_its_part() -> None:
    found: list[float] = []
    with Processes(3) as processes, pytest.raises(ValueError, match="math domain error") as caught:
        found.extend(processes.each(math.sqrt, iter([1.0, 4.0, -1.0, 9.0])))
    assert found == [] or found == [1.0, 2.0]
    assert "in a worker process" in caught.value.__notes__[0]
    assert _children() == []


def test_an_error_of_ours_is_what_it_would_be_here() -> None:
    with Processes(1) as processes, pytest.raises(RecordSyntaxError) as caught:
        list(processes.each(dmarc.parse, ["v=DMARC1; p=rejct"]))
    with pytest.raises(RecordSyntaxError) as here:
        dmarc.parse("v=DMARC1; p=rejct")
    assert str(caught.value) == str(here.value)
    assert not hasattr(caught.value, "__notes__")


def test_every_problem_of_a_repo_comes_back() -> None:
    problems = [FileProblem("a.yaml", 1, 2, "ttl", "wrong", "ttl: x", 3)]
    with Processes(1) as processes:
        (text,) = processes.each(str, [PolicyError(problems)])
    assert text == str(PolicyError(problems))


def test_after_an_error_there_is_work_again() -> None:
    with Processes(2) as processes:
        with pytest.raises(ValueError, match="math domain error"):
            list(processes.each(math.sqrt, [-1.0]))
        assert list(processes.each(math.sqrt, [4.0])) == [2.0]


def test_parts_that_cannot_be_had_end_the_work() -> None:
    def parts() -> Iterator[int]:
        yield 1
        raise MailAuthError("there is no second one")

    with Processes(2) as processes, pytest.raises(MailAuthError, match="no second one"):
        list(processes.each(str, parts()))


@pytest.mark.parametrize(
    ("work", "part", "message"),
    [
        (signal.raise_signal, signal.SIGKILL, "was killed; if memory ran out, use fewer processes"),
        (signal.raise_signal, signal.SIGTERM, "ended by signal 15; run the command again"),
        (os._exit, 3, "ended with exit code 3; run the command again, or with --jobs 1"),
    ],
)
def test_a_worker_that_ends_is_a_sentence(work: object, part: int, message: str) -> None:
    with Processes(2) as processes, pytest.raises(WorkerEnded, match=message):
        list(processes.each(work, [part]))  # type: ignore[arg-type]
    assert _children() == []


def test_what_a_library_prints_does_not_come_between_the_results(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Processes(1) as processes:
        assert list(processes.each(print, ["hello", "again"])) == [None, None]
    said = capfd.readouterr()
    assert said.out == ""
    assert "hello" in said.err


def test_a_worker_imports_nothing_from_the_folder_that_it_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit('not ours')\n")
    monkeypatch.chdir(tmp_path)
    with Processes(1) as processes:
        assert list(processes.each(os.path.basename, ["a/b"])) == ["b"]


def test_a_worker_gets_our_environment_and_no_secret_in_an_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DNS_TOKEN", "s3cret")
    with Processes(1) as processes:
        assert list(processes.each(os.getenv, ["DNS_TOKEN"])) == ["s3cret"]
        (worker,) = _children()
        assert b"s3cret" not in Path(f"/proc/{worker}/cmdline").read_bytes()


PARENT = """
import time
from mailauth_dns.spread.processes import Processes
with Processes(2) as processes:
    print("begun", flush=True)
    list(processes.each(time.sleep, [0.01, 0.01, 600, 600]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"begun\n"
    workers = _until(lambda: len(_children(parent.pid)) == 2 and _children(parent.pid))
    parent.send_signal(number)
    parent.communicate(timeout=20)
    assert _until(lambda: not any(Path(f"/proc/{each}").exists() for each in workers))


@pytest.mark.parametrize("second", ["before", "after"])
def test_an_interrupt_while_threads_start_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    """A thread that nobody knew took the word that was to end another one."""
    real, begun = threading.Thread.start, list[threading.Thread]()

    def start(thread: threading.Thread) -> None:
        begun.append(thread)
        if len(begun) == 2:
            if second == "after":
                real(thread)
            raise KeyboardInterrupt
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt), Processes(2) as processes:
        list(processes.each(time.sleep, [0.0, 60]))
    assert not _children()
    assert _until(lambda: not any(thread.is_alive() for thread in begun))


def test_the_cores_are_those_that_this_process_may_use() -> None:
    assert usable_cores() == len(os.sched_getaffinity(0))


def _children(parent: int | None = None) -> list[int]:
    pid = parent or os.getpid()
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has ended
            found += [int(each) for each in (task / "children").read_text().split()]
    return sorted(found)


def _until(true: object) -> list[int]:
    assert callable(true)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if found := true():
            return found  # type: ignore[no-any-return]
        time.sleep(0.02)
    raise AssertionError("waited for 20 s")
