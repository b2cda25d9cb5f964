"""What the worker's jobs do: purging, rolling up counters, monitoring failed claims, padding, resealing, seeding."""
