"""How a web process of gunicorn's serves: some threads, each of which waits for clients by itself.

In gunicorn's own threaded worker one thread waits for all clients, hands each request to another thread, and is told
through a pipe when it may wait for that client again. For an answer from memory that is half of the work. Here every
thread waits at the same epoll object. The kernel gives what a client sends to one of them, which answers, and waits on.

Gunicorn expects a proxy in front that absorbs slow clients. Without one, as many clients as there are threads could
stop the service by sending a request one byte at a time. So no thread goes to a client that has sent nothing, and the
main thread, which serves nobody, hangs up on those that are too slow.
"""

import errno
import logging
import select
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar, Final

from gunicorn.http import errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from app.web.client_socket import ClientSocket
from app.web.logs import describe

_logger = logging.getLogger(__name__)

_ONCE: Final = select.EPOLLIN | select.EPOLLONESHOT  # until a thread says that it has done what was to be done
_LOOK_SECONDS: Final = 1.0
_LOOK_SECONDS_AT_THE_END: Final = 0.05
# What accepting a connection fails with when this process, or the machine, has no room for one.
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# What is no HTTP is answered 400, but for these.
_STATUSES: Final = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}
# Parts of an answer, so a fault of the application.
_OWN_FAULTS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class Client(TConn):
    """A connection. It waits for what the client sends, or a thread has it in hand, or it only waits for its end."""

    sock: ClientSocket

    def __init__(self, cfg: Any, accepted: socket.socket, address: Any, listening: Any) -> None:
        super().__init__(cfg, ClientSocket(accepted), address, listening)
        self.number = self.sock.fileno()
        self.data_ready = True  # for gunicorn: a thread that handles it has something to read
        self.waits_until = 0.0
        self.in_hand_since: float | None = None
        self.is_leaving = False


class WaitingThreads(ThreadWorker):
    """Gunicorn's worker with threads that wait for clients by themselves, and for none of them forever."""

    # How long a client may take to send a request, and to send it and take the answer.
    seconds_to_send: ClassVar = 10.0
    seconds_in_all: ClassVar = 60.0
    # How long it may take to hang up after its last answer, and how long one that waits is kept by a worker that ends.
    seconds_to_leave: ClassVar = 2.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._poll: select.epoll
        self._listeners: dict[int, socket.socket] = {}
        self._clients: dict[int, Client] = {}
        self._is_full = False
        self._door = threading.Lock()  # held by whoever lets a client in
        # Where gunicorn looks whether a connection may be kept: not if those that are kept leave no room for others.
        self.keepalived_conns = self._clients

    def init_process(self) -> None:
        """Begin, in the process that was forked, and `run`."""
        self._poll = select.epoll()
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop; then end what has begun, for as long as the configuration allows."""
        for listener in self.sockets:
            listener.setblocking(False)
            self._listeners[listener.fileno()] = listener
            self._poll.register(listener, _ONCE)
        for number in range(self.cfg.threads):
            threading.Thread(target=self._serve, name=f"web-{number}", daemon=True).start()
        while self.alive and self.is_parent_alive():
            self.notify()
            self._hang_up_on_the_slow()
            self._listen_if_there_is_room()
            # Gunicorn's handler of SIGTERM writes to this pipe.
            select.select([self.method_queue.fileno()], [], [], _LOOK_SECONDS)
        self._end()

    def _end(self) -> None:
        with self._door:  # whoever was at the door is in, and nobody else comes in
            self.alive = False
        for listener in self.sockets:
            self._poll.unregister(listener)
        now = time.monotonic()
        leave_by, end_by = now + self.seconds_to_leave, now + self.cfg.graceful_timeout
        while self._clients and time.monotonic() < end_by:
            self.notify()
            for client in list(self._clients.values()):
                client.waits_until = min(client.waits_until, leave_by)
            self._hang_up_on_the_slow()
            time.sleep(_LOOK_SECONDS_AT_THE_END)

    def _serve(self) -> None:
        while True:
            for number, _ in self._poll.poll(maxevents=1):
                try:
                    if number in self._listeners:
                        with self._door:
                            self._accept(self._listeners[number])
                    elif number in self._clients:
                        self._attend(self._clients[number])
                except Exception:
                    self.log.exception("a thread goes on after a fault")

    def _accept(self, listener: socket.socket) -> None:
        if not self.alive:  # other workers, or those that follow, take whoever waits outside
            return
        try:
            accepted, address = listener.accept()
        except OSError as error:  # another process was faster, or the client is gone already
            if error.errno in _NO_ROOM:
                self._is_full = True
                _logger.warning("no more connections can be opened", extra={"error": errno.errorcode[error.errno]})
                return
        else:
            client = Client(self.cfg, accepted, address, listener.getsockname())
            client.waits_until = time.monotonic() + self.seconds_to_send
            self._clients[client.number] = client
            self._poll.register(client.sock, _ONCE)
        self._is_full = True  # said before it is looked at: whoever leaves meanwhile then listens, or is seen here
        self._listen_if_there_is_room()

    def _listen_if_there_is_room(self) -> None:
        if self._is_full and len(self._clients) < self.worker_connections:
            self._is_full = False
            self._listen()

    def _listen(self) -> None:
        with suppress(OSError):  # a worker that ends listens no more
            for listener in self.sockets if self.alive else ():
                self._poll.modify(listener, _ONCE)

    def _attend(self, client: Client) -> None:
        goes_on = False
        try:
            goes_on = self._drain(client) if client.is_leaving else self._answer(client)
            if goes_on:
                self._poll.modify(client.sock, _ONCE)
        except (OSError, ValueError):  # the client has hung up, or gunicorn has closed the connection
            goes_on = False
        if not goes_on:
            self._let_go(client)

    def _answer(self, client: Client) -> bool:
        client.in_hand_since = time.monotonic()
        stays = self._handle_in_one(client)
        while stays and client.parser.unreader.buf.getvalue():  # it did not wait for an answer before it asked again
            stays = self._handle_in_one(client)
        client.in_hand_since = None
        client.is_leaving = not stays
        client.waits_until = time.monotonic() + (self.cfg.keepalive if stays else self.seconds_to_leave)
        if client.is_leaving:
            client.sock.shutdown(socket.SHUT_WR)
        return True

    def _handle_in_one(self, client: Client) -> bool:
        client.sock.hold()
        stays = self.handle(client)
        client.sock.release()
        return stays

    def _drain(self, client: Client) -> bool:
        """Throw away what a client still sends: closing before it has stopped could cost it the answer."""
        return bool(client.sock.recv(65536, socket.MSG_DONTWAIT))

    def _let_go(self, client: Client) -> None:
        if self._clients.get(client.number) is client:  # before it is closed, and its number given to another
            del self._clients[client.number]
        client.close()
        if self._is_full:
            self._is_full = False
            self._listen()

    def handle(self, conn: TConn) -> bool:
        """Read and answer one request; tell whether the connection may be kept."""
        try:
            return bool(super().handle(conn))
        except SystemExit:  # somewhere in the application; it must not cost a thread
            self.log.exception("a request ended its thread")
            return False

    def handle_error(self, _req: Any, client: socket.socket, _addr: Any, exc: BaseException) -> None:
        """Answer and log what is no HTTP, and a fault outside the application, without a word of what was sent."""
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _OWN_FAULTS):
            status = _STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)
            _logger.warning("a request is no HTTP", extra={"reason": type(exc).__name__})
        else:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            _logger.error("a request failed outside the application", extra={"error": describe(exc)})
        body = status.phrase.lower() + "\n"
        header = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        )
        with suppress(OSError):
            client.sendall((header + body).encode())

    def _hang_up_on_the_slow(self) -> None:
        """Shut connections down whose time is over. The thread that has one, or that this wakes, then lets it go."""
        now = time.monotonic()
        for client in list(self._clients.values()):
            since = client.in_hand_since
            with suppress(OSError):
                if now > (client.waits_until if since is None else since + self.seconds_in_all):
                    client.sock.shutdown(socket.SHUT_RDWR)
                elif since is not None and now > since + self.seconds_to_send:
                    client.sock.shutdown(socket.SHUT_RD)
