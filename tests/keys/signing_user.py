"""The user that signs, in the tests of a key's owner: a user that every system has."""

from __future__ import annotations

import os
import pwd

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
SIGNER, OTHER = pwd.getpwnam("daemon"), pwd.getpwnam("nobody")
OPENDKIM_CONF = "etc/opendkim.conf"
