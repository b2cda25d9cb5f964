"""HTTP for all surfaces: routing, responses, errors, access control, rate limits, logs, pages and languages."""
