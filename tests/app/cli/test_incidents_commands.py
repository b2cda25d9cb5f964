"""`flask incidents`: from opening an incident to its actions."""

import json
from collections.abc import Callable
from datetime import date

import pytest

from app.domain.incidents.reports import Action
from tests.support.incidents import AUTHOR, report
from tests.support.service import Service


@pytest.fixture
def status(make_service: Callable[..., Service]) -> Service:
    """The application with the surface of status."""
    return make_service(SURFACES="submission,status", STATUS_URL="https://status.example.org")


def run(service: Service, *words: str, fails: bool = False) -> str:
    """Run a command; return what it printed."""
    result = service.app.test_cli_runner().invoke(args=("incidents", *words))
    assert (result.exit_code != 0) == fails, result.output
    return str(result.output).strip()


def test_no_text_adds_a_line_or_controls_the_terminal(status: Service) -> None:
    number = run(status, "open", "Codes\n2\tresolved\tminor\x1b[2J")
    run(status, "note", number, "Tried\n2026-03-18T12:15:30Z\tcommand line\tResolved\u2028\x1b]0;\x07")
    assert run(status, "list").count("\n") == 0
    assert [line.count("\t") for line in run(status, "show", number).splitlines()] == [3, 2, 2]
    assert run(status, "show", number).replace("\n", "").replace("\t", "").isprintable()


def test_an_incident_is_opened_in_one_line_and_handled(status: Service) -> None:
    number = run(status, "open", "Codes cannot be claimed", "--impact", "major", "--part", "claiming")
    assert f"{number}\topen\tmajor" in run(status, "list")
    run(status, "ack", number)
    run(status, "note", number, "The limit was raised", "--public")
    run(status, "mitigate", number)
    run(status, "resolve", number)
    shown = run(status, "show", number)
    assert "command line\tThe limit was raised" in shown
    assert shown.splitlines()[0] == f"{number}\tresolved\tmajor\tCodes cannot be claimed"
    assert "## What was luck" in run(status, "report", number)
    assert "## Ce qui a tenu à la chance" in run(status, "report", number, "--language", "fr")


def test_what_is_not_permitted_is_one_line(status: Service) -> None:
    assert run(status, "show", "7", fails=True) == "Error: there is no incident of this number"
    number = run(status, "open", "Codes cannot be claimed")
    assert "no report before the incident is resolved" in run(status, "report", number, fails=True)
    assert "no report before" in run(status, "actions", number, fails=True)
    run(status, "resolve", number)
    assert run(status, "resolve", number, fails=True).count("\n") == 0
    assert "Enter a title" in run(status, "open", " ", fails=True)


def test_what_cannot_be_stored_is_refused(status: Service) -> None:
    number = run(status, "open", "Codes cannot be claimed")
    not_utf8 = b"caf\xe9".decode(errors="surrogateescape")
    for words in (("open", not_utf8), ("open", "Title", "--fr", not_utf8), ("note", number, not_utf8)):
        assert run(status, *words, fails=True).startswith("Error: "), words
    too_large = str(2**63)
    for words in (("show", too_large), ("note", too_large, "Text"), ("ack", too_large), ("report", too_large)):
        assert "is not in the range" in run(status, *words, fails=True), words
    assert "Enter a note" in run(status, "note", number, "", fails=True)


def test_actions_are_exported_as_issues_and_as_a_list(status: Service) -> None:
    number = run(status, "open", "Codes cannot be claimed")
    run(status, "resolve", number)
    actions = (
        Action("Alert\nearlier", "Alerter plus tôt", "Operations", date(2026, 5, 1)),
        Action("Raise the limit", "Augmenter la limite", "Development", None),
    )
    status.app.context.incidents.reports.change(int(number), report("x", *actions), 1, AUTHOR, status.clock.now)
    issues = [json.loads(line) for line in run(status, "actions", number, "--format", "github").splitlines()]
    assert [issue["title"] for issue in issues] == ["Alert earlier", "Raise the limit"]
    assert "Owner: Operations" in issues[0]["body"]
    assert "Due 2026-05-01" in issues[0]["body"]
    assert issues[0]["body"].endswith(f"https://status.example.org/status/en/incidents/{number}")
    assert run(status, "actions", number).splitlines()[2:] == [
        "- [ ] Alert earlier (Operations, due 2026-05-01)",
        "- [ ] Raise the limit (Development, no due date)",
    ]


def test_a_report_without_actions_is_no_issue(status: Service) -> None:
    number = run(status, "open", "Codes cannot be claimed")
    run(status, "resolve", number)
    result = status.app.test_cli_runner().invoke(args=("incidents", "actions", number, "--format", "github"))
    assert (result.exit_code, result.output) == (0, "")
