"""Exact lists, with reasons: who writes files, who reads the clock, what pure packages import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.architecture.calls import (
    PACKAGE,
    ROOT,
    Use,
    clock_readings,
    library_imports,
    writes,
)

# atomic_files.py writes the contents of files: whole, with their mode and owner. The calls listed
# here make folders, remove files, or make a file that must not be there yet.
WRITES = {
    "cache/shelf.py": ("mkdir", "os.open", "unlink"),  # the user's cache folder
    "cli/evidence_keeper.py": ("mkdir",),  # zones/evidence
    "cli/help_text.py": ("write_text",),  # click's: a sentence of the help, not a file
    "cli/commands/init.py": ("mkdir", "open"),  # the files of a new repo, never over what is there
    "deploy/git_files.py": (
        "mkdir",
        "symlink_to",
        "tempfile.TemporaryDirectory",  # a commit's files, to be read; it is removed
        "write_bytes",
    ),
    "deploy/quiet_inputs.py": ("os.open",),  # to read: a link is not followed, no pipe waited for
    "export/install.py": ("unlink",),  # a configuration of ours where nothing reads it
    "export/out_folder.py": ("chmod", "mkdir"),  # a script is made executable
    "importing/import_domains.py": ("mkdir",),  # the folder for a new policy
    "keys/adoption.py": ("unlink",),  # the private key's old file goes last
    "keys/private_files.py": (
        "chmod",
        "mkdir",
        "os.chown",
        "rmdir",
    ),  # folders that OpenDKIM accepts
    "keys/public_files.py": ("mkdir",),  # zones/keys/<domain>
    "octo/compiled_folder.py": ("mkdir", "unlink"),  # what no policy has any more
    "octo/folder_lock.py": ("os.open",),
    "octo/local.py": ("touch", "unlink"),  # the mark of a reload to be done
    "octo/zone_commands.py": ("tempfile.NamedTemporaryFile",),  # a zone, for a server's own check
    "quickstart/write_files.py": ("mkdir",),  # the folders of a new repo
    "spf_relock/relock.py": ("mkdir",),  # zones/locks
}

# Compile, diff and lint are given the time, so that the same files give the same answer.
CLOCK_READINGS = {
    "cli/commands/dmarc.py": ("datetime.now",),  # how old evidence is
    "cli/commands/export.py": ("datetime.now",),
    "cli/commands/next.py": ("datetime.now",),
    "cli/commands/quickstart.py": ("datetime.now",),
    "cli/commands/reports.py": ("datetime.now",),  # a report is of a time that has been
    "cli/commands/spf.py": ("datetime.now",),
    "cli/dkim_activate.py": ("datetime.now",),  # it waits
    "cli/dkim_adopt.py": ("datetime.now",),
    "cli/dkim_keygen.py": ("datetime.now",),
    "cli/dkim_rotate.py": ("datetime.now",),
    "cli/dkim_status.py": ("datetime.now",),
    "cli/mta_sts_advance.py": ("datetime.now",),  # how old evidence is
    "cli/mta_sts_status.py": ("datetime.now",),
    "cli/report_file.py": ("datetime.now",),  # when an apply began and ended
    "cli/reports_watch.py": ("datetime.now",),  # a report of a day to come is false
    "cli/senders_retire.py": ("datetime.now",),
    "cli/senders_suggest.py": ("datetime.now",),
    "deploy/apply.py": ("datetime.now",),  # permissions hold until a day
    "deploy/journal.py": ("datetime.now",),
    "deploy/make_plan.py": ("datetime.now",),
    "deploy/plan_live_only.py": ("datetime.now",),
    "deploy/verify.py": ("datetime.now",),  # it waits, and parts of SPF records become ready
    "deploy/zone_writing.py": ("datetime.now",),  # retries take a while
    "evaluate/dkim_verification.py": ("time.time",),  # a signature expires (RFC 6376 §3.5, x=)
    "evaluate/macro_expansion.py": ("time.time",),  # %{t} (RFC 7208 §7.2)
    "importing/import_domains.py": ("datetime.now",),
    "lint_parts/lint_in_parts.py": ("datetime.now",),  # as lint_policies.py
    "lint_parts/live_in_parts.py": ("datetime.now",),  # as lint_policies.py
    "lint_policies.py": ("datetime.now",),  # waivers hold until a day
    "octo/hands_off.py": ("datetime.now",),  # octoDNS calls it, and passes no time
    "policy/load.py": ("datetime.now",),  # unless today is given: are retired senders gone?
}

_VALUES = {"__future__", "collections", "dataclasses", "enum", "functools", "itertools", "re"} | {
    "typing"
}
_ENCODINGS = {"base64", "binascii", "hashlib", "ipaddress"}
LIBRARIES = {
    "records": _VALUES | _ENCODINGS | {"difflib", "idna"},
    "masterfile": _VALUES,
    "evaluate": _VALUES | _ENCODINGS | {"cryptography", "datetime", "time", "urllib"},
    "reports": _VALUES
    | {"codecs", "datetime", "email", "hashlib", "io", "ipaddress", "json", "os"}
    | {"pathlib", "stat", "struct", "xml", "zipfile", "zlib"},
    "diff": _VALUES | {"datetime", "hashlib", "html", "unicodedata"},
    "evidence": _VALUES
    | {"bisect", "datetime", "fractions", "hashlib", "heapq", "ipaddress", "json", "math"}
    | {"pathlib", "pydantic"},
}


def _without_the_one_writer(uses: set[Use]) -> set[Use]:
    return {(module, call) for module, call in uses if module != "atomic_files.py"}


def _rows(table: Mapping[str, tuple[str, ...]]) -> set[Use]:
    return {(module, call) for module, calls in table.items() for call in calls}


def _not_allowed(package: Path) -> set[Use]:
    return {
        (module, library)
        for module, library in library_imports(package)
        if library not in LIBRARIES.get(module.split("/")[0], {library})
    }


def test_files_are_written_in_these_places_alone() -> None:
    assert _without_the_one_writer(writes(ROOT / PACKAGE)) == _rows(WRITES)


def test_the_clock_is_read_in_these_places_alone() -> None:
    assert clock_readings(ROOT / PACKAGE) == _rows(CLOCK_READINGS)


def test_the_pure_packages_need_these_libraries_alone() -> None:
    assert _not_allowed(ROOT / PACKAGE) == set()


SOURCES = [
    (writes, "path.write_text(text)", {"write_text"}),
    (writes, "path.open('w')", {"open"}),
    (writes, "path.open(mode='r+b')", {"open"}),
    (writes, "path.open(mode)", {"open"}),
    (writes, "path.open(**how)", {"open"}),
    (writes, "open(path, 'ab')", {"open"}),
    (writes, "open(path, mode='x')", {"open"}),
    (writes, "open(path)\nopen(path, 'rb')\npath.open()\npath.open('r')", set()),
    (writes, "os.open(path, os.O_RDWR)", {"os.open"}),
    (writes, "os.fdopen(handle, 'wb')\nos.fdopen(handle)", {"os.fdopen"}),
    (writes, "draft.replace(path)", {"replace"}),
    (writes, "text.replace('a', 'b')\nmoment.replace(microsecond=0)", set()),
    (writes, "shutil.move(one, other)\ntempfile.mkdtemp()", {"shutil.move", "tempfile.mkdtemp"}),
    (writes, "from os import replace, stat", {"os.replace"}),
    (writes, "from shutil import move as put", {"shutil.move"}),
    (clock_readings, "datetime.now(UTC)\ndatetime.datetime.now()", None),
    (clock_readings, "time.time()\ntime.monotonic()\ntime.sleep(1)", {"time.time"}),
    (clock_readings, "from time import time", {"time.time"}),
    (library_imports, "import os.path\nfrom yaml import load", {"os", "yaml"}),
    (library_imports, "from mailauth_dns.records import spf\nfrom . import spf", set()),
]


@pytest.mark.parametrize(("find", "source", "calls"), SOURCES)
def test_finds(
    find: Callable[[Path], set[Use]], source: str, calls: set[str] | None, tmp_path: Path
) -> None:
    (tmp_path / "module.py").write_text(source)
    expected = {"datetime.now", "datetime.datetime.now"} if calls is None else calls
    assert find(tmp_path) == {("module.py", call) for call in expected}
