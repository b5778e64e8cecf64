"""The lock on flattened SPF names, made again from live DNS."""
