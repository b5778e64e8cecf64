"""A DKIM key from birth to end: made, adopted, checked, rotated, revoked."""
