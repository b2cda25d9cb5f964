"""The command line (bench/arguments.py)."""

from pathlib import Path

import pytest

from bench.__main__ import main
from bench.arguments import parse


def test_without_a_server_this_service_is_measured_alone() -> None:
    parsed = parse(["--seconds", "1.5"])
    assert parsed.options.seconds == 1.5
    assert (list(parsed.servers), parsed.replaces_own) == ([], False)


def test_another_server_is_compared_with_this_service() -> None:
    parsed = parse(
        ["--against", "public", "--submission-url", "http://127.0.0.1:1", "--token", "t", "--hmac-key", "ab"]
    )
    (server,) = parsed.servers
    assert (server.name, server.retrieval_url, server.hmac_key) == ("public", "http://127.0.0.1:1", b"\xab")
    assert not parsed.replaces_own


def test_two_given_servers_are_compared() -> None:
    first = ["--submission-url", "http://127.0.0.1:1", "--retrieval-url", "http://127.0.0.1:2/"]
    parsed = parse([*first, "--against", "other", "--submission-url", "http://127.0.0.1:3", "--server-pid", "7"])
    assert [server.retrieval_url for server in parsed.servers] == ["http://127.0.0.1:2", "http://127.0.0.1:3"]
    assert parsed.servers[1].watched.server == (7,)
    assert parsed.replaces_own


def test_a_scenario_that_does_not_exist_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--only", "downlaod", "--results", str(tmp_path / "results")]) == 2
    assert "no scenario begins with downlaod: " in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_a_compared_server_needs_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--against", "--submission-url", "http://127.0.0.1:1"])
    assert "needs a name" in capsys.readouterr().err
