"""Administrators see and manage the people of their jurisdiction."""

from datetime import timedelta

import pytest

from app.domain.errors import NotPermittedError
from app.domain.portal.rights import Right, Role
from app.portal.second_factor_codes import PURPOSE
from app.store.portal.accounts import Passkey
from tests.support.at_once import at_once
from tests.support.portal import Visitor, add_account, person, person_with, signed_in
from tests.support.service import Service

ACTIONS = ("role", "disable", "enable", "code", "reset")
SECRET = b"a sealed secret"


def add_person(
    service: Service, role: Role = Role.STAFF, jurisdiction: str = "ON", who: str = "other", **columns: object
) -> int:
    """Store a person, whose address names role and jurisdiction."""
    email = f"{who}-{role.value}@{jurisdiction.lower()}.example"
    return add_account(service, email, role=role, jurisdiction=jurisdiction, **columns)


def columns_of(service: Service, account_id: int, names: str) -> tuple[object, ...]:
    """Return columns of an account."""
    return tuple(service.rows(f"SELECT {names} FROM portal_accounts WHERE id = :id", id=account_id)[0])  # noqa: S608


def actions(service: Service) -> list[tuple[str, str]]:
    """Return what the audit log has: actions and their targets."""
    return [tuple(row) for row in service.rows("SELECT action, target FROM portal_audit_entries ORDER BY id")]


def do(visitor: Visitor, account_id: int, action: str) -> int:
    """Send the form of an action; return the status."""
    page = f"/en/people/{account_id}/{action}"
    response = visitor.get(page)
    if response.status_code != 200:
        # The form of another page, whose token is valid in the whole session.
        return visitor.post(page, page="/en/people", role="staff").status_code
    return visitor.post(page, role="staff").status_code


# What each role may do to whom: 303 and 200 are done, 403 is refused, 404 is not known of.
MATRIX = [
    (Role.STAFF, Role.STAFF, "ON", 403),
    (Role.STAFF, Role.STAFF, "AB", 403),
    (Role.STAFF, Role.ADMINISTRATOR, "ON", 403),
    (Role.STAFF, Role.SUPERUSER, "ON", 403),
    (Role.ADMINISTRATOR, Role.STAFF, "ON", 200),
    (Role.ADMINISTRATOR, Role.STAFF, "AB", 404),
    (Role.ADMINISTRATOR, Role.ADMINISTRATOR, "ON", 403),
    (Role.ADMINISTRATOR, Role.ADMINISTRATOR, "AB", 404),
    (Role.ADMINISTRATOR, Role.SUPERUSER, "ON", 404),
    (Role.SUPERUSER, Role.STAFF, "AB", 200),
    (Role.SUPERUSER, Role.ADMINISTRATOR, "AB", 200),
    (Role.SUPERUSER, Role.SUPERUSER, "AB", 200),
]


@pytest.mark.parametrize(("role", "other", "jurisdiction", "expected"), MATRIX)
def test_each_action_is_permitted_to_the_right_roles_in_the_right_jurisdiction(
    portal: Service, role: Role, other: Role, jurisdiction: str, expected: int
) -> None:
    for action in ACTIONS:
        disabled = {"disabled_at": portal.clock.now} if action == "enable" else {}
        target = add_person(portal, other, jurisdiction, who=action, **disabled)
        before, logged = columns_of(portal, target, "role, disabled_at"), len(actions(portal))
        may_open = role != Role.STAFF
        status = do(person(portal, role), target, action) if may_open else _without_a_form(portal, target, action)
        if expected == 200:
            assert status in (200, 303), action
            assert actions(portal)[logged:] != [] or other == Role.STAFF, action
        else:
            assert status == expected, action
            assert columns_of(portal, target, "role, disabled_at") == before, action
            assert actions(portal)[logged:] == [], action


def _without_a_form(portal: Service, target: int, action: str) -> int:
    return person(portal).post(f"/en/people/{target}/{action}", page="/en/").status_code


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_manages_oneself(portal: Service, action: str) -> None:
    own = add_account(portal, "root@health.example", role=Role.SUPERUSER)
    assert do(signed_in(portal, own), own, action) == 403
    assert actions(portal) == []


@pytest.mark.parametrize(
    ("other", "jurisdiction", "expected"),
    [
        (Role.STAFF, "ON", 200),
        (Role.ADMINISTRATOR, "ON", 200),
        (Role.SUPERUSER, "ON", 404),
        (Role.STAFF, "AB", 404),
    ],
)
def test_an_administrator_sees_the_people_of_the_jurisdiction_but_superusers(
    portal: Service, other: Role, jurisdiction: str, expected: int
) -> None:
    target = add_person(portal, other, jurisdiction)
    administrator = person(portal, Role.ADMINISTRATOR)
    listed = administrator.get(f"/en/people?jurisdiction={jurisdiction}").text
    assert (f"/en/people/{target}" in listed) == (expected == 200)
    assert administrator.get(f"/en/people/{target}").status_code == expected


def test_a_superuser_sees_everyone_or_those_of_one_jurisdiction(portal: Service) -> None:
    ontario, alberta = add_person(portal), add_person(portal, jurisdiction="AB")
    superuser = person(portal, Role.SUPERUSER)
    everyone = superuser.get("/en/people").text
    assert f"/people/{ontario}" in everyone
    assert f"/people/{alberta}" in everyone
    some = superuser.get("/en/people?jurisdiction=AB").text
    assert f"/people/{ontario}" not in some
    assert f"/people/{alberta}" in some


def test_people_are_shown_in_pages_that_leave_no_one_out(portal: Service) -> None:
    # Names that are equal test the order of accounts with the same name.
    expected = {add_account(portal, f"p{number}@on.example", name="Same Name") for number in range(101)}
    actor = person_of_visitor(portal)
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        profiles, after = portal.app.context.portal.people.page(actor, None, after)
        seen += [profile.person.id for profile in profiles]
    assert expected <= set(seen)
    assert len(seen) == len(set(seen)) == 102


def person_of_visitor(portal: Service) -> object:
    """Return a new administrator."""
    account_id = add_account(portal, "actor@health.example", role=Role.ADMINISTRATOR)
    return person_with(portal, account_id)


def test_a_disabled_person_is_signed_out_everywhere_and_can_be_enabled(portal: Service) -> None:
    target = add_person(portal)
    nurse = signed_in(portal, target)
    administrator = person(portal, Role.ADMINISTRATOR)
    assert [do(administrator, target, "disable") for _ in range(2)] == [303, 303]
    assert nurse.get("/en/").status_code == 303
    assert portal.rows("SELECT 1 FROM portal_sessions WHERE account_id = :id", id=target) == []
    assert "Disabled" in administrator.get(f"/en/people/{target}").text
    assert do(administrator, target, "enable") == 303
    assert columns_of(portal, target, "disabled_at") == (None,)
    assert [action for action, _ in actions(portal)] == ["disable", "enable"]


def test_a_change_of_role_is_recorded_with_what_was_before(portal: Service) -> None:
    target = add_person(portal)
    administrator = person(portal, Role.ADMINISTRATOR, "ON", Right.OUTBREAKS)
    for _ in range(2):
        administrator.post(f"/en/people/{target}/role", role="staff", granted="outbreaks")
    assert columns_of(portal, target, "role, granted") == ("staff", ["outbreaks"])
    (entry,) = portal.rows("SELECT details FROM portal_audit_entries")
    assert entry.details == {
        "before": {"role": "staff", "granted": []},
        "after": {"role": "staff", "granted": ["outbreaks"]},
    }
    administrator.post(f"/en/people/{target}/role", role="staff")
    assert columns_of(portal, target, "role, granted") == ("staff", [])


@pytest.mark.parametrize("fields", [{"role": "superuser"}, {"role": "staff", "granted": "outbreaks"}, {"role": "x"}])
def test_an_administrator_grants_only_what_they_hold(portal: Service, fields: dict[str, str]) -> None:
    target = add_person(portal)
    response = person(portal, Role.ADMINISTRATOR).post(f"/en/people/{target}/role", **fields)
    assert response.status_code == 200
    assert "Enter or choose a valid value" in response.text
    assert columns_of(portal, target, "role, granted") == ("staff", [])
    assert actions(portal) == []


def test_the_service_refuses_what_the_form_does_not_offer(portal: Service) -> None:
    target, actor = add_person(portal), person_of_visitor(portal)
    people = portal.app.context.portal.people
    for role, granted in ((Role.SUPERUSER, []), (Role.STAFF, [Right.OUTBREAKS])):
        with pytest.raises(NotPermittedError):
            people.change_role(actor, target, role, granted, portal.clock.now)


def test_a_right_that_the_administrator_lacks_is_kept(portal: Service) -> None:
    target = add_person(portal, granted=(Right.OUTBREAKS,))
    person(portal, Role.ADMINISTRATOR).post(f"/en/people/{target}/role", role="administrator")
    assert columns_of(portal, target, "role, granted") == ("administrator", ["outbreaks"])


def test_a_code_is_shown_once_and_replaces_an_earlier_one(portal: Service) -> None:
    target = add_person(portal)
    administrator = person(portal, Role.ADMINISTRATOR)
    first = administrator.post(f"/en/people/{target}/code")
    assert first.status_code == 200
    assert "no-store" in first.headers["Cache-Control"]
    second = shown_code(administrator.post(f"/en/people/{target}/code").text)
    rows = portal.rows("SELECT code_digest, expires FROM portal_backup_codes WHERE account_id = :id", id=target)
    assert [(bytes(row.code_digest), row.expires) for row in rows] == [
        (portal.app.context.portal.keys.digest(PURPOSE, second), portal.clock.now + timedelta(hours=24))
    ]
    assert shown_code(first.text) != second
    assert second not in str(portal.rows("SELECT details, target FROM portal_audit_entries"))


def shown_code(page: str) -> str:
    """Return the code on a page."""
    return (
        page.partition('class="code given-code">')[2].partition("</p>")[0].replace("<span>", "").replace("</span>", "")
    )


def test_the_words_for_a_code_are_in_the_language_of_the_page(portal: Service) -> None:
    target = add_person(portal)
    page = person(portal, Role.ADMINISTRATOR).post(f"/fr/people/{target}/code")
    assert "Valide une seule fois" in page.text
    assert not any(word in page.text for word in ("Alpha", "Foxtrot", "Whiskey"))


def test_a_reset_removes_every_second_factor_and_gives_a_code(portal: Service) -> None:
    target = add_person(portal, totp_secret=SECRET, totp_last_step=7, backup_codes_saved_at=portal.clock.now)
    with portal.database.session() as session:
        session.add(
            Passkey(
                account_id=target,
                credential_id=b"c",
                public_key=b"k",
                sign_count=1,
                name="Phone",
                created=portal.clock.now,
            )
        )
    nurse = signed_in(portal, target)
    page = person(portal, Role.ADMINISTRATOR).post(f"/en/people/{target}/reset")
    assert columns_of(portal, target, "totp_secret, totp_last_step, backup_codes_saved_at") == (None, None, None)
    assert portal.rows("SELECT 1 FROM portal_passkeys") == []
    digests = [bytes(row.code_digest) for row in portal.rows("SELECT code_digest FROM portal_backup_codes")]
    assert digests == [portal.app.context.portal.keys.digest(PURPOSE, shown_code(page.text))]
    assert nurse.get("/en/").status_code == 303


def test_a_disabled_person_gets_no_code(portal: Service) -> None:
    target = add_person(portal, disabled_at=portal.clock.now)
    page = person(portal, Role.ADMINISTRATOR).post(f"/en/people/{target}/code")
    assert "The account is disabled" in page.text
    assert portal.rows("SELECT 1 FROM portal_backup_codes") == []


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_dangerous_needs_a_recent_proof_of_identity(portal: Service, action: str) -> None:
    target = add_person(portal)
    administrator = person(portal, Role.ADMINISTRATOR)
    portal.clock.now += timedelta(minutes=16)
    response = administrator.get(f"/en/people/{target}/{action}")
    assert (response.status_code, response.location) == (303, f"/en/confirm?next=%2Fpeople%2F{target}%2F{action}")


def test_two_superusers_who_disable_each_other_at_once_leave_one(portal: Service) -> None:
    people, now = portal.app.context.portal.people, portal.clock.now
    first, second = (add_account(portal, f"root{n}@health.example", role=Role.SUPERUSER) for n in range(2))
    one, other = (person_with(portal, each) for each in (first, second))

    def disable(pair: tuple[object, int]) -> str:
        try:
            people.disable(*pair, now)
        except NotPermittedError:
            return "refused"
        return "done"

    outcomes = at_once(disable, [(one, second), (other, first)])
    assert sorted(outcomes) == ["done", "refused"]
    assert len(portal.rows("SELECT 1 FROM portal_accounts WHERE disabled_at IS NULL")) == 1


def test_names_are_escaped(portal: Service) -> None:
    target = add_person(portal, name="<script>alert(1)</script>")
    administrator = person(portal, Role.ADMINISTRATOR)
    for page in ("/en/people", f"/en/people/{target}", f"/en/people/{target}/role", f"/en/people/{target}/disable"):
        assert "<script>alert" not in administrator.get(page).text
