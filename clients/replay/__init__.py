"""Replay a published day: upload its keys to a running server as patients do, and check the archive that it publishes.

`day` prepares the keys, and `run` uploads and compares them with the parts of the reference phone.
"""
