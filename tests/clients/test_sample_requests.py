"""The samples that request a code, run as an integrator runs them: against a real server, and against failing ones."""

import re
from itertools import cycle, product

import pytest

from clients.phone.errors import ClaimRefusedError
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from tests.clients.sample_runs import REQUEST, RESERVED_PORT, available, languages, missing, surroundings
from tests.clients.scripted import DROP, Reply, scripted
from tests.support.torture import only_in_torture, times

CODE = re.compile(r"[A-Z0-9]{10}\n")
SOON = {"Retry-After": "0"}
HTML = b"<!doctype html><title>Sign in</title>"


@pytest.fixture(params=languages(REQUEST))
def language(request):
    if reason := missing(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def server(live):
    return Server(Settings.from_environ(live))


def case_of(language, name):
    """Return the argument that makes a request repeatable: the bash sample takes the finished hash."""
    return f"{name:0<128}" if language == "bash" else name


def test_a_code_that_a_sample_requests_can_be_claimed(sample, language, server):
    outcome = sample(language, REQUEST)

    assert (outcome.status, outcome.err) == (0, "")
    assert CODE.fullmatch(outcome.out)
    assert len(server.claim(outcome.out.strip()).server_public_key) == 32


def test_a_code_requested_again_for_a_case_replaces_the_one_before_until_it_is_used(sample, language, server):
    case = case_of(language, f"case0of0{language}")

    first, second = (sample(language, REQUEST, case).out.strip() for _ in range(2))

    assert CODE.fullmatch(f"{first}\n")
    assert first != second
    with pytest.raises(ClaimRefusedError, match="INVALID_ONE_TIME_CODE"):
        server.claim(first)
    server.claim(second)
    third = sample(language, REQUEST, case)
    assert third.stopped_with_one_line
    assert "403: the patient has already used a code" in third.err


def test_every_language_makes_the_same_hash_of_a_case(copies):
    def requested(language):
        with scripted(Reply(body=b"AEFHJKLQRS\n")) as server:
            settings = surroundings(SUBMISSION_URL=server.url + "/", KEY_CLAIM_TOKEN="token")
            copies.run(language, REQUEST, settings, "Fall 17/ß")
            return server.asked

    paths = [requested(language) for language in available(REQUEST) if language != "bash"]

    assert paths == [paths[0]] * len(paths)
    assert re.fullmatch("/new-key-claim/[0-9a-f]{128}", paths[0][0])


def test_a_wrong_token_is_explained(sample, language):
    outcome = sample(language, REQUEST, KEY_CLAIM_TOKEN="not-a-token-that-anyone-has")

    assert outcome.stopped_with_one_line
    assert "401: the token is not accepted" in outcome.err


@pytest.mark.parametrize("name", ["SUBMISSION_URL", "KEY_CLAIM_TOKEN"])
def test_a_setting_that_is_missing_is_named(copies, language, name):
    settings = {"SUBMISSION_URL": RESERVED_PORT, "KEY_CLAIM_TOKEN": "token"}
    del settings[name]

    outcome = copies.run(language, REQUEST, surroundings(**settings))

    assert outcome.stopped_with_one_line
    assert name in outcome.err
    assert "not set" in outcome.err


NO_CODES = (b"AEFHJKLQRS\nAB", HTML, b"aefhjklqrs", b"\n")


# In every test run one of them for each language, in `make torture` all.
@pytest.mark.parametrize(
    ("language", "body"),
    times([*zip(languages(REQUEST), cycle(NO_CODES), strict=False)], [*product(languages(REQUEST), NO_CODES)]),
    indirect=["language"],
)
def test_a_200_that_holds_no_code_is_never_printed(copies, language, body):
    with scripted(Reply(body=body)) as server:
        settings = surroundings(SUBMISSION_URL=server.url, KEY_CLAIM_TOKEN="token")
        outcome = copies.run(language, REQUEST, settings)

    assert outcome.stopped_with_one_line
    assert "not a code" in outcome.err


def test_a_request_is_sent_again_after_temporary_failures(copies):
    moments = [Reply(429, headers=SOON), DROP, Reply(503, headers=SOON), Reply(body=b"AEFHJKLQRS\n")]

    outcomes = copies.run_all(REQUEST, script=moments)

    assert {(one.status, one.out, asked) for one, asked in outcomes.values()} == {(0, "AEFHJKLQRS\n", 4)}, outcomes


@only_in_torture
def test_a_server_that_stays_down_is_given_up_after_four_tries(copies):
    outcomes = copies.run_all(REQUEST, script=[Reply(503, b"<html>", headers=SOON)])

    assert {(one.stopped_with_one_line, asked) for one, asked in outcomes.values()} == {(True, 4)}, outcomes
    assert all("503: the server has a problem" in one.err for one, _ in outcomes.values())
