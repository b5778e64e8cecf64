"""Policy meets provider and live DNS: plan, apply, verify, serve. Only `apply` changes DNS."""
