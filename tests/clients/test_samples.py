"""The samples, run as an integrator runs them: copied elsewhere, against a real server and against failing ones."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import cycle, product

import pytest

from clients.phone import exposure_pb2 as pb
from clients.phone.errors import ClaimRefusedError
from clients.phone.protocol import Server
from clients.phone.settings import Settings
from tests.clients.sample_runs import FETCH, REQUEST, ROOT, UPLOAD, Copies, languages, missing
from tests.clients.scripted import DROP, Reply, scripted
from tests.support.torture import times

CODE = re.compile(r"[A-Z0-9]{10}\n")
SOON = {"Retry-After": "0"}
HTML = b"<!doctype html><title>Sign in</title>"
RESERVED_PORT = "http://127.0.0.1:9"  # discard: nothing listens there


def surroundings(**settings):
    """Return all that a sample finds in its environment: nothing there leads to the project."""
    path = [place for place in os.environ["PATH"].split(os.pathsep) if not place.startswith(str(ROOT))]
    kept = {"PATH": os.pathsep.join(path), "HOME": os.environ.get("HOME", "/")}
    return {**kept, "HASH_ID_KEY": "a secret of the laboratory", **settings}


@pytest.fixture(scope="session")
def copies(tmp_path_factory):
    """Copies of the samples' folders, outside of the project."""
    return Copies(tmp_path_factory.mktemp("samples"), surroundings())


@pytest.fixture
def sample(live, copies):
    """Return a function that runs a sample against the real server, with some variables changed."""

    def start(language, name, *arguments, **changes):
        return copies.run(language, name, surroundings(**(live | changes)), *arguments)

    return start


def available(sample):
    """Return the languages that have a sample and can run here."""
    return [language for language in languages(sample) if not missing(language)]


def skip_if_missing(language):
    if reason := missing(language):
        pytest.skip(reason)
    return language


@pytest.fixture(params=languages(REQUEST))
def language(request):
    return skip_if_missing(request.param)


@pytest.fixture(params=languages(UPLOAD))
def uploading(request):
    """A language that claims and uploads."""
    return skip_if_missing(request.param)


@pytest.fixture(params=languages(FETCH))
def fetching(request):
    """A language that fetches."""
    return skip_if_missing(request.param)


@pytest.fixture
def server(live):
    return Server(Settings.from_environ(live))


def case_of(language, name):
    """Return the argument that makes a request repeatable: the bash sample takes the finished hash."""
    return f"{name:0<128}" if language == "bash" else name


# Request a code


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


def at_once(copies, sample, *arguments, script=None, **settings):
    """Return each language's outcome and how often it asked. All run at the same time, because they mostly wait."""

    def start(language):
        with scripted(*(script or [Reply(503)])) as server:
            url = RESERVED_PORT if script is None else server.url
            variables = {"SUBMISSION_URL": url, "RETRIEVAL_URL": url, "KEY_CLAIM_TOKEN": "token", **settings}
            return copies.run(language, sample, surroundings(**variables), *arguments), len(server.asked)

    chosen = available(sample)
    for language in chosen:
        copies.folder(language)
    with ThreadPoolExecutor(len(chosen)) as pool:
        return dict(zip(chosen, pool.map(start, chosen), strict=True))


def test_every_language_sends_a_request_again_after_temporary_failures(copies):
    moments = [Reply(429, headers=SOON), DROP, Reply(503, headers=SOON), Reply(body=b"AEFHJKLQRS\n")]

    outcomes = at_once(copies, REQUEST, script=moments)

    assert {(one.status, one.out, asked) for one, asked in outcomes.values()} == {(0, "AEFHJKLQRS\n", 4)}, outcomes


def test_every_language_gives_up_a_server_that_stays_down_after_four_tries(copies):
    outcomes = at_once(copies, REQUEST, script=[Reply(503, b"<html>", headers=SOON)])

    assert {(one.stopped_with_one_line, asked) for one, asked in outcomes.values()} == {(True, 4)}, outcomes
    assert all("503: the server has a problem" in one.err for one, _ in outcomes.values())


@pytest.mark.parametrize(("sample", "arguments"), [(REQUEST, []), (UPLOAD, ["AEFHJKLQRS"]), (FETCH, [])])
def test_a_server_that_is_down_is_one_line_in_every_language(copies, signer, sample, arguments):
    keys = {"RETRIEVE_HMAC_KEY": "aa" * 32, "EXPORT_PUBLIC_KEY": signer.public_key_text}

    outcomes = at_once(copies, sample, *arguments, **keys)

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert all("the server did not answer" in one.err for one, _ in outcomes.values()), outcomes
    assert not any("TypeError" in one.err for one, _ in outcomes.values()), outcomes


# Claim and upload, fetch


def test_keys_that_a_sample_uploads_are_read_by_every_sample(sample, uploading, issue):
    uploaded = sample(uploading, UPLOAD, issue())
    assert (uploaded.status, uploaded.out, uploaded.err) == (0, "14 keys accepted\n", "")

    readers = times(["python"], available(FETCH))
    listings = [sample(language, FETCH) for language in readers]

    assert [listing.err for listing in listings] == [""] * len(readers)
    lines = listings[0].out.splitlines()
    assert len(lines) >= 12  # yesterday's key is held back until two hours after midnight
    assert all(re.fullmatch(r"[0-9a-f]{32} \d{7} \d{1,3} \d", line) for line in lines)
    assert [listing.out for listing in listings] == [listings[0].out] * len(readers)


def test_every_language_reads_the_same_keys(sample, issue):
    sample("python", UPLOAD, issue())

    listings = {language: sample(language, FETCH) for language in available(FETCH)}

    assert {(listing.out, listing.err) for listing in listings.values()} == {(listings["python"].out, "")}, listings
    assert listings["python"].out


def test_a_pasted_code_is_claimed_in_every_language(copies):
    pasted = "\ufeff ＡＥＦ\u2011245\u200b\u00a06\u2013JKL\r\n"

    def claimed(language):
        with scripted(Reply(401, bytes.fromhex("080218312200"))) as server:
            copies.run(language, UPLOAD, surroundings(SUBMISSION_URL=server.url, LC_ALL="C.UTF-8"), pasted)
            return [pb.KeyClaimRequest.FromString(body).one_time_code for body in server.bodies]

    codes = {language: claimed(language) for language in available(UPLOAD)}

    assert set(map(tuple, codes.values())) == {("AEF2456JKL",)}, codes


def test_a_wrong_code_is_explained(sample, uploading):
    outcome = sample(uploading, UPLOAD, "WRONGCODE0")

    assert outcome.stopped_with_one_line
    assert re.search(r"the code is wrong, used or older than a day; \d+ tries left", outcome.err)


def test_a_ban_is_explained_with_its_length(copies, uploading):
    answer = pb.KeyClaimResponse(error="TEMPORARY_BAN", tries_remaining=0)
    answer.remaining_ban_duration.seconds = 3_599
    answer.remaining_ban_duration.nanos = 500_000_000
    with scripted(Reply(429, answer.SerializeToString())) as server:
        outcome = copies.run(uploading, UPLOAD, surroundings(SUBMISSION_URL=server.url), "AEFHJKLQRS")

    assert outcome.stopped_with_one_line
    assert "too many wrong codes: try again in 60 minutes" in outcome.err


@pytest.mark.parametrize(
    "reply",
    [
        Reply(502, HTML),
        Reply(200, HTML),
        Reply(200, b""),
        Reply(200, b"\x08\x04"),
        Reply(204),
        Reply(302, headers={"Location": "/elsewhere"}),
        Reply(200, b"\x12\x20abc"),
        Reply(200, b"\x12\x03abc"),
        DROP,
    ],
)
def test_a_claims_answer_that_is_not_a_success_is_one_line_in_every_language(copies, reply):
    outcomes = at_once(copies, UPLOAD, "AEFHJKLQRS", script=[reply])

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert {asked for _, asked in outcomes.values()} == {1}, outcomes


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31)])
def test_nothing_is_uploaded_with_a_key_that_protects_nothing(copies, key):
    answer = pb.KeyClaimResponse(server_public_key=key, tries_remaining=50).SerializeToString()

    outcomes = at_once(copies, UPLOAD, "AEFHJKLQRS", script=[Reply(200, answer)])

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert all("protects nothing" in one.err for one, _ in outcomes.values()), outcomes
    assert {asked for _, asked in outcomes.values()} == {1}, outcomes


@pytest.mark.parametrize("body", [b"", b"not a zip file", b"PK\x03\x04"], ids=["empty", "text", "truncated"])
def test_a_download_that_is_not_an_archive_is_one_line_in_every_language(copies, signer, body):
    keys = {"RETRIEVE_HMAC_KEY": "aa" * 32, "EXPORT_PUBLIC_KEY": signer.public_key_text}

    outcomes = at_once(copies, FETCH, script=[Reply(200, body)], **keys)

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert all("not genuine" in one.err for one, _ in outcomes.values()), outcomes


def test_an_archive_that_another_key_signed_is_not_read(sample, fetching, signer):
    outcome = sample(fetching, FETCH, EXPORT_PUBLIC_KEY=signer.public_key_text)

    assert outcome.stopped_with_one_line
    assert "not genuine" in outcome.err


@pytest.mark.parametrize(("days", "reason"), [(1, "404: the day is not published"), (-15, "410: the day is too long")])
def test_a_day_that_is_not_served_is_explained(sample, fetching, days, reason):
    day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()

    outcome = sample(fetching, FETCH, day)

    assert outcome.stopped_with_one_line
    assert reason in outcome.err


@pytest.mark.parametrize(
    ("arguments", "changes", "reason"),
    [
        (["nope"], {}, "the day must be YYYY-MM-DD"),
        (["2026-13-01"], {}, "the day must be YYYY-MM-DD"),
        ([], {"RETRIEVE_HMAC_KEY": "xyz"}, "RETRIEVE_HMAC_KEY is not hexadecimal"),
        ([], {"EXPORT_PUBLIC_KEY": "eHl6"}, "EXPORT_PUBLIC_KEY is not"),
        ([], {"RETRIEVE_HMAC_KEY": "bb" * 32}, "401: the address is not accepted"),
    ],
)
def test_what_is_wrong_with_a_download_is_named_in_every_language(sample, arguments, changes, reason):
    outcomes = {language: sample(language, FETCH, *arguments, **changes) for language in available(FETCH)}

    assert all(outcome.stopped_with_one_line for outcome in outcomes.values()), outcomes
    assert all(reason in outcome.err for outcome in outcomes.values()), outcomes
