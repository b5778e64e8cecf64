"""What is new in evidence, and what was told of it before."""
