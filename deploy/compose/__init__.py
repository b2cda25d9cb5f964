"""The service in containers: what compose.yml mounts and runs (docs/container.md)."""
