"""The samples that claim, upload and fetch, run as an integrator runs them: copied, and against bad answers too."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from clients.phone import exposure_pb2 as pb
from clients.phone.archive import HEADER
from clients.phone.crypto import new_key
from tests.clients.sample_runs import FETCH, REQUEST, UPLOAD, available, chosen, languages, missing, surroundings
from tests.clients.scripted import DROP, Reply, scripted
from tests.support.torture import only_in_torture, times

HTML = b"<!doctype html><title>Sign in</title>"


def skip_if_missing(language):
    if reason := missing(language):
        pytest.skip(reason)
    return language


@pytest.fixture(params=languages(UPLOAD))
def uploading(request):
    """A language that claims and uploads."""
    return skip_if_missing(request.param)


@pytest.fixture(params=languages(FETCH))
def fetching(request):
    """A language that fetches."""
    return skip_if_missing(request.param)


@pytest.mark.parametrize(("sample", "arguments"), [(REQUEST, []), (UPLOAD, ["AEFHJKLQRS"]), (FETCH, [])])
def test_a_server_that_is_down_is_one_line(copies, signer, sample, arguments):
    keys = {"RETRIEVE_HMAC_KEY": "aa" * 32, "EXPORT_PUBLIC_KEY": signer.public_key_text}

    outcomes = copies.run_all(sample, *arguments, **keys)

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert all("the server did not answer" in one.err for one, _ in outcomes.values()), outcomes
    assert not any("TypeError" in one.err for one, _ in outcomes.values()), outcomes


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


def test_a_phone_whose_language_has_digits_of_its_own_fetches_a_day(sample, issue):
    skip_if_missing("kotlin")
    sample("python", UPLOAD, issue())
    arabic = sample("kotlin", FETCH, JDK_JAVA_OPTIONS="-Duser.language=ar -Duser.country=CA")
    assert (arabic.status, arabic.out) == (0, sample("python", FETCH).out), arabic
    assert arabic.out


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


@pytest.mark.parametrize("body", [b"\x08\x05", b"\x08\x05\x22\x02\x08\xff"], ids=["missing", "truncated"])
def test_a_ban_without_its_length_is_one_line(copies, body):
    outcomes = copies.run_all(UPLOAD, "AEFHJKLQRS", script=[Reply(429, body)])

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes


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
def test_a_claims_answer_that_is_not_a_success_is_one_line(copies, reply):
    outcomes = copies.run_all(UPLOAD, "AEFHJKLQRS", script=[reply])

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert {asked for _, asked in outcomes.values()} == {1}, outcomes


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31)])
def test_nothing_is_uploaded_with_a_key_that_protects_nothing(copies, key):
    answer = pb.KeyClaimResponse(server_public_key=key, tries_remaining=50).SerializeToString()

    outcomes = copies.run_all(UPLOAD, "AEFHJKLQRS", script=[Reply(200, answer)])

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert all("protects nothing" in one.err for one, _ in outcomes.values()), outcomes
    assert {asked for _, asked in outcomes.values()} == {1}, outcomes


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"not a zip file",
        lambda _: b"PK\x03\x04",
        lambda zipped: zipped.replace(b"export.bins\xf5", b"export.bin\xff\xff"),
        lambda zipped: zipped.replace(b"\x14\x00\x00\x00\x08", b"\x14\x00\x01\x00\x08").replace(b"bins", b"bin\xff"),
        lambda zipped: zipped.replace(b"export", b"\xff\xfeport"),
    ],
    ids=["empty", "text", "truncated", "damaged", "encrypted", "name"],
)
def test_a_download_that_is_not_an_archive_is_one_line(copies, signer, damage):
    body = damage(signer.archive([new_key(2_650_000)]))
    keys = {"RETRIEVE_HMAC_KEY": "aa" * 32, "EXPORT_PUBLIC_KEY": signer.public_key_text}

    outcomes = copies.run_all(FETCH, script=[Reply(200, body)], **keys)

    assert all(one.stopped_with_one_line for one, _ in outcomes.values()), outcomes
    assert all("not genuine" in one.err for one, _ in outcomes.values()), outcomes


def test_a_download_that_is_cut_off_is_one_line(copies, signer):
    keys = {"RETRIEVE_HMAC_KEY": "aa" * 32, "EXPORT_PUBLIC_KEY": signer.public_key_text}
    body = signer.archive([new_key(2_650_000)])

    outcomes = copies.run_all(FETCH, script=[Reply(200, body[:100], missing_bytes=100, closes=True)], **keys)

    assert {name: one for name, (one, _) in outcomes.items() if not one.stopped_with_one_line} == {}


@only_in_torture
def test_a_large_archive_may_take_longer_than_an_answer_in_every_language(copies, signer):
    keys = {"RETRIEVE_HMAC_KEY": "aa" * 32, "EXPORT_PUBLIC_KEY": signer.public_key_text}
    body = signer.archive([new_key(2_650_000)])

    outcomes = copies.run_all(FETCH, script=[Reply(200, body, seconds=35)], **keys)

    assert {(one.status, one.err) for one, _ in outcomes.values()} == {(0, "")}, outcomes


def test_php_without_its_extension_names_the_limit_of_an_archive(copies, signer):
    skip_if_missing("php")
    export = HEADER + bytes(32 * 1024 * 1024)
    body = signer.zipped({"export.bin": export, "export.sig": signer.signature(export)})
    settings = {"RETRIEVE_HMAC_KEY": "aa" * 32, "EXPORT_PUBLIC_KEY": signer.public_key_text}
    with scripted(Reply(200, body)) as server:
        outcome = copies.run("php", FETCH, surroundings(RETRIEVAL_URL=server.url, **settings))

    assert outcome.stopped_with_one_line
    assert "the archive is larger than 32 MB" in outcome.err


def test_an_archive_that_another_key_signed_is_not_read(sample, fetching, signer):
    outcome = sample(fetching, FETCH, EXPORT_PUBLIC_KEY=signer.public_key_text)

    assert outcome.stopped_with_one_line
    assert "not genuine" in outcome.err


# A day further than necessary: midnight may fall into the test.
@pytest.mark.parametrize(("days", "reason"), [(2, "404: the day is not published"), (-16, "410: the day is too long")])
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
        (["2026-02-31"], {}, "the day must be YYYY-MM-DD"),
        (["2025-02-29"], {}, "the day must be YYYY-MM-DD"),
        (["20260102"], {}, "the day must be YYYY-MM-DD"),
        (["2026-W01-1"], {}, "the day must be YYYY-MM-DD"),
        (["-2026-01-02"], {}, "the day must be YYYY-MM-DD"),
        (["+12026-01-02"], {}, "the day must be YYYY-MM-DD"),
        (["2026-01-02\n"], {}, "the day must be YYYY-MM-DD"),
        ([""], {}, "the day must be YYYY-MM-DD"),
        ([], {"RETRIEVE_HMAC_KEY": "xyz"}, "RETRIEVE_HMAC_KEY is not hexadecimal"),
        ([], {"EXPORT_PUBLIC_KEY": "eHl6"}, "EXPORT_PUBLIC_KEY is not"),
        ([], {"RETRIEVE_HMAC_KEY": "bb" * 32}, "401: the address is not accepted"),
    ],
)
def test_what_is_wrong_with_a_download_is_named(sample, arguments, changes, reason):
    outcomes = {language: sample(language, FETCH, *arguments, **changes) for language in chosen(FETCH)}

    assert all(outcome.stopped_with_one_line for outcome in outcomes.values()), outcomes
    assert all(reason in outcome.err for outcome in outcomes.values()), outcomes
