"""Master files (RFC 1035 §5): zones as text, read and edited; pure, and without octoDNS."""
