"""The work that no request waits for: RQ jobs, and the clock that enqueues the periodic ones."""
