"""Background work: RQ jobs, and the clock that enqueues the periodic ones."""
