"""The pages that the keeper serves: all apps of the host, and what a reviewer sees while an app wakes."""

import time
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from review_apps.description import describe
from review_apps.host import Host
from review_apps.logfile import last_lines
from review_apps.running import State
from review_apps.state import name_of
from review_apps.texts import TEXTS
from review_apps.times import age

_FOLDER: Final = Path(__file__).resolve().parent
_TOKENS: Final = _FOLDER.parent / "app" / "static" / "design" / "tokens.css"
_LOG_LINES: Final = 30
_templates: Final = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def overview(host: Host, language: str, token: str, notices: dict[int, str]) -> str:
    """Return the page of all apps."""
    apps = [_with_log(host, describe(host, number), notices) for number in host.store.numbers()]
    failures = [
        {"name": name_of(number), "log": _log_end(host.failures.log_of(number))}
        for number in host.failures.numbers()
        if number not in {app["number"] for app in apps}
    ]
    return _render("overview.html", language, token=token, apps=apps, failures=failures)


def waking(number: int, language: str) -> str:
    """Return the page that reloads itself while an app wakes."""
    return _render("waking.html", language, name=name_of(number), kind="waking", command="", tokens=_tokens())


def unanswered(host: Host, number: int, language: str) -> str:
    """Return the page of an app whose processes run, but do not answer."""
    command = f"review-app logs {number}" if host.state(number) in (State.INCOMPLETE, State.DAMAGED) else ""
    kind = "failed" if command else "unanswered"
    return _render("waking.html", language, name=name_of(number), kind=kind, command=command, tokens=_tokens())


def _with_log(host: Host, app: dict[str, Any], notices: dict[int, str]) -> dict[str, Any]:
    number = app["number"]
    failure = notices.get(number) or app.get("failure", "")
    failed = host.store.intact(number)
    when = age(time.time() - failed.failed) if failed and failed.failed else ""
    return {
        "branch": "",
        "commit": "",
        "age": "",
        "opened_by": "",
        "updated_ago": "",
        **app,
        "failure": failure,
        "failed_ago": when,
        "log": _log_end(host.log_of(number)) if failure or app["state"] in (State.DOWN, State.UNHEALTHY) else "",
    }


def _log_end(path: Path) -> str:
    return "\n".join(last_lines(path, _LOG_LINES))


def _tokens() -> str:
    return _TOKENS.read_text(encoding="utf-8")


def _render(template: str, language: str, **values: Any) -> str:
    return _templates.get_template(template).render(t=TEXTS[language], language=language, **values)
