"""One job in each module, named by its verb. Jobs are idempotent and may run concurrently."""
