"""One terminal for several processes (processes/output.py)."""

import io
import os

import pytest

from processes.output import Printer


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_names_are_aligned() -> None:
    terminal = io.StringIO()
    printer = Printer(terminal, ["web", "worker"])
    printer.write_line("web", "one")
    printer.write_line("worker", "two")
    assert terminal.getvalue() == "web    | one\nworker | two\n"


def test_a_terminal_gets_colours_unless_they_are_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = _Terminal()
    Printer(terminal, ["web"]).write_line("web", "one")
    assert terminal.getvalue() == "\x1b[36mweb |\x1b[0m one\n"
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = _Terminal()
    Printer(terminal, ["web"]).write_line("web", "one")
    assert terminal.getvalue() == "web | one\n"


def test_invalid_utf_8_and_a_last_line_without_newline_are_copied() -> None:
    terminal = io.StringIO()
    printer = Printer(terminal, ["web"])
    reader, writer = os.pipe()
    printer.copy("web", os.fdopen(reader, "rb"))
    os.write(writer, b"\xff one\r\ntwo")
    os.close(writer)
    printer.finish()
    assert terminal.getvalue() == "web | \ufffd one\nweb | two\n"


def test_characters_that_the_terminal_lacks_are_escaped_and_the_output_is_still_read() -> None:
    terminal = io.BytesIO()
    stream = io.TextIOWrapper(terminal, encoding="iso-8859-1")
    printer = Printer(stream, ["web"])
    reader, writer = os.pipe()
    printer.copy("web", os.fdopen(reader, "rb"))
    os.write(writer, "é → \n".encode() + b"\xff two\n")
    os.close(writer)
    printer.finish()
    stream.flush()
    assert terminal.getvalue() == b"web | \xe9 \\u2192 \nweb | \\ufffd two\n"


def test_output_is_still_read_after_the_terminal_was_closed() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    output, program = os.pipe()
    os.write(program, b"one\ntwo\n")
    os.close(program)
    with os.fdopen(writer, "w") as gone:
        printer, pipe = Printer(gone, ["web"]), os.fdopen(output, "rb")
        printer.copy("web", pipe)
        printer.finish()
        assert pipe.closed  # it was read to its end: an unread pipe would block the program
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)
