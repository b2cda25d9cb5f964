"""Tables of the status page: the published document, the records of past days, and planned work."""
