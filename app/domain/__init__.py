"""The rules of exposure notification, pure: no Flask, no database, no clock, no environment.

Time, settings and stored facts come in as arguments, so every rule here can be read and tested on its own.
"""
