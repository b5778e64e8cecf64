"""What DNS says now: the only package that asks the network."""
