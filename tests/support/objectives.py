"""An objective for tests: 99.9 % over four weeks, with the alerts of the workbook."""

from app.domain.objectives import Objective, Selector

OBJECTIVE = Objective(
    "codes-availability",
    "issuing",
    {"en": "Codes are issued", "fr": "Les codes sont délivrés"},
    Selector.parse('requests_total{status!="5xx"}'),
    Selector.parse("requests_total"),
    0.999,
    28,
)
