"""Health: whether the process responds and is ready, its version, and its documents; on every surface (section C)."""
