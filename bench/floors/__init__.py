"""The least that each kind of work can cost on this machine, measured in the same run as the service."""
