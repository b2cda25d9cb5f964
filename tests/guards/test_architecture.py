"""The rules of the architecture. Each test lists every file that breaks one, and how to fix it."""

import ast
import re

from tests.guards.source import PACKAGES, ROOT, Function, Module, modules, offenders

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
FRAMEWORKS = ("flask", "flask_sqlalchemy", "werkzeug")
# Days for which figures are kept, and the threshold of an alarm.
NOT_STATUSES = {"app/domain/figures.py: 400", "app/domain/figure_alarms.py: 400"}
SURFACES = ("app.submission", "app.retrieval", "app.review", "app.portal", "app.sharing", "app.status", "app.incidents")
# The packages of `app` that each package may import, in addition to itself and `app.domain`.
LAYERS = {
    "app.domain": set(),
    "app.crypto": set(),
    "app.proto": set(),
    "app.config": {"app.crypto"},
    "app.store": {"app.database"},
    "app.database": {
        "app.config",
        "app.store.tables",
        "app.store.portal",
        "app.store.shared_secrets",
        "app.store.incidents",
        "app.store.status",
    },
    "app.web": {
        "app.config",
        "app.database",
        "app.measuring.folder",
        "app.measuring.web",
    },  # the web server starts both
    "app.health": {"app.web"},
    "app.sending": set(),
    "app.objectives": {"app.store"},
}


def services() -> list[Module]:
    """Return the modules of use cases, which views, jobs and commands call."""
    return [module for module in modules(*SURFACES, "app.upkeep", "app.importing") if ".views" not in module.name]


def views() -> list[Module]:
    """Return the modules of views."""
    return [module for module in modules("app") if ".views" in module.name]


def runtime_imports(module: Module) -> set[str]:
    """Return what a module imports when it runs, without imports for the type checker."""
    tree = ast.parse(module.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def test_the_application_has_only_packages_at_its_top() -> None:
    loose = [path.name for path in (ROOT / "app").glob("*.py") if path.name != "__init__.py"]
    assert loose == [], "move each of these into the package of what it does: config, web, database, store, upkeep …"


def test_the_domain_is_pure() -> None:
    impure = offenders(
        modules("app.domain"),
        lambda module: module.imported_from(*FRAMEWORKS, "sqlalchemy", "redis", "os", "time", "logging"),
    )
    assert impure == [], "the domain takes time, settings and stored data as arguments"


def test_the_domain_uses_no_http_status() -> None:
    numbers = re.compile(r"\b(?:200|204|301|302|304|40[0-9]|410|429|50[0-9])\b|\bHTTPStatus\b")

    def statuses(module: Module) -> set[str]:
        nodes = [node for node in ast.walk(module.tree) if isinstance(node, ast.Constant)]
        return {
            repr(node.value) for node in nodes if isinstance(node.value, int) and numbers.fullmatch(str(node.value))
        }

    found = [line for line in offenders(modules("app.domain"), statuses) if line not in NOT_STATUSES]
    assert found == [], "a view maps a domain error to its status"


def test_each_layer_imports_only_the_layers_below_it() -> None:
    def upward(package: str, module: Module) -> set[str]:
        allowed = {package, "app.domain", *LAYERS[package]}
        own = {name for name in runtime_imports(module) if name.startswith("app.")}
        return {name for name in own if not any(name == each or name.startswith(f"{each}.") for each in allowed)}

    found = [line for package in LAYERS for line in offenders(modules(package), lambda m, p=package: upward(p, m))]
    assert found == [], "see LAYERS in this file: pass what is needed as an argument, or move the code up"


def test_services_never_import_flask() -> None:
    assert offenders(services(), lambda module: module.imported_from(*FRAMEWORKS)) == [], "only views know HTTP"


def test_services_never_import_views() -> None:
    found = offenders(services(), lambda module: {name for name in module.imports if ".views" in name})
    assert found == [], "views call services, never the reverse"


def test_views_never_import_the_store_or_the_database() -> None:
    found = offenders(views(), lambda module: module.imported_from("app.store", "app.database", "sqlalchemy"))
    assert found == [], "call a method of the surface's service instead"


def test_the_application_never_imports_the_worker() -> None:
    found = offenders(
        modules("app"), lambda module: module.imported_from("worker", "local", "processes", "tests", "clients")
    )
    assert found == [], "app enqueues jobs by their dotted names"


def test_the_processes_library_imports_nothing_of_the_project() -> None:
    others = ("app", "worker", "local", "review_apps", "bench", "clients", "tests")
    assert offenders(modules("processes"), lambda module: module.imported_from(*others)) == []


def test_the_store_never_commits() -> None:
    commits = re.compile(r"\.(?:commit|begin|begin_nested)\(|\bCOMMIT\b")
    assert offenders(modules("app.store"), lambda module: commits.findall(module.text)) == [], (
        "services own transactions"
    )


def test_keys_are_inserted_in_one_place() -> None:
    insert = re.compile(r"INSERT INTO diagnosis_keys\b")
    places = {m.name for m in modules("app", "worker") if insert.search(m.text)}
    # Imported rows keep their hour, region and originator.
    assert places == {"app.store.diagnosis_keys"}, "use app.store.diagnosis_keys.insert_sql"


def test_the_current_time_enters_at_the_edge() -> None:
    asks = re.compile(r"datetime\.(?:utc)?now\(|\butc_now\(\)|current_time\(\)|\btime\.time\(\)")
    at_the_edge = (".views", ".cli", "worker.jobs", "worker.clock", "worker.fallback", "worker.monitor")
    allowed = ("app.domain.timeline", "app.web.context", "app.web.logs", "app.web.request_logs")

    def inside(module: Module) -> list[str]:
        if module.name in allowed or any(edge in module.name for edge in at_the_edge):
            return []
        return asks.findall(module.text)

    assert offenders(modules("app", "worker"), inside) == [], "take `now` as an argument"


def test_the_context_is_typed() -> None:
    keys = re.compile(r"\.extensions\[[^]]*\]")
    found = offenders(modules("app", "worker"), lambda module: keys.findall(module.text))
    assert found == [], "add a field to app.web.context.Context"


def test_only_create_app_wraps_the_application() -> None:
    wraps = re.compile(r"\.wsgi_app\s*=")
    found = [module.name for module in modules("app", "worker") if wraps.search(module.text)]
    assert found == ["app"], "add the middleware to the list in app/__init__.py"


def test_errors_are_one_tree_and_end_in_error() -> None:
    def strays(module: Module) -> list[str]:
        classes = [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
        raised = {
            node.name
            for node in classes
            if any(ast.unparse(base) in ("Exception", "BaseException") for base in node.bases)
        }
        return sorted(raised - {"ExposureAlertError"})

    found = offenders(modules("app", "worker"), strays)
    assert found == [], "define it in app/domain/errors.py, below ExposureAlertError"
    tree = next(module for module in modules("app.domain") if module.name == "app.domain.errors")
    drawn = tree.text.partition('"""')[2].partition('"""')[0]
    names = [node.name for node in tree.tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Error")]
    assert [name for name in names if name not in drawn] == [], "draw it in the tree at the top of app/domain/errors.py"


def test_files_and_functions_stay_small() -> None:
    def large(module: Module) -> list[str]:
        lines = module.text.count("\n")
        found = [f"{lines} lines"] if lines > MAX_FILE_LINES else []
        return found + [
            f"{function.name} has {function.end_lineno - function.lineno + 1} lines"
            for function in module.functions
            if function.end_lineno and function.end_lineno - function.lineno >= MAX_FUNCTION_LINES
        ]

    found = offenders(modules(*PACKAGES, "tests"), large)
    assert found == [], f"at most {MAX_FILE_LINES} lines a file and {MAX_FUNCTION_LINES} a function"


def test_functions_have_a_return_type() -> None:
    found = offenders(modules(*PACKAGES), lambda module: [f.name for f in module.functions if f.returns is None])
    assert found == []


def test_public_functions_have_a_docstring() -> None:
    def undocumented(function: Function) -> bool:
        inherited = any(ast.unparse(each) in ("override",) for each in function.decorator_list)
        return ast.get_docstring(function) is None and not inherited and not function.name.startswith("visit_")

    found = offenders(
        modules("app", "worker"), lambda module: [f.name for f in module.public_functions if undocumented(f)]
    )
    assert found == [], "begin with an imperative verb; give shapes, units, errors and the source"


def test_docstrings_use_return_whether() -> None:
    wrong = re.compile(r'"""(?:Tell|Say|Tells|Says|Hear)\b')
    found = offenders(modules("app", "worker"), lambda module: wrong.findall(module.text))
    assert found == [], "write `Return whether …`"


def test_clients_share_no_code_with_the_server() -> None:
    assert offenders(modules("clients"), lambda module: module.imported_from("app", "worker")) == []
