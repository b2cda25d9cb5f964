"""The reference phone against the real server, by command line: the whole way from a meeting to a notification."""

import time
from datetime import UTC, datetime

import pytest

from clients.phone import archive, schedule, state
from clients.phone.__main__ import main
from clients.phone.crypto import new_key
from clients.phone.errors import ClaimRefusedError, DownloadRefusedError, UploadRefusedError
from clients.phone.protocol import Server
from clients.phone.settings import Settings

# Two days ago: its key is over for longer than the two hours that the server holds keys back, at any time of day.
MEETING = int(time.time()) // 86_400 * 86_400 - 2 * 86_400 + 12 * 3_600
MEETING_DAY = datetime.fromtimestamp(MEETING, UTC).date().isoformat()
TODAY = int(time.time()) // 86_400


@pytest.fixture
def run(live, monkeypatch, tmp_path, capsys):
    """Return a function that runs one command of a phone, named by its owner, and returns what it printed."""
    for name, value in live.items():
        monkeypatch.setenv(name, value)

    def command(owner, *arguments):
        status = main(["--state", str(tmp_path / owner), *arguments])
        printed = capsys.readouterr()
        assert bool(status) == bool(printed.err)
        return printed.err or printed.out

    return command


@pytest.fixture
def server(live):
    return Server(Settings.from_environ(live))


def test_a_contact_is_notified_and_a_stranger_is_not(run, issue, tmp_path):
    for owner in ("patient", "contact", "passer-by", "stranger"):
        run(owner, "new")
    at = datetime.fromtimestamp(MEETING, UTC).strftime("%Y-%m-%dT%H:%M")
    run("patient", "meet", str(tmp_path / "contact"), "--at", at, "--minutes", "20")
    run("patient", "meet", str(tmp_path / "passer-by"), "--at", at, "--minutes", "14")
    run("stranger", "meet", str(tmp_path / "contact"), "--at", at, "--minutes", "60")

    assert "no exposure found" in run("contact", "check")
    assert "accepted" in run("patient", "claim", issue())
    assert run("patient", "upload") == "1 key sent\n"
    assert run("patient", "upload") == "no keys to send\n"

    notified = run("contact", "check")
    assert f"{MEETING_DAY}: 20 minutes near, 0 far" in notified
    assert f"you have been exposed on {MEETING_DAY}" in notified
    for owner in ("patient", "passer-by", "stranger"):
        assert "no exposure found" in run(owner, "check")
    assert f"notified of: {MEETING_DAY}" in run("contact", "status")


def test_the_key_of_today_is_ended_sent_and_held_back(run, issue, server, tmp_path):
    run("patient", "new")
    run("other", "new")
    run("patient", "meet", str(tmp_path / "other"), "--at", datetime.now(UTC).strftime("%Y-%m-%dT00:00"))
    run("patient", "claim", issue())

    sent = run("patient", "upload")

    now = int(time.time())
    keys = state.load(tmp_path / "patient").keys
    if sent == "1 key sent\n":  # in the first ten minutes of a day its key has not lived for a whole interval
        assert all(key.end <= now // 600 for key in keys)
        opened = archive.read(server.archive(now // 86_400, now), server.settings.public_key)
        assert not {key.key_data for key in keys} & {published.key.key_data for published in opened.keys}


def test_a_code_works_once(run, issue):
    code = issue()
    run("first", "new")
    run("second", "new")

    assert "accepted" in run("first", "claim", f"  {code} ")
    assert "INVALID_ONE_TIME_CODE (HTTP 401)" in run("second", "claim", code)


def test_a_code_may_be_typed_in_small_letters_with_spaces_and_hyphens(run, issue):
    code = issue().lower()
    run("patient", "new")

    assert "accepted" in run("patient", "claim", f"{code[:3]} {code[3:6]}-{code[6:]}")


def test_a_wrong_code_leaves_one_try_less(server):
    with pytest.raises(ClaimRefusedError) as first:
        server.claim("WRONGCODE1")
    with pytest.raises(ClaimRefusedError) as second:
        server.claim("WRONGCODE2")

    assert second.value.tries_remaining == first.value.tries_remaining - 1


def test_28_keys_fit_in_one_upload_and_the_44th_key_of_a_pair_is_refused(server, issue):
    pair = server.claim(issue())
    now = int(time.time())
    start = (TODAY - 2) * 144

    server.upload(pair, [new_key(start) for _ in range(28)], now)
    server.upload(pair, [new_key(start) for _ in range(15)], now)
    with pytest.raises(UploadRefusedError, match="INVALID_KEYPAIR"):
        server.upload(pair, [new_key(start)], now)


def test_an_upload_by_a_clock_that_is_two_hours_wrong_is_refused(server, issue):
    pair = server.claim(issue())

    with pytest.raises(UploadRefusedError, match="INVALID_TIMESTAMP"):
        server.upload(pair, [new_key((TODAY - 2) * 144)], int(time.time()) - 7_200)


# A day further than necessary: midnight may fall into the test.
@pytest.mark.parametrize(("days", "status"), [(2, 404), (-16, 410)])
def test_a_day_that_is_not_served_is_named_as_missing(server, days, status):
    now = int(time.time())

    with pytest.raises(DownloadRefusedError) as refusal:
        server.archive(now // 86_400 + days, now)

    assert refusal.value.status == status


def test_every_period_that_a_phone_may_ask_for_is_served_signed_and_of_its_day(server):
    for period in [0, *schedule.periods_to_fetch(TODAY, TODAY - 13)]:
        before = int(time.time())
        opened = archive.read(server.archive(period, before), server.settings.public_key)
        days = {moment // 86_400 for moment in (before, int(time.time()))}  # two, if midnight came meanwhile
        assert (opened.start, opened.end) in [schedule.expected_bounds(period, day) for day in days]
        assert opened.region == "CA"
