"""Requests generated from the OpenAPI document and sent to a running server."""

import base64
import time
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.support.memory import MIB, children_of, resident_bytes
from tests.support.settings import METRICS, TEST_TOOLS_TOKEN, TOKEN
from tests.support.web import WebProcess

_ROUND_EXAMPLES = 25
# After one round of all operations, archives and pools are in memory.
_MAX_GROWTH_BYTES = 48 * MIB
_CREDENTIALS = {
    "authority": f"Bearer {TOKEN}",
    "tester": f"Bearer {TEST_TOOLS_TOKEN}",
    "metrics": "Basic " + base64.b64encode(":".join(METRICS).encode()).decode(),
}


def try_surface(web: WebProcess, seconds: int) -> bool:
    """Send requests to every operation in turn until the time is over; return whether all answers were acceptable.

    The web process may hold no more than `_MAX_GROWTH_BYTES` more at the end than after the first round.
    """
    url = f"http://127.0.0.1:{web.port}"
    document = requests.get(f"{url}/openapi.json", timeout=10).json()
    for path, item in list(document["paths"].items()):
        if path.startswith("/phone"):  # only on review instances
            del document["paths"][path]
        item.get("post", {}).pop("requestBody", None)  # bodies of random bytes are generated here
    schema = schemathesis.openapi.from_dict(document)
    operations = [result.ok() for result in schema.get_all_operations()]
    deadline, sent, found, first = time.monotonic() + seconds, 0, list[str](), 0
    with requests.Session() as session:
        while time.monotonic() < deadline and not found:
            for operation in operations:
                number, complaint = _try_operation(operation, url, session)
                sent += number
                found += [complaint] if complaint else []
                if first and time.monotonic() > deadline:
                    break
            first = first or _memory_of(web)
    grown = _memory_of(web) - first
    if grown > _MAX_GROWTH_BYTES:
        found.append(f"the web process took {grown / MIB:.0f} MiB more after its first round")
    if "Traceback" in web.log.read_text(errors="replace"):
        found.append("a traceback in the log")
    print(f"fuzz: HTTP surface: {sent} requests to {len(operations)} operations, {grown / MIB:+.1f} MiB")
    print(*found, sep="\n")
    return not found


def _memory_of(web: WebProcess) -> int:
    return resident_bytes(web.pid, *children_of(web.pid))


def _try_operation(operation: Any, url: str, session: requests.Session) -> tuple[int, str]:
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )
    sent = 0

    @given(case=cases, body=st.binary(max_size=5000), authorized=st.booleans())
    @settings(
        max_examples=_ROUND_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, body: bytes, authorized: bool) -> None:
        nonlocal sent
        sent += 1
        made = case.as_transport_kwargs(base_url=url)
        headers = {name: value for name, value in (made.get("headers") or {}).items() if _may_be_sent(value)}
        if authorized:
            headers |= _credentials(operation)
        data = None if case.method == "GET" else body
        try:
            answer = session.request(
                made["method"], made["url"], headers=headers, data=data, timeout=15, allow_redirects=False
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError):
            return  # the client refuses to send it
        complaint = _unfit(answer)
        assert not complaint, f"{made['method']} {made['url']}: {complaint}"

    try:
        send()
    except AssertionError as error:
        return sent, str(error)
    return sent, ""


def _may_be_sent(value: Any) -> bool:
    return isinstance(value, str) and "\r" not in value and "\n" not in value


def _credentials(operation: Any) -> dict[str, str]:
    security = operation.definition.raw.get("security") or []
    names = [name for scheme in security for name in scheme]
    return {"Authorization": _CREDENTIALS[names[0]]} if names else {}


def _unfit(answer: requests.Response) -> str:
    """Return what is wrong with a response."""
    if answer.status_code >= 500:
        return f"status {answer.status_code}"
    if "html" in answer.headers.get("Content-Type", "") or b"Traceback" in answer.content:
        return "a page of a framework, or a traceback"
    return ""
