"""`make run`: the whole service on this host, without root and without installed servers."""
