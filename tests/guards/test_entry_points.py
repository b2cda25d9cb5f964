"""What a newcomer adds first, a route, a periodic job or a field, and what must not be forgotten with it."""

import importlib
import json
from collections.abc import Callable

from app.web.security import PUBLIC_ENDPOINTS
from tests.guards.source import ROOT
from tests.support.service import Service
from tests.support.settings import TEST_TOOLS_TOKEN
from worker.schedule import PERIODIC_JOBS

OPENAPI = json.loads((ROOT / "app" / "health" / "openapi.json").read_text(encoding="utf-8"))
FIXED_DOCUMENTS = ("/services/version.json", "/services/featureFlags.json")


def test_every_route_is_public_or_guarded(make_service: Callable[..., Service]) -> None:
    service = make_service(ENABLE_TEST_TOOLS="true", TEST_TOOLS_TOKEN=TEST_TOOLS_TOKEN, REVIEW_TOOLS="true")
    views = service.app.view_functions
    forgotten = [
        rule.rule
        for rule in service.app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC_ENDPOINTS and not getattr(views[rule.endpoint], "is_guarded", False)
    ]
    assert forgotten == [], "add a decorator of app/web/security.py to the view, or its endpoint to PUBLIC_ENDPOINTS"


def test_every_job_reports_its_failure_without_the_error_text() -> None:
    undecorated = []
    for job in PERIODIC_JOBS:
        module, _, function = job.function.rpartition(".")
        assert module.rpartition(".")[2].replace("_", "-") == job.name, "the log names a job after its module"
        if not hasattr(getattr(importlib.import_module(module), function), "__wrapped__"):
            undecorated.append(job.function)
    assert undecorated == [], "decorate the job with @reports_failure: RQ would log and store the text of its errors"


def test_fixed_documents_have_the_fields_that_the_openapi_document_describes(service: Service) -> None:
    different = {}
    for path in FIXED_DOCUMENTS:
        content = OPENAPI["paths"][path]["get"]["responses"]["200"]["content"]
        (media,) = content.values()
        described = sorted(media["schema"]["properties"])
        if (found := sorted(service.client.get(path).json)) != described:
            different[path] = (found, described)
    assert different == {}, "describe the same fields in app/health/openapi.json"
