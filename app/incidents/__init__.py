"""Incidents: alerts open them, the team works on them, and their reports are published."""
