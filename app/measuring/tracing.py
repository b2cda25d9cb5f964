"""Traces through OpenTelemetry, if OTEL_EXPORTER_OTLP_ENDPOINT is set. Otherwise this module is not imported.

A span has a route, a method and a status, the kind and table of a statement, or the name of a job. It has no path,
value of a statement, header, address or text of an error. A trace begins here: a client's `traceparent` is ignored.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode

from app.database.database import Database
from app.measuring.instruments import bounded_method
from app.measuring.requests import route_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SERVICE: Final = "exposure-alert"
_SERVER_ERROR: Final = 500
# After a job, whose process may be ended at any time, and at the end of a web process.
_FLUSH_MILLISECONDS: Final = 2000
_WRITE: Final = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)\b")
_READ: Final = re.compile(r"\b(SELECT)\b.*?\bFROM\s+([a-z_]+)\b", re.DOTALL)


class Tracing:
    """Makes spans, and sends them in the background."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint` is the base URL of an OTLP/HTTP receiver. The standard variables set headers and sampling."""
        resource = Resource({SERVICE_NAME: _SERVICE}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(_SERVICE)

    @contextmanager
    def span(self, name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str) -> Iterator[Span]:
        """Make a span of the block. Only the type of an exception is recorded, because its text may hold a row."""
        named = {key.replace("__", "."): value for key, value in attributes.items()}
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=named, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(StatusCode.ERROR)
                raise

    def run_job(self, name: str, run: Callable[[], bool]) -> bool:
        """Run a job in a span, and send that with the spans of its statements; return whether it succeeded."""
        try:
            with self.span(f"job {name}") as span:
                succeeded = run()
                if not succeeded:
                    span.set_status(StatusCode.ERROR)
        finally:
            self.flush()
        return succeeded

    def flush(self) -> None:
        """Send the spans that ended, for at most two seconds."""
        self._provider.force_flush(_FLUSH_MILLISECONDS)

    def trace_statements(self, database: Database) -> None:
        """Make a span of each statement from now on."""
        database.observe_statements(
            lambda sql: self.span(
                summary(sql), SpanKind.CLIENT, db__system__name="postgresql", db__query__summary=summary(sql)
            )
        )


class TraceRequests:
    """WSGI middleware: makes a span of each request."""

    def __init__(self, application: "WSGIApplication", tracing: Tracing) -> None:
        self._application = application
        self._tracing = tracing

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Call the application."""
        method = bounded_method(environ["REQUEST_METHOD"])
        with self._tracing.span(method, SpanKind.SERVER, http__request__method=method) as span:

            def start(line: str, *details: Any) -> Any:
                span.set_attribute("http.response.status_code", int(line[:3]))
                if int(line[:3]) >= _SERVER_ERROR:
                    span.set_status(StatusCode.ERROR)
                return start_response(line, *details)

            try:
                return self._application(environ, start)
            finally:
                _, route = route_of(environ)
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)


def summary(sql: str) -> str:
    """Return what a statement does, to the first table that it changes or reads, such as `INSERT INTO events`."""
    found = _WRITE.search(sql) or _READ.search(sql)
    return f"{found[1]} {found[2]}" if found else "statement"
