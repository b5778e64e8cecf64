"""What receivers and name servers make of records; pure."""
