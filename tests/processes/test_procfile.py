"""Lines of a Procfile (processes/procfile.py, bin/process)."""

import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from processes.procfile import read_procfile
from tests.guards.source import ROOT
from tests.support.waiting import wait_until


def command(folder: Path, line: str) -> list[str]:
    (folder / "Procfile").write_text(f"# a comment\n  # another\n\nweb: {line}\n")
    return read_procfile(folder / "Procfile")["web"]


def output(folder: Path, line: str) -> tuple[int, str]:
    done = subprocess.run(
        command(folder, line), env={"PATH": "/usr/bin:/bin", "PORT": "5000"}, capture_output=True, text=True
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("echo $PORT", (0, "5000\n")),
        ("echo ${PORT:-80} # the port", (0, "5000\n")),
        ("A=b sh -c 'echo $A'", (0, "b\n")),
        ("echo one && echo two", (0, "one\ntwo\n")),
        ("false && echo two", (1, "")),
        ("echo one; exit 3", (3, "one\n")),
        ("echo one | tr o 0", (0, "0ne\n")),
        ("echo \"$(echo $PORT)\" 'a & b'", (0, "5000 a & b\n")),
    ],
)
def test_a_line_is_run_by_a_shell(tmp_path: Path, line: str, expected: tuple[int, str]) -> None:
    assert output(tmp_path, line) == expected


@pytest.mark.parametrize("line", ["sleep 1000 # a comment", "A=b sleep 1000", "sleep 1000"])
def test_the_program_of_a_simple_line_replaces_its_shell(tmp_path: Path, line: str) -> None:
    with subprocess.Popen(command(tmp_path, line)) as process:
        started = psutil.Process(process.pid)
        try:
            wait_until(lambda: started.cmdline() == ["sleep", "1000"], "the program runs")
            assert started.children() == []
        finally:
            process.kill()


POLITE = "sh -c 'trap \"echo $0 ends; exit 0\" TERM; echo ready; while :; do sleep 0.05; done'"


@pytest.mark.parametrize("line", ["true && {0} first", "echo | {0} first", "{0} first & {0} second; wait"])
def test_a_signal_reaches_every_program_of_a_line(tmp_path: Path, line: str) -> None:
    with subprocess.Popen(command(tmp_path, line.format(POLITE)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if "second" in line:
            assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        ended = process.stdout.read()
    assert "first ends" in ended
    assert ("second ends" in ended) == ("second" in line)


def test_a_failing_release_fails_in_the_container_as_well(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "bin" / "process", tmp_path / "bin" / "process")
    (tmp_path / "Procfile").write_text("release: echo one && exit 4\n")
    done = subprocess.run([tmp_path / "bin" / "process", "release"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (4, "one\n")


@pytest.mark.parametrize("argv", [["/bin/echo", "one"], ["bin/echo", "one"]])
def test_a_command_with_a_path_is_run_in_the_container(tmp_path: Path, argv: list[str]) -> None:
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "bin" / "process", tmp_path / "bin" / "process")
    shutil.copy("/bin/echo", tmp_path / "bin" / "echo")
    (tmp_path / "Procfile").write_text("web: false\n")
    done = subprocess.run([tmp_path / "bin" / "process", *argv], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\n", "")
