"""The host that signs: OpenDKIM's files as it reads them, who owns keys, and package paths."""
