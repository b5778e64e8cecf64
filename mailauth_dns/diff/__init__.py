"""What has to change in a zone, what it means for mail, and what stays; pure."""
