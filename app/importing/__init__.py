"""Importing the data and settings of a public COVID Alert server.

`run` reads a source (`mysql`, `dump`) and merges it into this service, table by table. What is here and further on
stays as it is, so an import can be stopped and repeated, also while both servers serve.
"""
