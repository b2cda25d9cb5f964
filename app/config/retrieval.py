"""The settings of retrieval: archives, exposure configuration and counts of events."""

from dataclasses import dataclass

from app.config import parsers as parse
from app.config.common import CommonSettings
from app.config.fields import setting
from app.crypto.signing import SigningKey


@dataclass(frozen=True, kw_only=True)
class RetrievalSettings(CommonSettings):
    """Settings of a process that serves retrieval."""

    retrieve_hmac_key: bytes = setting(
        parse.hexadecimal(32),
        "Key of the code in download URLs, which is also built into apps; 64 hexadecimal digits or more",
        secret=True,
    )
    ecdsa_key: SigningKey = setting(
        parse.signing_key,
        "Key that signs archives, on the curve P-256: hexadecimal DER, its 32 bytes in hexadecimal, or "
        "`aws-kms://` and the name of a key that AWS KMS keeps",
        secret=True,
    )
    metrics_username: str = setting(parse.long_text(10), "User name of /events, 10 characters or more", secret=True)
    metrics_password: str = setting(parse.long_text(10), "Password of /events, 10 characters or more", secret=True)
    hmac_key_length: int = setting(parse.integer(32, 1024), "Minimum size of RETRIEVE_HMAC_KEY in bytes", "32")
    rate_limit_events: int = setting(
        parse.integer(1, 1_000_000), "Requests to /events from one network in a minute", "60"
    )
    export_max_age_seconds: int = setting(
        parse.integer(0, 3600), "Maximum age of a served archive in seconds; 0 builds one for every request", "60"
    )
    release_minimum_uploads: int = setting(
        parse.integer(0, 1000),
        "Minimum number of uploads that are published together, made-up ones included; 0 makes up none",
        "10",
    )
    archive_files: str = setting(
        parse.archive_place,
        "Where built archives are stored: `database`, `file:///folder` or `s3://bucket/prefix`",
        "database",
    )
    download_files: str | None = setting(
        parse.optional(parse.file_place),
        "Where the worker also stores every archive under its current addresses, so that a CDN serves downloads by "
        "itself: `file:///folder` or `s3://bucket/prefix`",
        "",
    )
    exposure_configuration_path: str = setting(
        parse.text,
        "Folder with replacements for the exposure configuration files; each is checked at the start as phones do",
        "",
    )
