"""Rules over policies: judgements with ids, places and a fix; never an exception."""
