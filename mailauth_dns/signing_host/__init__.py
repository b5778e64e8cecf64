"""What the host that signs has: OpenDKIM's files as it reads them, who owns keys, where packages keep them."""
