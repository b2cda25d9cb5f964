"""The monitor: checks the service every 15 seconds, and turns what it finds into alerts, timelines and notices."""
