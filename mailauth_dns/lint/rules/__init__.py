"""The rules, by what they judge: the prefix of a rule's id is the first word of its file."""
