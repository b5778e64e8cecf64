"""What is published already, as policies that change nothing."""
