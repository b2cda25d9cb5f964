"""A job a module, each named by its verb. Jobs may run twice, or at the same time, and do no harm."""
