"""The whole service on one machine, without root and without installed servers: `python -m local`."""
