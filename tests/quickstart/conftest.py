"""A folder for private keys: nobody else may write above it, so it cannot be in /tmp."""

from __future__ import annotations

from tests.keys.conftest import private_dir

__all__ = ["private_dir"]
