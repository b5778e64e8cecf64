"""One section of a policy a module, named by its key."""
