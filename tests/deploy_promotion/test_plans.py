"""Plans, and the judgement of objectives (deploy/promotion)."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.promotion import commands, objectives, promotion
from deploy.promotion.errors import PromotionError
from deploy.promotion.load import plan_load
from deploy.promotion.objectives import Snapshot, parse, problems
from deploy.promotion.plan import PRODUCTION, STAGING, Environment, Plan, read_plan, secret
from deploy.promotion.promotion import Promotion, Sizes
from deploy.promotion.record import Journal, Record, from_json, to_json
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
PLANS = sorted((ROOT / "deploy" / "promotion" / "plans").glob("*.toml"))
NOW = datetime(2026, 11, 27, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:1"


def snapshot(good: int, total: int, state: str = "operational") -> Snapshot:
    return Snapshot(NOW, {"downloading": state}, {"downloads": (good, total)}, {"downloads": 0.999})


@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.stem)
def test_the_ready_plans_are_complete(file: Path) -> None:
    plan = read_plan(file)
    assert "$VERSION" in plan.staging.deploy
    assert "$VERSION" in plan.production.canary
    assert all("://" in reference for reference in plan.staging.secrets.values())


def test_the_plan_of_hosts_rolls_back_every_host_and_no_further_than_the_release(tmp_path: Path) -> None:
    """One host may be lost, which may be why; and on one where the upgrade failed, the old release still serves."""
    production = read_plan(ROOT / "deploy/promotion/plans/host.toml").production
    (tmp_path / "ssh").write_text('#!/bin/sh\necho "$*" >> "$0.calls"\ncase $1 in *@b.*) exit 255 ;; esac\n')
    (tmp_path / "ssh").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "VERSION": "v1.2.3"}
    done = subprocess.run(["/bin/sh", "-euc", production.rollback], env=environment, check=False)
    assert done.returncode == 1
    command = "exposure-alert rollback --if-serves v1.2.3"
    called = (tmp_path / "ssh.calls").read_text().splitlines()
    assert called == [f"root@{host}.example.org {command}" for host in ("b", "a")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[production]", "[prod]"), "must have the tables"),
        (("canary = ", "canary_rollback = "), "canary"),
        (("soak_seconds = 600", 'soak_seconds = "600"'), "soak_seconds: has another type"),
        (("soak_seconds", "soak"), "soak: not known"),
        (("[staging.secrets]", "[staging.other]"), "other: not known"),
        (("status_url", "submission_url"), "Cannot overwrite"),
    ],
)
def test_a_wrong_plan_is_refused(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    text = (ROOT / "deploy/promotion/plans/aws.toml").read_text()
    assert change[0] in text
    (tmp_path / "plan.toml").write_text(text.replace(*change))
    with pytest.raises(PromotionError, match=message):
        read_plan(tmp_path / "plan.toml")


def test_a_secret_is_read_from_its_place_and_never_from_the_plan(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("value\n")
    assert secret(f"file://{tmp_path}/token") == "value"
    for wrong in ("value", f"file://{tmp_path}/missing"):
        with pytest.raises(PromotionError) as error:
            secret(wrong)
        assert "value" not in str(error.value).replace("the value", "")


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (snapshot(1000, 1000), snapshot(2000, 2000), 0),
        (snapshot(1000, 1000), snapshot(1998, 2000), 0),  # two failures
        (snapshot(1000, 1000), snapshot(1950, 2000), 1),
        (snapshot(900, 1000), snapshot(1850, 2000), 0),  # slower than before
        (snapshot(990, 1000), snapshot(1940, 2000), 1),  # faster than before
        (snapshot(0, 0), snapshot(95, 100), 1),
        (snapshot(1000, 1000), snapshot(997, 1000), 1),  # fewer than twenty events, of which three failed
        (snapshot(1000, 1000), snapshot(10, 20), 0),  # the window has moved: nothing is known
        (snapshot(1, 1), snapshot(2, 2, "outage"), 1),
        (snapshot(1, 1), snapshot(2, 2, "unknown"), 1),
        (snapshot(1, 1), snapshot(2, 2, "degraded"), 0),
    ],
)
def test_objectives_are_judged_by_what_happened_since(before: Snapshot, after: Snapshot, count: int) -> None:
    assert len(problems(before, after)) == count


def test_nothing_is_rolled_back_where_nothing_was_deployed(tmp_path: Path) -> None:
    """The status from before cannot be read; a command would leave a file."""
    commands = {name: f"touch {tmp_path}/{name}" for name in ("deploy", "rollback", "canary")}
    staging, production = (Environment(name=name, status_url=NOWHERE, **commands) for name in (STAGING, PRODUCTION))
    journal = Journal(tmp_path / "journal", "plan")
    with pytest.raises(PromotionError, match=r"deploy: status.json: no answer"):
        Promotion(Plan(staging, production), Record("v1"), journal, Sizes()).run()
    assert [file.name for file in tmp_path.iterdir()] == ["journal"]


STAGED, CANARY, ALL = ["deploy", "undo staging"], ["deploy", "canary", "undo canary"], ["deploy", "canary", "all"]


def promote(folder: Path, monkeypatch: pytest.MonkeyPatch, at: str, refused: str = "") -> tuple[list[str], Journal]:
    """Promote with commands that are only recorded. The step `at` fails, and so does the command `refused`."""
    called, record, journal = list[str](), Record("v1"), Journal(folder, "plan")

    def fail(*_: object) -> None:
        if record.begun == at:
            raise PromotionError("broken")

    def run_shell(_: Journal, command: str, version: str) -> None:
        called.append(command)
        if command == refused or not command.startswith("undo"):
            fail()
        assert version == "v1"

    for name, stub in (("run_shell", run_shell), ("run_module", fail), ("run_load", fail)):
        monkeypatch.setattr(promotion, name, stub)
    monkeypatch.setattr(Promotion, "_load", fail)
    monkeypatch.setattr(Environment, "client_variables", lambda _: {})
    monkeypatch.setattr(objectives, "fetch", lambda _: snapshot(1, 1))
    monkeypatch.setattr(objectives, "fetch_after", lambda *_: snapshot(2, 2, "outage" if record.begun == at else ""))
    monkeypatch.setattr(objectives, "problems", lambda _, after: [each for each in after.states.values() if each])
    own = {"status_url": NOWHERE, "soak_seconds": 0}
    staging = Environment(name=STAGING, deploy="deploy", rollback="undo staging", **own)
    undo = {"canary_rollback": "undo canary", "rollback": "undo all"}
    production = Environment(name=PRODUCTION, canary="canary", all="all", **undo, **own)
    try:
        Promotion(Plan(staging, production), record, journal, Sizes()).run()
    except PromotionError as error:
        called.append(str(error))
    return called, journal


@pytest.mark.parametrize(
    ("at", "commands"),
    [
        ("staging: deploy", STAGED),
        ("staging: smoke test", STAGED),
        ("staging: city of 1000 people", STAGED),
        ("staging: load", STAGED),
        ("staging: objectives", STAGED),
        ("production: canary", CANARY),
        ("production: objectives of the canary", CANARY),
        ("production: all", [*ALL, "undo all"]),
        ("production: objectives", [*ALL, "undo all"]),
    ],
)
def test_what_the_environment_of_a_failed_step_got_is_rolled_back(
    at: str, commands: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (*called, error), journal = promote(tmp_path, monkeypatch, at)
    assert (called, error.startswith(f"{at}: "), journal.load()) == (commands, True, None)


def test_a_roll_back_that_fails_too_is_for_a_person_to_finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (*called, error), journal = promote(tmp_path, monkeypatch, "production: canary", refused="undo canary")
    assert (called, error) == (CANARY, "production: the roll-back failed too, act now: broken")
    assert journal.load().begun == "production: canary"  # --restart tries it again


def test_a_release_that_passes_every_step_is_not_rolled_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert promote(tmp_path, monkeypatch, at="none")[0] == ALL


def test_a_plan_brings_one_release_at_a_time(tmp_path: Path) -> None:
    first, second, other = Journal(tmp_path, "plan"), Journal(tmp_path, "plan"), Journal(tmp_path, "other")
    refused = pytest.raises(PromotionError, match="another promotion by this plan runs")
    with first.locked(), other.locked(), refused, second.locked():
        pass
    with second.locked():
        pass


def test_an_interruption_ends_a_program_that_ignores_sigterm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_STOP_SECONDS", 0.2)
    ended: list[int] = []

    def interrupt(_: Journal, running: "subprocess.Popen[bytes]") -> None:
        wait_until((tmp_path / "ready").exists, "the program ignores SIGTERM")
        ended.append(running.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        commands.run_shell(Journal(tmp_path, "plan"), f"trap '' TERM; touch {tmp_path}/ready; sleep 5; sleep 5", "v1")
    assert [pid for pid in ended if Path(f"/proc/{pid}").exists()] == []


def test_a_snapshot_survives_an_interruption() -> None:
    assert from_json(to_json(snapshot(1, 2))) == snapshot(1, 2)
    with pytest.raises(PromotionError):
        from_json({})
    with pytest.raises(PromotionError):
        parse({"objectives": []})


def test_the_load_is_mostly_downloads_and_stays_within_its_time() -> None:
    variables = {"SUBMISSION_URL": "http://s", "RETRIEVAL_URL": "http://r", "KEY_CLAIM_TOKEN": "t"}
    planned = plan_load(variables | {"RETRIEVE_HMAC_KEY": "aa" * 32}, 20, 10, 1_764_000_000)
    assert len(planned) == 200
    assert all(0 <= each.due <= 10 for each in planned)
    codes = [each for each in planned if each.request.startswith(b"POST /new-key-claim ")]
    assert (len(codes), {each.base_url for each in codes}) == (10, {"http://s"})
    assert sum(b"/exposure-configuration/" in each.request for each in planned) == 40
