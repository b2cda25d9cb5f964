"""Where downloads are stored: a folder that a web server serves, or a bucket (app/retrieval/download_files)."""

from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from app.retrieval.download_files import DownloadFiles, open_download_files
from app.retrieval.download_files.bucket import BucketDownloads
from tests.support.aws import set_credentials

KEPT, GONE = "/retrieve/302/20000/kept", "/retrieve/302/19999/gone"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> BucketDownloads:
    """A bucket without a prefix, whose responses a test prepares."""
    set_credentials(monkeypatch)
    files = open_download_files("s3://downloads")
    assert isinstance(files, BucketDownloads)
    return files


def in_folder(folder: Path) -> DownloadFiles:
    return open_download_files(f"file://{folder}")


def test_a_stored_file_can_be_read_by_the_web_server(tmp_path: Path) -> None:
    in_folder(tmp_path).put(KEPT, b"archive")
    file = tmp_path / KEPT.lstrip("/")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"archive", 0o644)


def test_a_file_that_cannot_be_stored_leaves_nothing_beside_the_others(tmp_path: Path) -> None:
    files = in_folder(tmp_path)
    files.put(KEPT, b"archive")
    with pytest.raises(OSError):
        files.put("/retrieve/302/20000", b"a folder is there")
    assert files.paths() == {KEPT}


def test_a_folder_is_deleted_with_its_last_file(tmp_path: Path) -> None:
    files = in_folder(tmp_path / "downloads")
    for path in (KEPT, GONE):
        files.put(path, b"archive")
    files.delete([GONE])
    assert [path.name for path in (tmp_path / "downloads/retrieve/302").iterdir()] == ["20000"]
    files.delete([KEPT])
    assert list(tmp_path.glob("**")) == [tmp_path, tmp_path / "downloads"]


def test_a_file_that_does_not_exist_can_be_deleted(tmp_path: Path) -> None:
    files = in_folder(tmp_path)
    files.put(KEPT, b"archive")
    files.delete([GONE, KEPT + "x"])
    assert files.paths() == {KEPT}


def test_the_manifest_is_not_a_download_and_may_be_unreadable(tmp_path: Path) -> None:
    files = in_folder(tmp_path)
    assert files.read_manifest() == {}
    files.write_manifest({KEPT: "name"})
    assert (files.paths(), files.read_manifest()) == (set(), {KEPT: "name"})
    (tmp_path / ".manifest.json").write_text("{")
    assert files.read_manifest() == {}


def deletion(numbers: range, *errors: dict[str, str]) -> tuple[str, Any, Any]:
    """Return the response to the deletion of some objects, and the request that it belongs to."""
    objects = [{"Key": str(number)} for number in numbers]
    return "delete_objects", {"Errors": errors}, {"Bucket": "downloads", "Delete": {"Objects": objects, "Quiet": True}}


def test_more_objects_than_a_request_may_name_are_deleted_by_several(bucket: BucketDownloads) -> None:
    with Stubber(bucket._client) as stub:
        stub.add_response(*deletion(range(1000)))
        stub.add_response(*deletion(range(1000, 1001)))
        bucket.delete(f"/{number}" for number in range(1001))
        stub.assert_no_pending_responses()


def test_objects_that_the_bucket_keeps_are_an_error_once_the_others_are_deleted(bucket: BucketDownloads) -> None:
    with Stubber(bucket._client) as stub:
        stub.add_response(*deletion(range(1000), {"Key": "1", "Code": "AccessDenied"}))
        stub.add_response(*deletion(range(1000, 1001)))
        with pytest.raises(OSError, match="1 objects were not deleted: AccessDenied"):
            bucket.delete(f"/{number}" for number in range(1001))
        stub.assert_no_pending_responses()


def test_objects_without_a_prefix_are_at_the_root_of_the_bucket(bucket: BucketDownloads) -> None:
    listing = {"Contents": [{"Key": KEPT.lstrip("/")}, {"Key": "manifest.json"}]}
    with Stubber(bucket._client) as stub:
        stub.add_response("list_objects_v2", listing, {"Bucket": "downloads", "Prefix": ""})
        assert bucket.paths() == {KEPT}
