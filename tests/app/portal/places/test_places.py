"""Registering and finding places."""

from dataclasses import replace

import pytest

from app.domain.portal.places import LOCATION_ID_ALPHABET
from app.domain.portal.rights import Role
from tests.support.at_once import at_once
from tests.support.places import DETAILS, officer, officer_id, register, switch_on
from tests.support.portal import person, signed_in
from tests.support.service import Service

FIELDS = DETAILS.__dict__


def count(portal: Service) -> int:
    """Return how many places there are."""
    return int(portal.rows("SELECT count(*) AS n FROM portal_places")[0].n)


def test_a_place_is_registered_with_a_random_number(portal: Service) -> None:
    switch_on(portal, "ON")
    response = officer(portal).post("/en/places/new", **FIELDS)
    row = portal.rows("SELECT * FROM portal_places")[0]
    assert (response.status_code, response.location) == (303, f"/en/places/{row.id}?registered=new")
    assert {name: row._mapping[name] for name in FIELDS} == FIELDS
    assert len(row.location_id) == 8
    assert set(row.location_id) <= set(LOCATION_ID_ALPHABET)
    assert tuple(portal.rows("SELECT action, target FROM portal_audit_entries")[0]) == (
        "register-place",
        f"Café Été ({row.location_id})",
    )


def test_the_same_name_and_address_is_the_same_place(portal: Service) -> None:
    switch_on(portal, "ON", "AB")
    visitor = officer(portal)
    first = visitor.post("/en/places/new", **FIELDS).location
    again = visitor.post("/en/places/new", **FIELDS | {"name": "  Cafe\u0301   Été ", "category": "other"}).location
    assert again == first.replace("=new", "=before")
    assert "was registered before" in visitor.get(again).text
    assert count(portal) == 1
    officer(portal, "AB").post("/en/places/new", **FIELDS)  # another jurisdiction has places of its own
    visitor.post("/en/places/new", **FIELDS | {"address": "121 Main Street"})
    assert count(portal) == 3


def test_the_same_place_is_registered_once_by_several_at_once(portal: Service) -> None:
    switch_on(portal, "ON")
    visitors = [officer(portal, name=f"officer{number}") for number in range(4)]
    locations = at_once(lambda visitor: visitor.post("/en/places/new", **FIELDS).location, visitors)
    assert len({location.partition("?")[0] for location in locations}) == 1
    assert sorted(location.partition("=")[2] for location in locations) == ["before"] * 3 + ["new"]
    assert count(portal) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": " "}, "Enter the name of the place"),
        ({"name": "x" * 66}, "Shorten this text"),
        ({"address": ""}, "Enter the street address"),
        ({"address": "x" * 151}, "Shorten this text"),
        ({"city": ""}, "Enter the city or town"),
        ({"category": ""}, "Choose a category"),
        ({"category": "ship"}, "Enter or choose a valid value"),
        ({"contact_name": ""}, "Enter the contact’s name"),
        ({"contact_email": "jo"}, "Enter an e-mail address, such as"),
        ({"contact_phone": "call me"}, "Enter a telephone number, such as"),
        ({"contact_phone": "+1 (613) - 555 - 0123 poste 123456"}, "Enter a telephone number, such as"),
        ({"contact_email": "", "contact_phone": ""}, "Enter an e-mail address or a telephone number"),
    ],
)
def test_an_incomplete_place_is_refused(portal: Service, changes: dict[str, str], reason: str) -> None:
    switch_on(portal, "ON")
    response = officer(portal).post("/en/places/new", **FIELDS | changes)
    assert (response.status_code, reason in response.text) == (200, True)
    assert count(portal) == 0


def test_line_breaks_and_zero_bytes_do_not_reach_the_poster(portal: Service) -> None:
    switch_on(portal, "ON")
    officer(portal).post("/en/places/new", **FIELDS | {"name": "Café\nÉ\0té", "address": "1\r\nMain"})
    assert tuple(portal.rows("SELECT name, address FROM portal_places")[0]) == ("Café Été", "1 Main")


@pytest.mark.parametrize(
    "telephone", ["613 555 0123", "+1 (613) 555-0123", "613-555-0123 x 12", "613\u202f555\u20110123, Poste 7"]
)
def test_telephone_numbers_are_accepted_as_people_write_them(portal: Service, telephone: str) -> None:
    switch_on(portal, "ON")
    officer(portal).post("/en/places/new", **FIELDS | {"contact_email": "", "contact_phone": telephone})
    assert count(portal) == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Arena", "Café Été", "Élan du Cœur", "Library"]),
        ("café", ["Café Été"]),
        ("cafe ete", ["Café Été"]),
        ("CAFE\u0301", ["Café Été"]),
        ("àrena", ["Arena"]),
        ("coeur", ["Élan du Cœur"]),
        ("CŒUR", ["Élan du Cœur"]),
        ("a" * 101, []),
        (f"arena{' ' * 95}nowhere", ["Arena"]),
        ("main", ["Café Été", "Library"]),
        ("main library", ["Library"]),
        ("%", []),
        ("_", []),
        ("nowhere", []),
        ("\0", ["Arena", "Café Été", "Élan du Cœur", "Library"]),
    ],
)
def test_places_are_found_by_words_of_name_and_address(portal: Service, text: str, names: list[str]) -> None:
    switch_on(portal, "ON", "AB")
    register(portal)
    register(portal, details=replace(DETAILS, name="Library", address="5 Main Street"))
    register(portal, details=replace(DETAILS, name="Arena", address="7 Side Street"))
    register(portal, details=replace(DETAILS, name="Élan du Cœur", address="9 Side Street"))
    register(portal, "AB", replace(DETAILS, name="Elsewhere"))
    page = officer(portal).get("/en/places", query_string={"q": text}).text
    found = [part.partition("<")[0] for part in page.split('data-label="Place"><a href="')[1:]]
    assert [each.partition('">')[2] for each in found] == names


def test_a_long_list_asks_for_another_word(portal: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.portal.places.LISTED", 1)
    switch_on(portal, "ON")
    for name in ("One", "Two"):
        register(portal, details=replace(DETAILS, name=name))
    page = officer(portal).get("/en/places").text
    assert "There are more places" in page
    assert "Two" not in page


def pages_of(number: int) -> list[str]:
    """Return the pages of a place."""
    return [f"/en/places/{number}", f"/en/places/{number}/poster", f"/en/places/{number}/alert"]


def test_another_jurisdiction_does_not_know_of_a_place(portal: Service) -> None:
    switch_on(portal, "ON", "AB")
    place = register(portal)
    for page in pages_of(place.id):
        assert officer(portal, "AB", name=page[-5:].strip("/")).get(page).status_code == 404
        assert person(portal, Role.SUPERUSER, "CDS").get(page).status_code == 200


def test_people_without_the_right_see_no_place(portal: Service) -> None:
    switch_on(portal, "ON")
    place = register(portal)
    for role in (Role.STAFF, Role.ADMINISTRATOR):
        for page in ["/en/places", "/en/places/new", "/en/alerts", *pages_of(place.id)]:
            assert person(portal, role).get(page).status_code == 403


def test_nothing_works_while_the_switch_is_off(portal: Service) -> None:
    switch_on(portal, "ON")
    place, visitor = register(portal), officer(portal)
    portal.execute("UPDATE portal_jurisdiction_switches SET outbreaks = false")
    assert "They are switched off for Ontario" in visitor.get("/en/places").text
    assert visitor.get("/en/places").status_code == 403
    assert visitor.get("/en/alerts").status_code == 403
    assert visitor.get("/en/places/new").location == "/en/places"
    for page in pages_of(place.id):
        assert visitor.get(page).status_code == 403
        assert person(portal, Role.SUPERUSER, "CDS").get(page).status_code == 403


def test_a_form_that_was_opened_before_the_switch_is_turned_off_registers_nothing(portal: Service) -> None:
    switch_on(portal, "ON")
    visitor = signed_in(portal, officer_id(portal))
    page = visitor.get("/en/places/new").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    portal.execute("UPDATE portal_jurisdiction_switches SET outbreaks = false")
    visitor.client.post("/en/places/new", data=FIELDS | {"csrf_token": token})
    assert count(portal) == 0


def test_what_was_typed_survives_a_change_of_language(portal: Service) -> None:
    switch_on(portal, "ON")
    page = officer(portal).post("/fr/places/new", **FIELDS | {"switch_language": "fr"}).text
    assert 'value="Café Été"' in page
    assert "Restauration" in page
    assert count(portal) == 0


def test_markup_in_a_place_is_text(portal: Service) -> None:
    switch_on(portal, "ON")
    place = register(portal, details=replace(DETAILS, name="<script>x</script>", contact_name="<b>y"))
    for page in ("/en/places", f"/en/places/{place.id}", f"/en/places/{place.id}/alert"):
        text = officer(portal, name=page[-5:].strip("/")).get(page).text
        assert "<script>x" not in text
        assert "<b>y" not in text
