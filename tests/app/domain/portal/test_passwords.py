"""Which passwords are accepted (app/domain/portal/passwords.py). What the form says is tested with the account."""

from app.domain.portal.passwords import password_problem


def test_the_words_of_a_persons_name_add_nothing_to_a_password() -> None:
    password, address = "Annabelle7q!Arsenault#kW", "a@health.example"
    assert password_problem(password, ("Marie Tremblay", address)) is None
    # One of the names begins another.
    assert password_problem(password, ("Ann Annabelle Arsenault", address)) == "guessable"
