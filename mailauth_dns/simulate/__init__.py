"""What receivers will say: the DNS they are asked to imagine, and the policies' tests in it."""
