"""Sample scripts for integrators: see ../README.md."""
