"""A server for e-mail that keeps what it receives."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default


@dataclass
class MailServer:
    """A server on 127.0.0.1. With `refuses`, it answers each message with an error; it accepts none for `refused`.

    `pause`: seconds before each response to a command.
    """

    port: int = 0
    refuses: bool = False
    pause: float = 0.0
    refused: frozenset[str] = frozenset()
    refusal: bytes = b"450 greylisted"
    farewell: bytes = b"221 bye"
    messages: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the server, for MAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation (RFC 5321)."""
        try:
            await self._converse(reader, writer)
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while line := (await reader.readline()).decode().strip():
            command = line.partition(" ")[0].upper()
            await asyncio.sleep(self.pause)
            if command == "RCPT" and any(f"<{address}>" in line for address in self.refused):
                writer.write(self.refusal + b"\r\n")
                continue
            if command == "DATA":
                writer.write(b"354 go on\r\n")
                body = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                if self.refuses:
                    writer.write(b"451 nurse@health.example is not available\r\n")
                    continue
                self.messages.append(message_from_bytes(body, policy=default))
            if command == "QUIT":
                writer.write(self.farewell + b"\r\n")
                break
            writer.write(b"250 ok\r\n")


@contextmanager
def mail_server(host: str = "127.0.0.1") -> Iterator[MailServer]:
    """Run a server until the end of the block."""
    server, loop, started = MailServer(), asyncio.new_event_loop(), threading.Event()

    async def run() -> None:
        listener = await asyncio.start_server(server.serve, host, 0)
        server.port = listener.sockets[0].getsockname()[1]
        started.set()
        async with listener:
            await listener.serve_forever()

    task = loop.create_task(run())

    def work() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        finally:
            for each in asyncio.all_tasks(loop):  # conversations that a client has left
                each.cancel()
                with suppress(asyncio.CancelledError):
                    loop.run_until_complete(each)
            loop.run_until_complete(asyncio.sleep(0))  # closes their sockets
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
