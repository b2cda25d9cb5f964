"""Storing archives under their addresses (app/retrieval/publishing.py), in a folder and in a bucket."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from app.domain.timeline import midnight
from app.retrieval.builder import refresh_all
from app.retrieval.download_files import DownloadFiles, open_download_files
from app.retrieval.download_files.folder import FolderDownloads
from app.retrieval.publishing import Publisher, publish_downloads
from tests.support.aws import set_credentials
from tests.support.service import Service, download_code
from tests.support.stored import store_key
from tests.support.torture import only_in_torture

ARCHIVES = 32  # the bundle, today and fourteen past days, of both kinds
HOUR = timedelta(hours=1)


@pytest.fixture(params=["folder", pytest.param("bucket", marks=only_in_torture)])
def files(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DownloadFiles]:
    """Each place in turn, empty."""
    if request.param == "folder":
        yield open_download_files(f"file://{tmp_path}/downloads")
        return
    set_credentials(monkeypatch)
    with mock_aws():
        location = {"LocationConstraint": "ca-central-1"}
        boto3.client("s3").create_bucket(Bucket="downloads", CreateBucketConfiguration=location)
        yield open_download_files("s3://downloads/of/phones")


def publish(service: Service, files: DownloadFiles) -> int:
    """Do what the worker does in a slot."""
    builder = service.app.context.retrieval.builder
    refresh_all(builder, service.clock.now, timedelta(seconds=40))
    return publish_downloads(Publisher(builder, files), service.clock.now)


def stored_body(files: DownloadFiles, path: str) -> bytes:
    if isinstance(files, FolderDownloads):
        return (files._folder / path.lstrip("/")).read_bytes()
    found = boto3.client("s3").get_object(Bucket="downloads", Key=f"of/phones{path}")
    assert (found["ContentType"], found["CacheControl"]) == (
        "application/zip",
        "public, max-age=3600, stale-while-revalidate=600",
    )
    return bytes(found["Body"].read())


def test_every_address_that_the_service_answers_is_a_file_with_the_same_bytes(
    aged: Service, files: DownloadFiles
) -> None:
    store_key(aged, 1)
    assert publish(aged, files) == len(files.paths()) == 3 * ARCHIVES
    for path in files.paths():
        response = aged.client.get(path)
        assert (response.status_code, response.data) == (200, stored_body(files, path))


def test_what_has_not_changed_is_not_stored_again(aged: Service, files: DownloadFiles) -> None:
    publish(aged, files)
    aged.clock.now += timedelta(seconds=61)
    assert publish(aged, files) == 0


def test_an_upload_is_stored_under_each_address_of_its_day_and_of_no_other(aged: Service, files: DownloadFiles) -> None:
    aged.clock.now = midnight(aged.clock.now) + 12 * HOUR
    publish(aged, files)
    store_key(aged, 1, hour_of_submission=aged.today * 24 + 11)
    aged.clock.now += timedelta(seconds=61)
    assert publish(aged, files) == 3
    code = download_code(aged.today, aged.clock.now)
    assert stored_body(files, f"/retrieve/302/{aged.today:05d}/{code}") == aged.fetch(aged.today).data


def test_an_address_whose_code_is_no_longer_valid_is_deleted(aged: Service, files: DownloadFiles) -> None:
    aged.clock.now = midnight(aged.clock.now) + 12 * HOUR
    publish(aged, files)
    before = files.paths()
    aged.clock.now += HOUR
    assert publish(aged, files) == ARCHIVES  # one more code of each archive
    assert len(files.paths()) == 3 * ARCHIVES
    gone = before - files.paths()
    assert len(gone) == ARCHIVES
    assert {aged.client.get(path).status_code for path in gone} == {401}


def next_hour(service: Service, period: int) -> str:
    """Return the address of an archive that a phone with a right clock requests from the next hour on."""
    return f"/retrieve/302/{period:05d}/{download_code(period, service.clock.now + HOUR)}"


def test_no_file_from_before_a_release_hides_it_from_a_cache(
    make_service: Callable[..., Service], files: DownloadFiles
) -> None:
    service = make_service(PUBLISH_ACTIVE_KEYS="true", EXPORT_MAX_AGE_SECONDS="60", RELEASE_PERIOD_HOURS="2")
    service.clock.now = midnight(service.clock.now) + 12.5 * HOUR
    publish(service, files)
    assert {next_hour(service, period) for period in (service.today, service.today - 1)} <= files.paths()

    service.clock.now += HOUR  # the next hour begins with a release
    publish(service, files)
    assert next_hour(service, service.today) not in files.paths()
    assert next_hour(service, service.today - 1) in files.paths(), "past days do not change with a release"


def test_no_file_of_a_day_is_found_after_its_midnight(aged: Service, files: DownloadFiles) -> None:
    aged.clock.now = midnight(aged.clock.now) + 23.5 * HOUR
    publish(aged, files)
    assert len(files.paths()) == 2 * ARCHIVES
    assert not {next_hour(aged, period) for period in (0, aged.today, aged.today - 1)} & files.paths()


def test_a_day_that_is_no_longer_served_is_deleted(aged: Service, files: DownloadFiles) -> None:
    publish(aged, files)
    oldest = f"{aged.today - 14:05d}"
    assert any(f"/{oldest}/" in path for path in files.paths())
    aged.clock.now += timedelta(days=1)
    publish(aged, files)
    assert not any(f"/{oldest}/" in path for path in files.paths())


def test_an_interrupted_run_is_completed_by_the_next(
    aged: Service, files: DownloadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, put, stored = type(files), type(files).put, []

    def failing(self: DownloadFiles, path: str, body: bytes) -> None:
        if len(stored) == ARCHIVES:
            raise OSError("interrupted")
        stored.append(path)
        put(self, path, body)

    monkeypatch.setattr(kind, "put", failing)
    with pytest.raises(OSError, match="interrupted"):
        publish(aged, files)
    monkeypatch.setattr(kind, "put", put)
    assert publish(aged, files) == 3 * ARCHIVES
    assert len(files.paths()) == 3 * ARCHIVES


def test_a_manifest_that_cannot_be_read_costs_only_work(aged: Service, files: DownloadFiles) -> None:
    publish(aged, files)
    files.write_manifest({})
    assert publish(aged, files) == 3 * ARCHIVES


def test_an_archive_whose_file_is_gone_is_stored_once_the_service_has_built_it_again(
    aged: Service, files: DownloadFiles
) -> None:
    refresh_all(aged.app.context.retrieval.builder, aged.clock.now, timedelta(seconds=40))
    aged.execute("TRUNCATE export_archive_parts")
    assert publish(aged, files) == 0
    assert aged.fetch(aged.today - 3).status_code == 200
    assert publish(aged, files) == 3


def test_two_workers_do_not_do_the_same_work(
    aged: Service, files: DownloadFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = aged.app.context.retrieval.builder
    refresh_all(builder, aged.clock.now, timedelta(seconds=40))
    kind, put = type(files), type(files).put
    is_storing, may_go_on = threading.Event(), threading.Event()

    def slow(self: DownloadFiles, path: str, body: bytes) -> None:
        is_storing.set()
        assert may_go_on.wait(60)
        put(self, path, body)

    monkeypatch.setattr(kind, "put", slow)
    publisher, now = Publisher(builder, files), aged.clock.now
    first = threading.Thread(target=publish_downloads, args=(publisher, now))
    first.start()
    try:
        assert is_storing.wait(60)
        assert publish_downloads(publisher, now) == 0
    finally:
        may_go_on.set()
        first.join()
    assert len(files.paths()) == 3 * ARCHIVES
