"""Benchmarks of this server, or of any other that speaks the protocol. `make bench` runs them; see README.md."""
