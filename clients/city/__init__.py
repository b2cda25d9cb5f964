"""A simulated city that drives a real server through its public API, and checks exactly who was told of an exposure."""
