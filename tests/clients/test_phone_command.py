"""The phone's command line, as far as it goes without a server."""

import stat
import subprocess

import pytest

from clients.phone import __main__ as command
from clients.phone import state
from clients.phone.__main__ import PHONES, main
from clients.phone.errors import ExitStatus


@pytest.fixture
def two(tmp_path, capsys):
    """The files of two new phones."""
    files = [str(tmp_path / name) for name in ("one.json", "two.json")]
    for file in files:
        assert main(["--state", file, "new"]) == 0
    capsys.readouterr()
    return files


def test_a_new_phone_does_not_replace_an_old_one_unless_asked_to(two, tmp_path, capsys):
    main(["--state", two[0], "meet", two[1], "--at", "2026-11-01T14:35"])
    capsys.readouterr()

    assert main(["--state", two[0], "new"]) == ExitStatus.BAD_STATE
    assert "exists already; `new --replace` deletes it and makes a new phone" in capsys.readouterr().err
    assert state.load(tmp_path / "one.json").keys != []

    assert main(["--state", two[0], "new", "--replace"]) == 0
    assert state.load(tmp_path / "one.json") == state.State()


def test_a_phone_that_is_named_is_kept_below_var(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "PHONES", tmp_path / "var" / "phones")

    assert main(["--state", "patient", "new"]) == 0
    assert main(["new"]) == 0

    assert {path.name for path in (tmp_path / "var" / "phones").iterdir()} == {"patient.json", "phone.json"}
    assert stat.S_IMODE((tmp_path / "var" / "phones").stat().st_mode) == 0o700


def test_the_folder_of_named_phones_is_ignored_by_git():
    ignored = ["git", "check-ignore", "--quiet", str(PHONES / "patient.json")]

    assert subprocess.run(ignored, cwd=PHONES.parents[1], check=False).returncode == 0


def test_two_phones_that_meet_receive_from_each_other(two, tmp_path, capsys):
    assert main(["--state", two[0], "meet", two[1], "--at", "2026-11-01T14:35", "--minutes", "20"]) == 0

    assert "20 minutes" in capsys.readouterr().out
    one, other = (state.load(tmp_path / name) for name in ("one.json", "two.json"))
    assert [reception.seconds for reception in one.received] == [300, 600, 300]
    assert len(other.received) == 3
    assert len(one.keys) == len(other.keys) == 1


def test_status_shows_what_the_phone_has_stored(two, capsys):
    main(["--state", two[0], "meet", two[1], "--at", "2026-11-01T14:35"])
    capsys.readouterr()

    assert main(["--state", two[0], "status"]) == 0

    out = capsys.readouterr().out
    assert "keys: 1, of which 1 have ended" in out
    assert "received: 3 identifiers" in out
    assert "last check: never" in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["meet", "{self}"], "cannot meet itself"),
        (["meet", "{other}", "--minutes", "0"], "at least 1"),
        (["meet", "absent.json"], "there is no phone in absent.json"),
        (["claim", "AEFHJKLQRS"], "SUBMISSION_URL is not set"),
        (["check"], "SUBMISSION_URL is not set"),
    ],
)
def test_what_cannot_be_done_is_explained_in_one_line(two, capsys, monkeypatch, arguments, reason):
    monkeypatch.delenv("SUBMISSION_URL", raising=False)
    places = {"{self}": two[0], "{other}": two[1]}

    assert main(["--state", two[0], *(places.get(word, word) for word in arguments)]) in (1, ExitStatus.BAD_STATE)

    error = capsys.readouterr().err
    assert error.startswith("phone: ")
    assert reason in error
    assert error.count("\n") == 1


def test_a_time_with_an_offset_is_taken_as_it_is(two, tmp_path):
    assert main(["--state", two[0], "meet", two[1], "--at", "2026-11-01T14:00+02:00", "--minutes", "1"]) == 0

    [reception] = state.load(tmp_path / "one.json").received
    assert reception.interval * 600 == 1_793_534_400


def test_a_time_that_makes_no_sense_is_explained(two, capsys):
    with pytest.raises(SystemExit):
        main(["--state", two[0], "meet", two[1], "--at", "noon"])

    assert "'noon' is not a date or time such as 2020-06-23T14:30" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--state", "x.json"], ["--state", "x.json", "unknown"]])
def test_wrong_use_is_explained_and_ends_with_status_2(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == 2
    assert "usage: phone" in capsys.readouterr().err
