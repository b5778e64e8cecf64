"""What TLS reports say of MTA-STS."""
