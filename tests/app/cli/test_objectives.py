"""`flask objectives`: check, generate and show."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from app.objectives import OBJECTIVES_FILE, load_objectives
from app.objectives.generated import generate
from app.store import objective_minutes
from tests.support.command_line import flask
from tests.support.service import Service

Run = Callable[..., Result]


@pytest.fixture
def run(service: Service) -> Run:
    """Runs a command of the group in this process."""
    return lambda *arguments: service.app.test_cli_runner().invoke(args=("objectives", *arguments))


def test_check_and_generate_need_no_settings() -> None:
    checked = flask("objectives", "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == f"No problem in objectives.yaml: {len(load_objectives())} objectives.\n"
    compared = flask("objectives", "generate", "--check")
    assert (compared.returncode, compared.stdout) == (0, "All generated files are up to date.\n")


def test_check_prints_each_problem(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(OBJECTIVES_FILE.read_text(encoding="utf-8").replace("target: 0.999", "target: 99.9"))
    result = run("check", str(broken))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == sum(objective.target == 0.999 for objective in load_objectives())
    assert "broken.yaml: codes-availability: spec.objectives[0].target must be a share" in result.stderr


def test_generate_writes_what_differs(run: Run, tmp_path: Path) -> None:
    into = ("--into", str(tmp_path))
    compared = run("generate", "--check", *into)
    assert compared.exit_code == 1
    assert "differs: deploy/grafana/exposure-alert.json\n" in compared.stderr
    assert "run `flask --app app objectives generate` and commit the files" in compared.stderr
    assert list(tmp_path.iterdir()) == []
    written = run("generate", *into)
    assert written.stdout.splitlines() == [f"written: {path}" for path in generate(load_objectives())]
    assert run("generate", "--check", *into).stdout == "All generated files are up to date.\n"


def store(service: Service, counts: dict[str, tuple[int, int]]) -> None:
    with service.database.transaction() as connection:
        minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
        objective_minutes.add(connection, minute, counts)


def row(output: str, name: str) -> list[str]:
    return next(line for line in output.splitlines() if line.startswith(f"{name} ")).split("  ")


def test_show_prints_a_line_for_each_objective(service: Service, run: Run) -> None:
    store(service, {"codes-availability": (8, 16), "uploads-latency": (9_950, 10_000), "portal-availability": (5, 5)})
    result = run("show")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].split() == [
        "objective",
        "target",
        "achieved",
        "budget",
        "left",
        "lasts",
        "alerts",
    ]
    cells = {
        objective.name: [cell.strip() for cell in row(result.stdout, objective.name) if cell.strip()]
        for objective in load_objectives()
    }
    assert cells["codes-availability"] == [
        "codes-availability",
        "99.90%",
        "50.000%",
        "-49900.0%",
        "spent",
        "page 14.4, page 6, ticket 3, ticket 1",
    ]
    assert cells["uploads-latency"][1:] == ["99.00%", "99.500%", "50.0%", "28 days or more", "-"]
    assert cells["portal-availability"][1:] == ["99.90%", "100.000%", "100.0%", "28 days or more", "-"]
    assert cells["claims-success"][1:] == ["99.90%", "no events", "100.0%", "28 days or more", "-"]


def test_show_forecasts_when_the_budget_is_spent(service: Service, run: Run) -> None:
    with service.database.transaction() as connection:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        objective_minutes.add(connection, now - timedelta(days=20), {"codes-availability": (90_000, 90_000)})
        objective_minutes.add(connection, now - timedelta(minutes=2), {"codes-availability": (9_950, 10_000)})
    # Half of the budget is left, and spent at five times the sustainable rate.
    assert "2.8 days" in run("show").stdout
    found = {each["objective"]: each for each in json.loads(run("show", "--json").stdout)}
    assert found["codes-availability"]["seconds_left"] == 28 * 86400 // 10
    assert found["claims-success"]["seconds_left"] is None


def test_show_prints_json(service: Service, run: Run) -> None:
    store(service, {"codes-availability": (8, 16)})
    found = json.loads(run("show", "--json").stdout)
    assert [each["objective"] for each in found] == [objective.name for objective in load_objectives()]
    codes = found[0]
    assert codes.pop("burn_rates") == {
        name: pytest.approx(500) for name in ("5", "30", "60", "120", "360", "1440", "4320", "40320")
    }
    assert codes.pop("alerts")[0] == {"severity": "page", "factor": 14.4, "long_minutes": 60, "short_minutes": 5}
    assert codes == {
        "objective": "codes-availability",
        "part": "issuing",
        "titles": {
            "en": "Codes are issued without a server error",
            "fr": "Les codes sont délivrés sans erreur du serveur",
        },
        "target": 0.999,
        "window_days": 28,
        "ratio": 0.5,
        "budget_left": -499.0,
        "seconds_left": 0,
    }
