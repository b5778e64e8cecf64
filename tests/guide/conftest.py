"""A folder for private keys that a signing program would accept."""

from tests.keys.conftest import private_dir as private_dir
