"""Where the files of a zone repo lie, from its root."""

from __future__ import annotations

from pathlib import Path

DEFAULTS = "_defaults.yaml"
POLICY_DIR = Path("zones/policy")
KEY_DIR = Path("zones/keys")
PROVIDER_DIR = Path("providers")
SENDER_DIR = Path("zones/senders")
EVIDENCE_DIR = Path("zones/evidence")
LOCK_FILE = Path("zones/locks/spf.json")
