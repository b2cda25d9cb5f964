"""The rules of exposure notification, as pure functions: no Flask, database, clock or environment.

Time, settings and stored data are arguments, so each rule can be read and tested alone.
"""
