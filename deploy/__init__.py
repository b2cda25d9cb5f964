"""Production installations for an authority without a cloud: a plain Debian host, or containers."""
