"""A reference phone: what a phone must do in the COVID Alert protocol, written without reference to our server.

It imports nothing from the server, so that the same error cannot be in both. It is also stricter than a real phone: an
answer that would harm a real phone, silently or not, stops this one with a sentence.
"""
