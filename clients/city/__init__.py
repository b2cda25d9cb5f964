"""A simulated city that tests a server through its public API, and checks exactly who was notified."""
