"""What a run of the city found, as a few lines for a terminal and as a page with plots."""

from html import escape
from pathlib import Path
from string import Template

from clients.city.plots import Series, bars, lines
from clients.city.result import Result

_TEMPLATE = Path(__file__).parent / "report.html"
_MOST_SHOWN = 20
_NAMES = {
    "new-key-claim": "code",
    "claim-key": "claim",
    "upload": "upload",
    "retrieve": "download",
    "exposure-configuration": "configuration",
}


def summary(result: Result) -> str:
    """Return the figures as lines of text."""
    rows = [f"{name}: {value}" for name, value in figures(result)]
    rows += [f"failure: {sentence}" for sentence in result.failures[:_MOST_SHOWN]]
    return "\n".join([*rows, verdict(result)]) + "\n"


def verdict(result: Result) -> str:
    """Return the outcome as a sentence."""
    missed, wrong, failed = len(result.missed), len(result.wrong), len(result.failures)
    if result.is_exact:
        return "No notification is missing, and none is wrong."
    return f"{missed} missed, {wrong} wrongly notified, {failed} failures."


def figures(result: Result) -> list[tuple[str, str]]:
    """Return names and values of what sums a run up."""
    last = result.days[-1]
    return [
        ("people", f"{result.options.people:,}"),
        ("days", f"{result.options.days}"),
        ("seed", f"{result.options.seed}"),
        ("fingerprint of the plan", result.fingerprint),
        ("meetings", f"{result.meetings:,}"),
        ("positive tests", f"{sum(day.patients for day in result.days):,}"),
        ("uploads", f"{result.uploads:,}"),
        ("keys sent", f"{result.keys:,}"),
        ("people to be notified", f"{last.expected:,}"),
        ("people notified", f"{last.notified:,}"),
        ("missed", f"{len(result.missed):,}"),
        ("wrongly notified", f"{len(result.wrong):,}"),
        ("failures", f"{len(result.failures):,}"),
        ("requests", f"{result.answers:,}"),
        ("requests per second", f"{result.answers / result.seconds:,.0f}"),
        ("duration", f"{result.seconds:,.1f} s"),
    ]


def page(result: Result) -> str:
    """Return a page of HTML that loads no other file."""
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        people=f"{result.options.people:,}",
        verdict=escape(verdict(result)),
        outcome="exact" if result.is_exact else "inexact",
        figures="".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures(result)
        ),
        plots="\n".join(_plots(result)),
        requests=_requests(result),
        failures=_failures(result),
    )


def _plots(result: Result) -> list[str]:
    days = [str(number) for number in range(1, len(result.days) + 1)]
    return [
        lines(
            "People notified, by day",
            days,
            [
                Series("expected", [day.expected for day in result.days], "second wide"),
                Series("notified", [day.notified for day in result.days], "first"),
            ],
        ),
        bars(
            "Positive tests and uploads, by day",
            days,
            [
                Series("positive tests", [day.patients for day in result.days], "first"),
                Series("uploads", [day.uploads for day in result.days], "second"),
            ],
        ),
        bars("Meetings, by day", days, [Series("meetings", [day.meetings for day in result.days], "first")]),
        bars(
            "Time until the server answered, in milliseconds",
            [_NAMES.get(figures.kind, figures.kind) for figures in result.requests],
            [
                Series("median", [round(figures.median, 1) for figures in result.requests], "first"),
                Series("95 of 100", [round(figures.p95, 1) for figures in result.requests], "second"),
                Series("99 of 100", [round(figures.p99, 1) for figures in result.requests], "third"),
            ],
        ),
    ]


def _requests(result: Result) -> str:
    return "".join(
        f'<tr><th scope="row">{escape(kind)}</th><td>{count:,}</td></tr>' for kind, count in result.statuses.items()
    )


def _failures(result: Result) -> str:
    sentences = [
        *result.failures,
        *(f"person {person} was not notified of day {date}" for person, date in result.missed),
        *(f"person {person} was wrongly notified of day {date}" for person, date in result.wrong),
    ]
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences[:_MOST_SHOWN])
    more = len(sentences) - _MOST_SHOWN
    rest = f"<p>And {more:,} more.</p>" if more > 0 else ""
    return f"<h2>What went wrong</h2><ul>{items}</ul>{rest}"
