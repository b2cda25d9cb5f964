"""A reference phone: what a phone must do to speak the COVID Alert protocol, written without looking at our server.

It imports nothing from the server, so that an error in one cannot hide behind the same error in the other. It is also
stricter than a real phone: whatever a real phone would choke on, silently or not, stops this one with a sentence.
"""
