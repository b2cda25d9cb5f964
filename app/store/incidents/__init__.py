"""Incidents, their alerts, timeline, reports and notices."""
