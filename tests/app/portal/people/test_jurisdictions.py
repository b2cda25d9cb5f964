"""Superusers turn the switches of jurisdictions."""

import pytest

from app.domain.portal.rights import Role
from app.portal.switches import SwitchStates
from tests.support.portal import person
from tests.support.service import Service


def test_all_switches_are_off_until_a_superuser_turns_them_on(portal: Service) -> None:
    switches = portal.app.context.portal.switches
    assert set(switches.all().values()) == {SwitchStates()}
    superuser = person(portal, Role.SUPERUSER)
    assert superuser.post("/en/jurisdictions", code="ON", name="outbreaks", state="on").status_code == 303
    assert switches.of("ON") == SwitchStates(outbreaks=True)
    superuser.post("/en/jurisdictions", code="ON", name="text_messages", state="on")
    superuser.post("/en/jurisdictions", code="ON", name="outbreaks", state="off")
    assert switches.of("ON") == SwitchStates(text_messages=True)
    assert switches.of("AB") == SwitchStates()


def test_only_a_change_is_recorded(portal: Service) -> None:
    superuser = person(portal, Role.SUPERUSER, "CDS")
    for state in ("off", "on", "on", "off", "off"):
        superuser.post("/en/jurisdictions", code="QC", name="outbreaks", state=state)
    entries = portal.rows("SELECT action, target, jurisdiction FROM portal_audit_entries ORDER BY id")
    assert [tuple(row) for row in entries] == [("turn-on", "outbreaks", "QC"), ("turn-off", "outbreaks", "QC")]


@pytest.mark.parametrize("field", [{"code": "XX"}, {"name": "code"}, {"state": "maybe"}])
def test_an_unknown_jurisdiction_switch_or_state_is_refused(portal: Service, field: dict[str, str]) -> None:
    values = {"code": "ON", "name": "outbreaks", "state": "on"} | field
    response = person(portal, Role.SUPERUSER).post("/en/jurisdictions", **values)
    assert (response.status_code, "There is a problem" in response.text) == (200, True)
    assert portal.rows("SELECT 1 FROM portal_jurisdiction_switches") == []
