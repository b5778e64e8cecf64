"""What to do next: where a domain is on its way to a verdict of pass, and the one thing to do."""
