"""Clients of the diagnosis server that share no code with it: a reference phone, sample scripts, a simulated city."""
