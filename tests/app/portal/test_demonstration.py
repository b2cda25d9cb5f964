"""Trying the portal out, without an account."""

from collections.abc import Callable

import pytest

from app.portal.demonstration import DEMONSTRATIONS
from tests.support.portal import Visitor
from tests.support.service import Service


@pytest.fixture
def review(make_service: Callable[..., Service]) -> Service:
    """A review instance with the portal."""
    return make_service(SURFACES="submission,retrieval,portal", REVIEW_TOOLS="true", EXPORT_MAX_AGE_SECONDS="0")


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_a_button_signs_in_as_a_person_who_does_not_exist(review: Service, name: str) -> None:
    for _ in range(2):
        visitor = Visitor(review)
        response = visitor.post("/en/demonstration", page="/en/sign-in", person=name)
        assert response.location == f"/{DEMONSTRATIONS[name].language}/"
        assert DEMONSTRATIONS[name].full_name in visitor.get(response.location).text
    assert review.rows("SELECT count(*) FROM portal_accounts") == [(1,)]


def test_other_names_are_refused(review: Service) -> None:
    assert Visitor(review).post("/en/demonstration", page="/en/sign-in", person="root").status_code == 404


def test_an_instance_without_review_tools_has_no_such_button(portal: Service) -> None:
    assert "demonstration" not in Visitor(portal).get("/en/sign-in").text
    assert portal.client.post("/en/demonstration", data={"person": "nurse"}).status_code in (400, 404)


def test_the_front_page_leads_to_the_portal(review: Service) -> None:
    assert 'href="/fr/sign-in"' in review.client.get("/review/fr").text
