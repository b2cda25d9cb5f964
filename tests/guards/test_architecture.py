"""The rules of the architecture, each with a test that fails when code breaks it."""

import re

import pytest

from tests.guards.source import PACKAGES, Module, modules

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
FRAMEWORKS = ("flask", "flask_sqlalchemy", "werkzeug")


def reaches(module: Module, *packages: str) -> set[str]:
    return {name for name in module.imports if any(name == p or name.startswith(f"{p}.") for p in packages)}


def services() -> list[Module]:
    """The use cases: what views, jobs and commands call."""
    found = modules("app.submission", "app.retrieval", "app.archive_files", "app.review")
    alone = ("app.counting", "app.guesses", "app.resealing", "app.retention")
    found += [module for module in modules("app") if module.name in alone]
    return [module for module in found if ".views" not in module.name]


@pytest.mark.parametrize("module", modules("app.domain"), ids=lambda module: module.name)
def test_the_domain_is_pure(module: Module) -> None:
    assert not reaches(module, *FRAMEWORKS, "sqlalchemy", "redis", "os", "time")
    assert {name for name in reaches(module, "app") if not name.startswith("app.domain")} <= {"app"}


@pytest.mark.parametrize("module", services(), ids=lambda module: module.name)
def test_services_never_import_flask(module: Module) -> None:
    assert not reaches(module, *FRAMEWORKS)


@pytest.mark.parametrize("module", modules("app"), ids=lambda module: module.name)
def test_the_application_never_imports_the_worker(module: Module) -> None:
    assert not reaches(module, "worker", "local", "tests")


@pytest.mark.parametrize("module", modules("app.store"), ids=lambda module: module.name)
def test_the_store_never_commits(module: Module) -> None:
    if module.name != "app.store.database":
        assert not re.search(r"\.(commit|begin|begin_nested)\(|\bCOMMIT\b", module.text)


@pytest.mark.parametrize("module", modules("app", "worker"), ids=lambda module: module.name)
def test_the_present_is_asked_for_in_one_place(module: Module) -> None:
    asks = re.findall(r"datetime\.(?:utc)?now\(|\butc_now\(\)|current_time\(\)", module.text)
    at_the_edge = ".views" in module.name or ".cli" in module.name or module.name.startswith("worker.jobs")
    assert not asks or at_the_edge or module.name in ("app.domain.timeline", "app.clock", "app.logs")


@pytest.mark.parametrize("module", modules(*PACKAGES, "tests"), ids=lambda module: module.name)
def test_files_and_functions_stay_small(module: Module) -> None:
    assert module.text.count("\n") <= MAX_FILE_LINES
    long = {
        function.name: function.end_lineno - function.lineno + 1
        for function in module.functions
        if function.end_lineno and function.end_lineno - function.lineno >= MAX_FUNCTION_LINES
    }
    assert long == {}


@pytest.mark.parametrize("module", modules(*PACKAGES), ids=lambda module: module.name)
def test_public_functions_have_types_and_a_docstring(module: Module) -> None:
    untyped = [f.name for f in module.functions if f.returns is None]
    assert untyped == []


def test_clients_share_no_code_with_the_server() -> None:
    assert [module.name for module in modules("clients") if reaches(module, "app", "worker")] == []
