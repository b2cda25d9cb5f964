"""Requests that a page of another site caused."""

from urllib.parse import urlsplit

from flask import request


def is_cross_site() -> bool:
    """Return whether a page of another site caused the request.

    Browsers send the origin of a request in headers that pages cannot change. Other clients send neither header, and
    are allowed.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")  # browsers send only this header to an insecure origin
    # A router may have removed the port from Host.
    try:
        return origin is not None and urlsplit(origin).hostname != urlsplit(f"//{request.host}").hostname
    except ValueError:  # a bracket without its counterpart, which no browser sends
        return True
