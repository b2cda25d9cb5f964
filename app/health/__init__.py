"""`/services`: is this process alive, is it ready, and what is it? On every surface (protocol section C)."""
