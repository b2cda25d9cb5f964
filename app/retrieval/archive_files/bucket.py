"""Archives in an S3-compatible bucket. Credentials and endpoint are the variables of boto3 (AWS_…)."""

from typing import Any, BinaryIO, Final

from app.crypto.key_service import aws_client

_SUFFIX: Final = ".zip"

# A request waits for what is read. Two attempts end before TURN_SECONDS of app/retrieval/archive_cache.py, so that
# requests that wait for it can try as well.
_READ_SECONDS: Final = 5
_READ_ATTEMPTS: Final = 2


class BucketFiles:
    """Archives as objects below one prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._client: Any = aws_client("s3")
        self._reader: Any = aws_client("s3", read_seconds=_READ_SECONDS, attempts=_READ_ATTEMPTS)
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def put(self, name: str, content: BinaryIO) -> None:
        """Store a file, in several parts if it is large."""
        self._client.upload_fileobj(
            content, self._bucket, self._key(name), ExtraArgs={"ContentType": "application/zip"}
        )

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist."""
        try:
            content: bytes = self._reader.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read()
        except self._reader.exceptions.NoSuchKey:
            return None
        return content

    def keep_only(self, names: set[str]) -> None:
        """Delete all other files below the prefix."""
        kept = {self._key(name) for name in names}
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
            for entry in page.get("Contents", ()):
                if entry["Key"] not in kept and entry["Key"].endswith(_SUFFIX):
                    self._client.delete_object(Bucket=self._bucket, Key=entry["Key"])

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}{_SUFFIX}"
