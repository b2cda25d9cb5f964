"""systemd's own tools accept the units, and find them confined; the units run what the Procfile runs."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy.host.plan import RELEASES
from deploy.host.settings import ALL_SURFACES
from deploy.host.templates import TEMPLATES
from deploy.host.units import TIMERS, unit_texts
from processes.procfile import read_procfile
from tests.deploy_host.hosts import ROOT, host_settings
from tests.support.programs import require_program

EXPOSURE_BELOW = 2.0  # of 10, as `systemd-analyze security` counts


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the units of a host of all surfaces, whose programs exist."""
    folder = tmp_path_factory.mktemp("units")
    for name in ("bin/web", "deploy/host/wait-until-ready", ".venv/bin/python", ".venv/bin/flask"):
        program = folder / "release" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    for name, text in unit_texts(host_settings(folder)).items():
        text = re.sub(rf"{RELEASES}/(%i|current)", str(folder / "release"), text)
        # These come with packages of Debian that the machine of the tests may not have.
        text = re.sub(r"/usr/(s?bin)/(redis-server|nginx)\b", str(folder / "release" / "bin" / "web"), text)
        (folder / name).write_text(text)
    return folder


def services(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.service"))


def test_systemd_accepts_every_unit(units: Path) -> None:
    analyze = require_program("systemd-analyze")
    names = [re.sub(r"@\.", "@blue.", path.name) for path in sorted(units.iterdir()) if path.is_file()]
    done = subprocess.run(
        [
            analyze,
            "verify",
            "--man=no",
            "--recursive-errors=no",
            *[str(units / n) for n in names if "host.conf" not in n],
        ],
        env={"SYSTEMD_UNIT_PATH": f"{units}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    # Units of the machine itself are examined too; what is wrong with them is not ours.
    ours = [line for line in done.stderr.splitlines() if "exposure-alert" in line]
    assert ours == []


def test_every_service_is_confined(units: Path) -> None:
    analyze = require_program("systemd-analyze")
    found = {}
    for path in services(units):
        command = [analyze, "security", "--offline=true", "--no-pager", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        match = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        assert match is not None, done.stderr
        found[path.name] = float(match[1])
    assert len(found) == 2 * len(ALL_SURFACES) + 8
    assert {name: level for name, level in found.items() if level >= EXPOSURE_BELOW} == {}


def test_units_run_what_the_procfile_runs(units: Path) -> None:
    lines = {name: argv[-1] for name, argv in read_procfile(ROOT / "Procfile").items()}
    release = str(units / "release")
    run = {
        path.name: re.findall(r"^ExecStart=(.*)$", path.read_text(), re.MULTILINE)[-1].removeprefix(f"{release}/")
        for path in services(units)
    }
    run = {name: line.removeprefix(".venv/bin/") for name, line in run.items()}
    assert {run[f"exposure-alert-web-{surface}@.service"] for surface in ALL_SURFACES} == {lines["web"]}
    assert {run[f"exposure-alert-worker-{surface}.service"] for surface in ALL_SURFACES} == {lines["worker"]}
    assert run["exposure-alert-clock.service"] == lines["clock"]
    assert run["exposure-alert-migrate@.service"] == lines["release"]


def test_only_what_sends_or_answers_has_a_network(units: Path) -> None:
    connected = {path.name for path in services(units) if "PrivateNetwork=yes" not in path.read_text()}
    web = {f"exposure-alert-web-{surface}@.service" for surface in ALL_SURFACES}
    mail = {"exposure-alert-worker-portal.service", "exposure-alert-alarm@.service"}
    assert connected == web | mail | {"exposure-alert-proxy.service", "exposure-alert-watch.service"}
    outside = {path.name for path in services(units) if "IPAddressDeny=any" not in path.read_text()}
    assert outside == mail | {"exposure-alert-proxy.service"}


def test_each_failure_raises_an_alarm(units: Path) -> None:
    silent = {
        path.name for path in services(units) if "OnFailure=exposure-alert-alarm@%N.service" not in path.read_text()
    }
    # A failed migration is reported to the person who upgrades, and an alarm cannot report itself.
    assert silent == {"exposure-alert-alarm@.service", "exposure-alert-migrate@.service"}
    assert {path.stem.removeprefix("exposure-alert-") for path in units.glob("*.timer")} == set(TIMERS)


def test_what_always_runs_is_never_given_up(units: Path) -> None:
    """By default, systemd gives up after five starts in ten seconds, and waits a tenth of a second between them."""
    kept = {path.name: path.read_text() for path in services(units) if "\nRestart=always\n" in path.read_text()}
    assert len(kept) == 2 * len(ALL_SURFACES) + 3
    needed = ("\nStartLimitIntervalSec=0\n", "\nRestartSec=2\n")
    assert [name for name, text in kept.items() if not all(line in text for line in needed)] == []


def test_a_rehearsal_waits_for_a_backup_that_is_started_with_it(units: Path) -> None:
    text = (units / "exposure-alert-rehearsal.service").read_text()
    (after,) = re.findall(r"^After=(.*)$", text, re.MULTILINE)
    assert "exposure-alert-backup.service" in after.split()


def test_no_unit_contains_a_secret(units: Path) -> None:
    """`systemctl show` prints a unit's Environment to every user: secrets are in files that root alone reads."""
    lines = [
        line for path in services(units) for line in path.read_text().splitlines() if line.startswith("Environment=")
    ]
    names = {name for line in lines for name in re.findall(r"(?:=|\s)([A-Z]+)=", line)}
    assert names == {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def test_the_journal_keeps_two_weeks_whatever_its_size() -> None:
    text = (TEMPLATES / "journald.conf").read_text()
    days = {name: int(number) for name, number in re.findall(r"^(Max\w+Sec)=(\d+)day$", text, re.MULTILINE)}
    assert days == {"MaxRetentionSec": 14, "MaxFileSec": 1}  # only whole files are deleted
