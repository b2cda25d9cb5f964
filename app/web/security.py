"""Access control and request identity: bearer tokens, Basic credentials, request identifiers, client networks.

Every route is private: unless it is listed in `PUBLIC_ENDPOINTS` or its view has one of the decorators below, it
answers 401.
"""

import functools
import hashlib
import hmac
import random
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response, current_app, g, request
from werkzeug.datastructures import Authorization

from app.domain.networks import client_network
from app.web.context import current_context, current_settings
from app.web.responses import plain_error

View = Callable[..., Any]

PUBLIC_ENDPOINTS: Final = frozenset(
    {
        "health.ping",
        "health.present",
        "health.ready",
        "health.version",
        "health.feature_flags",
        "health.security_text",
        "health.openapi",
        "claims.claim_key",
        "uploads.upload",
        "configuration.exposure_configuration",
        "status.choose_language",
        "status.overview",
        "status.incidents",
        "status.incident",
        "status.privacy",
        "status.accessibility",
        "status.feed",
        "status.status_json",
        "status.unknown",
        "status_figures.all_places",
        "status_figures.one_place",
        "status_figures.figures_file",
        # on review instances only, where every visitor may try everything
        "phone.choose_language",
        "phone.phone",
        "phone.new_code",
        "phone.archive_address",
        "front.choose_language",
        "front.page",
        "front.new_code",
        "front.archive",
        "front.logs",
        "front.facts",
    }
)

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.:/+=-]{1,128}")


def unauthorized(headers: dict[str, str] | None = None) -> Response:
    """Return the response to a client that is unknown or not permitted."""
    return plain_error("unauthorized", 401, headers)


def allow_only(method: str, *, also: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Answer 401 to other methods, as the public server does (rule 16), and list the permitted ones (D23).

    `also` names methods that are answered before the view.
    """
    allowed = ", ".join((method, *also))

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(**arguments: Any) -> Any:
            if request.method != method:
                return unauthorized({"Allow": allowed})
            return view(**arguments)

        return checked

    return decorate


def requires_bearer(view: View) -> View:
    """Require a token of a health authority; the view receives the token's label as `originator`."""

    @functools.wraps(view)
    def checked(**arguments: Any) -> Any:
        digest, context = bearer_digest(), current_context()
        originator = context.submission.tokens.label(digest, context.clock()) if digest else None
        if originator is None:
            return unauthorized()
        return view(originator=originator, **arguments)

    return _mark_private(checked)


def requires_test_tools_token(view: View) -> View:
    """Require TEST_TOOLS_TOKEN; the tokens of health authorities are not accepted (D22)."""

    @functools.wraps(view)
    def checked(**arguments: Any) -> Any:
        if bearer_digest() != _digest(current_settings().submission.test_tools_token or ""):
            return unauthorized()
        return view(**arguments)

    return _mark_private(checked)


def requires_metrics_token(view: View) -> View:
    """Require METRICS_TOKEN."""

    @functools.wraps(view)
    def checked(**arguments: Any) -> Any:
        given, expected = bearer_digest(), current_settings().metrics_token
        if given is None or expected is None or not hmac.compare_digest(given, _digest(expected)):
            return unauthorized()
        return view(**arguments)

    return _mark_private(checked)


def requires_metrics_credentials(view: View) -> View:
    """Require METRICS_USERNAME and METRICS_PASSWORD (rule 90)."""

    @functools.wraps(view)
    def checked(**arguments: Any) -> Any:
        settings, given = current_settings().retrieval, _given_credentials()
        if given is None or given.type != "basic":
            return unauthorized()
        # Both are always compared, so that timing does not reveal which one was wrong.
        known = _same(given.username or "", settings.metrics_username)
        known &= _same(given.password or "", settings.metrics_password)
        return view(**arguments) if known else unauthorized()

    return _mark_private(checked)


def _given_credentials() -> Authorization | None:
    try:
        return request.authorization
    except ValueError:  # the library expects ASCII after `Basic`
        return None


def authenticates_itself(view: View) -> View:
    """Mark a view that authenticates its client, because the proof is part of its path."""
    return _mark_private(view)


def _mark_private(view: View) -> View:
    view.is_guarded = True  # type: ignore[attr-defined]
    return view


def bearer_digest() -> bytes | None:
    """Return the digest of the request's token, or None. The header is `Bearer`, one space, the token (rule 17).

    The digest is looked up instead of the token, so that timing reveals nothing about the token (D22).
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return _digest(token) if scheme == "Bearer" and token else None


def digests(tokens: Mapping[str, str]) -> dict[bytes, str]:
    """Return the labels of tokens by the SHA-256 digest of each token."""
    return {_digest(token): label for token, label in tokens.items()}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_digest(given), _digest(expected))


def current_network() -> str:
    """Return the network of the request's client, as far as trusted proxies report it."""
    if "network" not in g:
        environ = request.environ
        peer, forwarded_for = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")
        g.network = client_network(peer, forwarded_for, current_settings().trusted_proxies)
    network: str = g.network
    return network


def init_security(app: Flask) -> None:
    """Give each request an identifier, and refuse requests to routes that nothing protects (rule 5)."""
    app.before_request(_identify_request)
    app.before_request(_refuse_unguarded)
    app.after_request(_echo_request_id)


def request_id(given: str) -> str:
    """Return the request identifier that a client sent if it may be logged, or else a new UUID."""
    if given and _REQUEST_ID.fullmatch(given):
        return given
    # The identifier grants nothing, so it may be predictable. `uuid4` makes a system call, which also releases the GIL.
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _identify_request() -> None:
    g.request_id = request_id(request.headers.get("X-Request-Id", ""))


def _refuse_unguarded() -> Response | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC_ENDPOINTS:
        return None
    if getattr(current_app.view_functions[endpoint], "is_guarded", False):
        return None
    return unauthorized()


def _echo_request_id(response: Response) -> Response:
    if request.url_rule is not None:
        response.headers["X-Request-Id"] = g.request_id
    return response
