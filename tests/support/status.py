"""Status documents for tests: what the page shows of a good day, an outage, planned work and a report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from app.domain.incidents.public import (
    PublicAction,
    PublicEvent,
    PublicFigure,
    PublicIncident,
    PublicReport,
    PublicVersion,
)
from app.domain.incidents.states import Impact, State
from app.domain.objectives import Counts
from app.domain.status import PARTS, DayRecord, ObjectiveRecord, PartState, PlannedWork
from app.status.document import Part, StatusDocument

NOW = datetime(2026, 11, 27, 20, 32, tzinfo=UTC)


def history(today: date, known: int = 75, **states: PartState) -> tuple[DayRecord, ...]:
    """Return records of the last days, the first of which have no data. `states` are by `ago_3` and the like."""
    records = []
    for ago in reversed(range(known)):
        state = states.get(f"ago_{ago}", PartState.OPERATIONAL)
        bad = {PartState.DEGRADED: 12, PartState.OUTAGE: 137}.get(state, 0)
        records.append(DayRecord(today - timedelta(days=ago), state, 1440 - bad, 1440))
    return tuple(records)


def document(now: datetime = NOW, **fields: object) -> StatusDocument:
    """Return a document of a day on which all works."""
    today = now.date()
    past = {
        "uploading": {"ago_12": PartState.DEGRADED, "ago_40": PartState.OUTAGE},
        "downloading": {"ago_40": PartState.DEGRADED},
        "portal": {"ago_33": PartState.PLANNED},
    }
    parts = tuple(Part(name, PartState.OPERATIONAL, history(today, **past.get(name, {}))) for name in PARTS)
    whole = StatusDocument(now, parts, OBJECTIVES, (reported(now),), ())
    return replace(whole, **fields)  # type: ignore[arg-type]


def with_states(whole: StatusDocument, **states: PartState) -> StatusDocument:
    """Return a document with other states of its parts."""
    parts = tuple(replace(part, state=states.get(part.name, part.state)) for part in whole.parts)
    return replace(whole, parts=parts)


def in_outage(now: datetime = NOW) -> StatusDocument:
    """Return a document with an outage, a disruption and planned work."""
    whole = with_states(
        document(now), uploading=PartState.OUTAGE, claiming=PartState.DEGRADED, portal=PartState.PLANNED
    )
    return replace(whole, incidents=(ongoing(now), *whole.incidents), planned_work=(planned(now),))


def planned(now: datetime = NOW) -> PlannedWork:
    """Return work on the portal that takes place now."""
    return PlannedWork(
        3,
        {"en": "Upgrade of the portal’s database", "fr": "Mise à niveau de la base de données du portail"},
        ("portal",),
        now - timedelta(minutes=10),
        now + timedelta(hours=2),
        now - timedelta(days=3),
    )


def ongoing(now: datetime = NOW, number: int = 42) -> PublicIncident:
    """Return an incident that is not resolved."""
    began = now - timedelta(minutes=47)
    return PublicIncident(
        number=number,
        titles={
            "en": "Phones cannot share positive results",
            "fr": "Les téléphones ne peuvent pas communiquer de résultat positif",
        },
        state=State.OPEN,
        impact=Impact.MAJOR,
        parts=("uploading", "claiming"),
        began=began,
        mitigated=None,
        resolved=None,
        events=(
            PublicEvent(began, "opened", {}),
            PublicEvent(
                began + timedelta(minutes=9),
                "note",
                {
                    "en": "The database accepts no connections. We are switching to its replica.",
                    "fr": "La base de données n’accepte aucune connexion. Nous basculons vers sa copie.",
                },
            ),
        ),
        report=None,
    )


def reported(now: datetime = NOW, number: int = 41) -> PublicIncident:
    """Return a resolved incident with a report."""
    began = now - timedelta(days=40)
    resolved = began + timedelta(minutes=137)
    events = (
        PublicEvent(began, "opened", {}),
        PublicEvent(began + timedelta(minutes=60), "mitigated", {}),
        PublicEvent(resolved, "resolved", {}),
    )
    sections = {
        "en": {name: f"{name} in English.\n\n{_LONG}" for name in SECTIONS},
        "fr": {name: f"{name} en français.\n\nUn second paragraphe. {_LONG}" for name in SECTIONS},
    }
    report = PublicReport(
        sections=sections,
        actions=(
            PublicAction(
                {"en": "Test the failover every month", "fr": "Tester le basculement chaque mois"},
                "Operations",
                began.date() + timedelta(days=60),
            ),
        ),
        figures=(PublicFigure("uploads-availability", OBJECTIVES[0].titles, 1234, 45_678, 0.613),),
        minutes=137,
        timeline=events,
        versions=(
            PublicVersion(1, resolved + timedelta(days=3), ()),
            PublicVersion(2, resolved + timedelta(days=4), ("causes", "actions")),
        ),
    )
    return PublicIncident(
        number=number,
        titles={
            "en": "Uploads failed after a change of the network",
            "fr": "Échec des envois après une modification du réseau",
        },
        state=State.REVIEWED,
        impact=Impact.MAJOR,
        parts=("uploading", "downloading"),
        began=began,
        mitigated=began + timedelta(minutes=60),
        resolved=resolved,
        events=events,
        report=report,
    )


_LONG = "A second paragraph, long enough to need more than one line on a phone."
SECTIONS: Sequence[str] = ("summary", "impact", "causes", "went_well", "luck")
OBJECTIVES = (
    ObjectiveRecord(
        "uploads-availability",
        "uploading",
        {"en": "Uploads succeed", "fr": "Les envois réussissent"},
        0.999,
        28,
        Counts(1_000_000 - 310, 1_000_000),
    ),
    ObjectiveRecord(
        "codes-availability",
        "issuing",
        {"en": "Codes are issued", "fr": "Les codes sont délivrés"},
        0.999,
        28,
        Counts(9_900, 10_000),
    ),
    ObjectiveRecord(
        "portal-latency",
        "portal",
        {"en": "The portal shows codes within 2 seconds", "fr": "Le portail affiche les codes en moins de 2 secondes"},
        0.99,
        28,
        Counts(0, 0),
    ),
)
