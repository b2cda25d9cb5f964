"""Places and the people who alert about them, for tests of the portal."""

from app.domain.portal.places import PlaceDetails
from app.domain.portal.rights import Right, Role
from app.portal.places import RegisteredPlace
from tests.support.portal import Visitor, add_account, person_with, signed_in
from tests.support.service import Service

DETAILS = PlaceDetails("Café Été", "120 Main Street", "Ottawa", "food", "Jo Owner", "jo@cafe.example", "613 555 0123")


def switch_on(service: Service, *codes: str) -> None:
    """Switch outbreaks on for jurisdictions."""
    statement = """
        INSERT INTO portal_jurisdiction_switches (code, outbreaks) VALUES (:code, true)
        ON CONFLICT (code) DO UPDATE SET outbreaks = true
    """
    for code in codes:
        service.execute(statement, code=code)


def officer_id(service: Service, jurisdiction: str = "ON", name: str = "officer") -> int:
    """Return the account of a new person who may send alerts in a jurisdiction."""
    email = f"{name}@{jurisdiction.lower()}.example"
    return add_account(service, email, role=Role.STAFF, jurisdiction=jurisdiction, granted=(Right.OUTBREAKS,))


def officer(service: Service, jurisdiction: str = "ON", name: str = "officer") -> Visitor:
    """Return the browser of a new person who may send alerts in a jurisdiction."""
    return signed_in(service, officer_id(service, jurisdiction, name))


def register(service: Service, jurisdiction: str = "ON", details: PlaceDetails = DETAILS) -> RegisteredPlace:
    """Register a place in a jurisdiction whose switch is on."""
    account = officer_id(service, jurisdiction, f"registrar-{details.name.encode().hex()[:8]}")
    actor = person_with(service, account)
    places = service.app.context.portal.places
    number, _ = places.register(actor, details, service.clock.now)
    found: RegisteredPlace = places.find(actor, number)
    return found
