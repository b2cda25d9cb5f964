"""Servers of tests: in a thread, and in a program of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import Final

# The handler of a program that a test starts: it answers every GET with 200.
PING_HANDLER: Final = """
import http.server
class Ping(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
"""


@contextmanager
def serve_in_thread(server: BaseServer) -> Iterator[None]:
    """Serve until the end of the block, and then close the server."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
