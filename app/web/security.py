"""Who may do what: bearer tokens, Basic credentials, request identifiers, and whose request it is.

Every route is private: without one of the decorators below, and unless it is listed in `PUBLIC_ENDPOINTS`, a route
answers 401 to everybody.
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
from app.web.context import current_settings
from app.web.responses import plain_error

View = Callable[..., Any]

PUBLIC_ENDPOINTS: Final = frozenset(
    {
        "services.ping",
        "services.present",
        "services.ready",
        "services.version",
        "services.feature_flags",
        "services.security_text",
        "services.openapi",
        "claims.claim_key",
        "uploads.upload",
        "configuration.exposure_configuration",
        # on review instances only, where whoever comes may try everything
        "review.choose_language",
        "review.phone",
        "review.new_code",
        "review.archive_address",
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
    """Answer that the caller is not known, or may not do this."""
    return plain_error("unauthorized", 401, headers)


def only(method: str, besides: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Answer 401 to every other method, as the public server does (rule 16), but name the right ones (D23).

    `besides` names methods that are answered elsewhere.
    """
    allowed = ", ".join((method, *besides))

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(**arguments: Any) -> Any:
            if request.method != method:
                return unauthorized({"Allow": allowed})
            return view(**arguments)

        return checked

    return decorate


def requires_bearer(view: View) -> View:
    """Let in whoever holds one of KEY_CLAIM_TOKEN's tokens; the view learns its label as `originator`."""

    @functools.wraps(view)
    def checked(**arguments: Any) -> Any:
        originator = _bearer_label(current_app.extensions["bearer_labels"])
        if originator is None:
            return unauthorized()
        return view(originator=originator, **arguments)

    return _mark_private(checked)


def requires_test_tools_token(view: View) -> View:
    """Let in whoever holds TEST_TOOLS_TOKEN; no province's token opens the test tools (D22)."""

    @functools.wraps(view)
    def checked(**arguments: Any) -> Any:
        if _bearer_label(_digests({current_settings().test_tools_token or "": "test"})) is None:
            return unauthorized()
        return view(**arguments)

    return _mark_private(checked)


def requires_metrics_credentials(view: View) -> View:
    """Let in whoever knows METRICS_USERNAME and METRICS_PASSWORD (rule 90)."""

    @functools.wraps(view)
    def checked(**arguments: Any) -> Any:
        settings, given = current_settings(), _given_credentials()
        if given is None or given.type != "basic":
            return unauthorized()
        # Both are compared, whatever the first comparison said, so that time tells nothing.
        known = _same(given.username or "", settings.metrics_username)
        known &= _same(given.password or "", settings.metrics_password)
        return view(**arguments) if known else unauthorized()

    return _mark_private(checked)


def _given_credentials() -> Authorization | None:
    try:
        return request.authorization
    except ValueError:  # the library expects ASCII after `Basic`
        return None


def checks_itself(view: View) -> View:
    """Mark a view that verifies its caller inside, because the proof is part of its path."""
    return _mark_private(view)


def _mark_private(view: View) -> View:
    view.is_guarded = True  # type: ignore[attr-defined]
    return view


def _bearer_label(labels: Mapping[bytes, str]) -> str | None:
    """Return the label of the request's token, or None. The scheme is `Bearer`, one space, the token (rule 17)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        return None
    # A digest is looked up, not the token: how long that takes tells nothing about the token (D22).
    return labels.get(_digest(token))


def _digests(tokens: Mapping[str, str]) -> dict[bytes, str]:
    return {_digest(token): label for token, label in tokens.items()}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_digest(given), _digest(expected))


def current_network() -> str:
    """Return the network that the request came from, as far as the trusted proxies tell."""
    if "network" not in g:
        environ = request.environ
        peer, forwarded_for = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")
        g.network = client_network(peer, forwarded_for, current_settings().trusted_proxies)
    network: str = g.network
    return network


def init_security(app: Flask) -> None:
    """Refuse what nobody guards, and give each request that matched a route its identifier (rule 5)."""
    app.web.context["bearer_labels"] = _digests(app.web.context["settings"].key_claim_token or {})
    app.before_request(_identify_request)
    app.before_request(_refuse_unguarded)
    app.after_request(_echo_request_id)


def request_id(given: str) -> str:
    """Return the identifier that a client gave its request, if it is one that may stand in a log, or a new UUID."""
    if given and _REQUEST_ID.fullmatch(given):
        return given
    # It lets nobody in, so it may be guessed. `uuid4` asks the kernel each time, and lets go of the interpreter for it.
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
