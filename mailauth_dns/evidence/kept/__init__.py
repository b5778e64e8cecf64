"""What is kept of reports, and its files."""
