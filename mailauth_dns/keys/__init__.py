"""DKIM keys from birth to end: made, adopted, published, checked, rotated, revoked."""
