"""Incidents: their states, alerts, timeline, reports and notices. Pure rules."""
