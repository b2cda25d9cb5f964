"""An app that fails, in whatever way, while a command works on all of them."""

import argparse
from pathlib import Path

import psycopg2
import pytest

from processes.errors import ProcessError
from review_apps import addons, commands
from review_apps.addons import AddOns
from review_apps.errors import ReviewAppError
from review_apps.host import Host
from review_apps.locks import Locks
from review_apps.manifest import AddOn
from review_apps.reconcile import reconcile
from review_apps.running import State
from review_apps.servers import Servers
from review_apps.settings import Settings
from review_apps.state import App

ERRORS = [ReviewAppError("x"), ProcessError("x"), psycopg2.OperationalError("x"), OSError("x")]
failures = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


@pytest.fixture
def host(tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host with two apps that are down, of which the first neither starts nor closes."""
    host = Host(Settings(tmp_path), print)
    for number in (1, 2):
        host.store.save(App(number, "main", "/repository", release=1, updated=4e9))

    def fail_for_the_first(number: int) -> bool:
        if number == 1:
            raise error
        return True

    monkeypatch.setattr(host, "resume", fail_for_the_first)
    monkeypatch.setattr(host, "close", fail_for_the_first)
    monkeypatch.setattr(host, "state", lambda _: State.DOWN)
    monkeypatch.setattr(host.servers, "ensure", lambda: None)
    return host


@failures
def test_after_a_reboot_an_app_that_does_not_start_stops_no_other(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.start_command(host, argparse.Namespace()) is None  # systemd would end what a failed unit started
    assert capsys.readouterr() == ("pr-0002 is started\n", "pr-0001 does not start: x\n")


@failures
def test_reconcile_goes_on_after_an_app_that_neither_starts_nor_closes(host: Host) -> None:
    started = [str(action) for action in reconcile(host, {1, 2})]
    assert started == ["pr-0001: cannot start (x), it does not run", "pr-0002: started, it does not run"]
    closed = [action.verb for action in reconcile(host, {})]
    assert closed == ["cannot be closed (x)", "closed"]


def test_an_add_on_whose_command_does_not_end_is_a_failure_of_its_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addons, "_COMMAND_SECONDS", 0.1)
    settings = Settings(tmp_path, addons={"slow": {"kind": "command", "create": "exec sleep 1000"}})
    host = Host(settings, print)
    made = AddOns(settings, host.store, Servers(settings, Locks(tmp_path)))
    with pytest.raises(ReviewAppError, match=r"exec sleep 1000 was ended after 0\.1 seconds"):
        made.provide(App(1, "topic", "/repository"), (AddOn("slow"),))
