"""Figures of the service: computed once a day, published, evaluated for alarms, and sent as a digest."""
