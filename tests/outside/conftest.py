"""Without the cases there is nothing to be tested, and nothing is missing: each kind of them stands in a table of our own too."""

from __future__ import annotations

from tests.outside.cases import FOLDER

collect_ignore_glob = [] if FOLDER.exists() else ["test_*.py"]
