"""The samples, run as an integrator runs them: against a real server, and through the bad moments of one."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import cycle, product

import pytest

from clients.phone.errors import ClaimRefusedError
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from tests.clients.sample_runs import LANGUAGES, SAMPLES, command, missing, missing_packages, run
from tests.clients.scripted import DROP, Reply, scripted
from tests.support.torture import times

CODE = re.compile(r"[A-Z0-9]{10}\n")
SOON = {"Retry-After": "0"}


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Where the compiled samples are kept."""
    return tmp_path_factory.mktemp("samples")


@pytest.fixture
def sample(live, built):
    """Return a function that runs a sample against the real server, with some variables changed."""

    def start(language, name, *arguments, **changes):
        return run(command(language, name, built), surroundings(**(live | changes)), *arguments)

    return start


@pytest.fixture(params=LANGUAGES)
def language(request):
    if reason := missing(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture(params=("python", "node"))
def full_language(request):
    """A language that has every sample."""
    if reason := missing_packages(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def server(live):
    return Server(Settings.from_environ(live))


def surroundings(**settings):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "HASH_ID_KEY": "a secret of the laboratory", **settings}


def case_of(language, name):
    """Return the argument that makes a request repeatable: the bash sample takes the finished hash."""
    return f"{name:0<128}" if language == "bash" else name


def test_a_code_that_a_sample_requests_can_be_claimed(sample, language, server):
    outcome = sample(language, "request_code")

    assert (outcome.status, outcome.err) == (0, "")
    assert CODE.fullmatch(outcome.out)
    assert len(server.claim(outcome.out.strip()).server_public_key) == 32


def test_a_code_requested_again_for_a_case_replaces_the_one_before_until_it_is_used(sample, language, server):
    case = case_of(language, f"case0of0{language}")

    first, second = (sample(language, "request_code", case).out.strip() for _ in range(2))

    assert CODE.fullmatch(f"{first}\n")
    assert first != second
    with pytest.raises(ClaimRefusedError, match="INVALID_ONE_TIME_CODE"):
        server.claim(first)
    server.claim(second)
    third = sample(language, "request_code", case)
    assert (third.status, third.out) == (1, "")
    assert "403: the patient has already used a code" in third.err


def test_every_language_makes_the_same_hash_of_a_case(built):
    def asked(language):
        with scripted(Reply(body=b"AEFHJKLQRS\n")) as server:
            url = {"SUBMISSION_URL": server.url + "/", "KEY_CLAIM_TOKEN": "token"}
            run(command(language, "request_code", built), surroundings(**url), "Fall 17/ß")
            return server.asked

    languages = [language for language in LANGUAGES if language != "bash" and not missing(language)]

    paths = [asked(language) for language in languages]

    assert paths == [paths[0]] * len(languages)
    assert re.fullmatch("/new-key-claim/[0-9a-f]{128}", paths[0][0])


def test_a_wrong_token_is_explained(sample, language):
    outcome = sample(language, "request_code", KEY_CLAIM_TOKEN="not-a-token-that-anyone-has")

    assert (outcome.status, outcome.out) == (1, "")
    assert "401: the token is not accepted" in outcome.err


@pytest.mark.parametrize("name", ["SUBMISSION_URL", "KEY_CLAIM_TOKEN"])
def test_a_setting_that_is_missing_is_named(built, language, name):
    settings = {"SUBMISSION_URL": "http://127.0.0.1:9", "KEY_CLAIM_TOKEN": "token"}
    del settings[name]

    outcome = run(command(language, "request_code", built), surroundings(**settings))

    assert (outcome.status, outcome.out) == (1, "")
    assert name in outcome.err
    assert "not set" in outcome.err


NO_CODES = (b"AEFHJKLQRS\nAB", b"<!doctype html><title>Sign in</title>", b"aefhjklqrs", b"\n")


# In every test run one of them for each language, in `make torture` all.
@pytest.mark.parametrize(
    ("language", "body"),
    times([*zip(LANGUAGES, cycle(NO_CODES), strict=False)], [*product(LANGUAGES, NO_CODES)]),
    indirect=["language"],
)
def test_a_200_that_holds_no_code_is_never_printed(built, language, body):
    with scripted(Reply(body=body)) as server:
        settings = surroundings(SUBMISSION_URL=server.url, KEY_CLAIM_TOKEN="token")
        outcome = run(command(language, "request_code", built), settings)

    assert (outcome.status, outcome.out) == (1, "")
    assert "not a code" in outcome.err


def endured(built, *script):
    """Return what each language makes of a script of answers. All run at once, because they mostly wait."""

    def start(language):
        with scripted(*script) as server:
            settings = surroundings(SUBMISSION_URL=server.url, KEY_CLAIM_TOKEN="token")
            outcome = run(command(language, "request_code", built), settings)
            return outcome.status, outcome.out, len(server.asked), outcome.err

    languages = [language for language in LANGUAGES if not missing(language)]
    with ThreadPoolExecutor(len(languages)) as pool:
        return dict(zip(languages, pool.map(start, languages), strict=True))


def test_every_language_sends_a_request_again_after_bad_moments(built):
    moments = [Reply(429, headers=SOON), DROP, Reply(503, headers=SOON), Reply(body=b"AEFHJKLQRS\n")]

    outcomes = endured(built, *moments)

    assert {outcome[:3] for outcome in outcomes.values()} == {(0, "AEFHJKLQRS\n", 4)}, outcomes


def test_every_language_gives_up_a_server_that_stays_down_after_four_tries(built):
    outcomes = endured(built, Reply(503, b"<html>", headers=SOON))

    assert {outcome[:3] for outcome in outcomes.values()} == {(1, "", 4)}, outcomes
    assert all("503: the server has a problem" in outcome[3] for outcome in outcomes.values())


def test_keys_that_a_sample_uploads_are_read_by_every_sample(sample, full_language, issue):
    uploaded = sample(full_language, "claim_and_upload", issue())
    assert (uploaded.status, uploaded.out, uploaded.err) == (0, "14 keys accepted\n", "")

    languages = [language for language in ("python", "node") if not missing_packages(language)]
    listings = [sample(language, "fetch_day") for language in languages]

    assert [listing.err for listing in listings] == [""] * len(languages)
    lines = listings[0].out.splitlines()
    assert len(lines) >= 12  # yesterday's key is held back until two hours after midnight
    assert all(re.fullmatch(r"[0-9a-f]{32} \d{7} \d{1,3} \d", line) for line in lines)
    assert [listing.out for listing in listings] == [listings[0].out] * len(languages)


def test_a_wrong_code_is_explained(sample, full_language):
    outcome = sample(full_language, "claim_and_upload", "WRONGCODE0")

    assert outcome.status == 1
    assert re.search(r"the code is wrong, used or older than a day; \d+ tries left", outcome.err)


def test_a_ban_is_explained_with_its_length(built, full_language):
    # TEMPORARY_BAN, no tries left, 3,599 seconds and a half
    body = bytes.fromhex("08051800" + "2208" + "088f1c" + "1080cab5ee01")
    with scripted(Reply(429, body[:5] + bytes([len(body) - 6]) + body[6:])) as server:
        settings = surroundings(SUBMISSION_URL=server.url)
        outcome = run(command(full_language, "claim_and_upload", built), settings, "AEFHJKLQRS")

    assert outcome.status == 1
    assert "too many wrong codes: try again in 60 minutes" in outcome.err


@pytest.mark.parametrize("reply", [Reply(502, b"<html>Bad Gateway</html>"), Reply(200, b""), Reply(200, b"\x08\x02")])
def test_a_claims_answer_that_is_no_success_stops_the_sample(built, full_language, reply):
    with scripted(reply) as server:
        settings = surroundings(SUBMISSION_URL=server.url)
        outcome = run(command(full_language, "claim_and_upload", built), settings, "AEFHJKLQRS")

    assert (outcome.status, outcome.out) == (1, "")
    assert "Traceback" not in outcome.err
    assert "node:" not in outcome.err


def test_an_archive_that_another_key_signed_is_not_read(sample, full_language, signer):
    outcome = sample(full_language, "fetch_day", EXPORT_PUBLIC_KEY=signer.public_key_text)

    assert (outcome.status, outcome.out) == (1, "")
    assert "not genuine" in outcome.err


@pytest.mark.parametrize(("days", "reason"), [(1, "404: the day is not published"), (-15, "410: the day is too long")])
def test_a_day_that_cannot_be_had_is_explained(sample, full_language, days, reason):
    day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()

    outcome = sample(full_language, "fetch_day", day)

    assert (outcome.status, outcome.out) == (1, "")
    assert reason in outcome.err


def test_a_wrong_key_of_the_downloads_is_explained(sample, full_language):
    outcome = sample(full_language, "fetch_day", RETRIEVE_HMAC_KEY="bb" * 32)

    assert outcome.status == 1
    assert "401: the address is not accepted" in outcome.err


def test_every_sample_is_under_80_lines():
    scripts = [
        path for path in SAMPLES.rglob("*.*") if path.suffix in {".sh", ".py", ".mjs", ".php", ".rb", ".go", ".cs"}
    ]
    own = [path for path in scripts if "node_modules" not in path.parts]

    assert len(own) >= 13
    assert {
        path.name: len(path.read_text().splitlines()) for path in own if len(path.read_text().splitlines()) >= 80
    } == {}
