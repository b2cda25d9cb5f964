"""Installs the service on one Debian host, and operates it there. Needs Debian's Python alone (docs/host.md)."""
