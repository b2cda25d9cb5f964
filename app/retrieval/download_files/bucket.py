"""Downloads in an S3-compatible bucket. Credentials and endpoint are the variables of boto3 (AWS_…)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.crypto.key_service import aws_client
from app.web.responses import CACHE_CONTROL_ARCHIVE, ZIP

_MANIFEST: Final = "manifest.json"
_DELETED_AT_ONCE: Final = 1000  # a limit of S3


class BucketDownloads:
    """Objects below one prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._client: Any = aws_client("s3")
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def put(self, path: str, body: bytes) -> None:
        """Store an object with the header fields of a download."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._key(path),
            Body=body,
            ContentType=ZIP,
            CacheControl=CACHE_CONTROL_ARCHIVE,
        )

    def delete(self, paths: Iterable[str]) -> None:
        """Delete objects. S3 answers 200 also if it has kept some of them, which raises OSError at the end."""
        kept: list[Any] = []
        keys = [{"Key": self._key(path)} for path in paths]
        for begin in range(0, len(keys), _DELETED_AT_ONCE):
            part = keys[begin : begin + _DELETED_AT_ONCE]
            done = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": part, "Quiet": True})
            kept += done.get("Errors", ())
        if kept:
            raise OSError(f"{len(kept)} objects were not deleted: {kept[0].get('Code')}")

    def paths(self) -> set[str]:
        """Return the paths of all objects."""
        found: set[str] = set()
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
            found |= {f"/{entry['Key'].removeprefix(self._prefix)}" for entry in page.get("Contents", ())}
        return found - {f"/{_MANIFEST}"}

    def read_manifest(self) -> Mapping[str, str]:
        """Return the manifest."""
        try:
            stored = self._client.get_object(Bucket=self._bucket, Key=self._prefix + _MANIFEST)
            names: Mapping[str, str] = json.loads(stored["Body"].read())
        except (self._client.exceptions.NoSuchKey, ValueError):
            return {}
        return names

    def write_manifest(self, names: Mapping[str, str]) -> None:
        """Replace the manifest."""
        body = json.dumps(names).encode()
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + _MANIFEST, Body=body)

    def _key(self, path: str) -> str:
        return self._prefix + path.lstrip("/")
