"""Logs (app/web/logs.py)."""

import io
import logging
import sys

import pytest

from app.web.logs import LogfmtFormatter, init_logging
from tests.support.service import Service


def line(message: str = "hello", error: BaseException | None = None, **extra: object) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("tests", logging.WARNING, __file__, 1, message, (), info)
    record.created = 0.5
    for key, value in extra.items():
        setattr(record, key, value)
    return LogfmtFormatter().format(record)


def test_a_record_is_one_line_of_key_value_pairs() -> None:
    assert line(step="purge", rows=3) == (
        "time=1970-01-01T00:00:00.500Z level=warning msg=hello logger=tests step=purge rows=3"
    )


def test_values_that_would_break_the_line_are_quoted_and_escaped() -> None:
    assert 'a="x y"' in line(a="x y")
    assert 'a="say \\"hi\\""' in line(a='say "hi"')
    assert 'a="two\\nlines"' in line(a="two\nlines")
    assert 'a=""' in line(a="")
    assert "\n" not in line("forged\nlevel=info", a="\x00\x1b[31mé")


def test_an_error_is_logged_by_type_without_its_text() -> None:
    try:
        raise ValueError("Key (one_time_code)=(SECRETCODE) already exists")
    except ValueError as error:
        text = line(error=error)
    assert "builtins.ValueError at test_logs.py:" in text
    assert "SECRETCODE" not in text


def test_logging_is_configured_once() -> None:
    init_logging()
    before = list(logging.getLogger().handlers)
    init_logging()
    assert logging.getLogger().handlers == before
    assert sum(getattr(h, "stream", None) is sys.stderr for h in before) <= len(before)


def test_a_closed_log_stream_does_not_fail_requests(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unread(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Unread())
    assert service.client.get("/services/ping").status_code == 200
