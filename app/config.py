"""Every setting of the service, read once from the environment into one frozen object.

A setting's name in the environment is its field's name in capitals. Names and defaults follow the public server's
variables and its config.yaml (protocol rules 106 to 108). A value that is missing or malformed raises
`ConfigurationError` with one line that names it. No secret has a default.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final

from app import settings_parsers as parse
from app.domain.claims import BanPolicy
from app.domain.exports import ExportPolicy
from app.domain.limits import MIN_UPLOAD_BODY_BYTES

SUBMISSION: Final = "submission"
RETRIEVAL: Final = "retrieval"
ALL_SURFACES: Final = (SUBMISSION, RETRIEVAL)

ConfigurationError = parse.ConfigurationError


def setting(
    parser: Callable[[str], Any],
    description: str,
    default: str | None = None,
    needed_by: tuple[str, ...] = ALL_SURFACES,
    secret: bool = False,
    platform: str = "",
) -> Any:
    """Describe one setting.

    `default` is written as in the environment; None means that the setting has to be given wherever one of the
    surfaces in `needed_by` runs, and is None or empty elsewhere. `platform` names a variable of the platform that is
    read when the setting itself is not given.
    """
    return field(
        repr=not secret,  # what a traceback or a debugger shows must not hold secrets
        metadata={
            "parser": parser,
            "description": description,
            "default": default,
            "needed_by": needed_by,
            "secret": secret,
            "platform": platform,
        },
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process."""

    surfaces: tuple[str, ...] = setting(
        parse.choices(ALL_SURFACES), "What this process serves: any of submission, retrieval", ",".join(ALL_SURFACES)
    )
    env: str = setting(parse.text, "The name of this deployment; `production` refuses the test tools", "development")
    bind_addr: str = setting(parse.text, "Address and port to listen on, such as 127.0.0.1:8000; beats PORT", "")
    port: int | None = setting(
        parse.optional(parse.integer(1, 65535)),
        "Port to listen on, on every interface; without it 8000 for submission alone, else 8001",
        "",
    )
    branch: str = setting(
        parse.text,
        "The branch this build was made from, for /services/version.json; else HEROKU_BRANCH",
        "",
        platform="HEROKU_BRANCH",
    )
    revision: str = setting(
        parse.text,
        "The commit this build was made from, for /services/version.json; else HEROKU_BUILD_COMMIT",
        "",
        platform="HEROKU_BUILD_COMMIT",
    )

    pull_request: int | None = setting(
        parse.optional(parse.integer(1, 1_000_000_000)),
        "The number of the pull request that a review app shows; else HEROKU_PR_NUMBER",
        "",
        platform="HEROKU_PR_NUMBER",
    )
    app_name: str = setting(
        parse.text, "The name of a review app on its platform; else HEROKU_APP_NAME", "", platform="HEROKU_APP_NAME"
    )

    database_url: str = setting(parse.database_url, "PostgreSQL, as `postgresql://` or `postgres://`", secret=True)
    redis_url: str = setting(parse.redis_url, "Redis, as `redis://` or `rediss://`", secret=True)
    database_pool_size: int = setting(
        parse.integer(1, 100), "Database connections that one process keeps, at most", "10"
    )
    database_timeout_seconds: int = setting(
        parse.integer(1, 60), "How long a request waits for the database before it fails", "5"
    )

    secret_key: bytes = setting(
        parse.hexadecimal(32), "Keys the hash that stands for a client's network", needed_by=(SUBMISSION,), secret=True
    )
    sealing_keys: tuple[bytes, ...] = setting(
        parse.sealing_keys,
        "Keys of 64 hexadecimal digits, comma-separated, that seal private keys at rest; the first seals, all open",
        needed_by=(SUBMISSION,),
        secret=True,
    )
    key_claim_token: Mapping[str, str] = setting(
        parse.bearer_tokens,
        "Who may issue codes: `token=label` pairs joined by `:`; tokens of 20 to 63 characters, labels up to 31. "
        "Outside production also 64 hexadecimal digits alone, as platforms make them",
        needed_by=(SUBMISSION,),
        secret=True,
    )
    retrieve_hmac_key: bytes = setting(
        parse.hexadecimal(32),
        "Key of the code that phones put in download addresses, 64 hexadecimal digits or more",
        needed_by=(RETRIEVAL,),
        secret=True,
    )
    ecdsa_key: Any = setting(
        parse.signing_key,
        "Key that signs archives, on the curve P-256: hexadecimal of its DER form, or of its 32 bytes alone",
        needed_by=(RETRIEVAL,),
        secret=True,
    )
    metrics_username: str = setting(
        parse.long_text(10), "User name of /events, 10 characters or more", needed_by=(RETRIEVAL,), secret=True
    )
    metrics_password: str = setting(
        parse.long_text(10), "Password of /events, 10 characters or more", needed_by=(RETRIEVAL,), secret=True
    )

    trusted_proxies: int = setting(
        parse.integer(0, 10), "How many proxies in front may be believed about a client's address", "0"
    )
    max_consecutive_claim_key_failures: int = setting(
        parse.integer(1, 1_000_000), "Wrong codes a network may try before it is banned", "50"
    )
    max_daily_claim_key_failures: int = setting(
        parse.integer(1, 1_000_000), "Wrong codes a network may try in 24 hours, good ones between them or not", "500"
    )
    claim_key_ban_hours: int = setting(parse.integer(1, 24), "Hours that a ban lasts", "1")
    rate_limits: bool = setting(
        parse.switch, "Whether requests are limited, `on` or `off`; the ban on guessing is always on", "on"
    )
    rate_limit_new_key_claim: int = setting(
        parse.integer(1, 1_000_000), "Codes that may be asked for with one token in a minute", "600"
    )
    rate_limit_claim_key: int = setting(
        parse.integer(1, 1_000_000), "Requests to /claim-key that a network may send in a minute", "300"
    )
    rate_limit_upload: int = setting(
        parse.integer(1, 1_000_000), "Requests to /upload that a network may send in a minute", "300"
    )
    rate_limit_outbreaks: int = setting(
        parse.integer(1, 1_000_000), "Outbreak events that may be reported with one token in a minute", "60"
    )
    rate_limit_events: int = setting(
        parse.integer(1, 1_000_000), "Requests to /events that a network may send in a minute", "60"
    )
    one_time_code_expiry_minutes: int = setting(parse.integer(1, 525_600), "Minutes that a code can be claimed", "1440")
    encryption_key_validity_days: int = setting(
        parse.integer(1, 365), "Days that a phone may upload with its key pair", "15"
    )
    max_upload_body_bytes: int = setting(
        parse.integer(MIN_UPLOAD_BODY_BYTES, 65_536), "Bytes that an upload's body may have; 1024 as before", "4096"
    )
    initial_remaining_keys: int = setting(
        parse.integer(1, 32_767), "Exposure keys that a phone may upload with one key pair", "43"
    )
    max_diagnosis_key_retention_days: int = setting(parse.integer(1, 365), "Days that exposure keys are kept", "15")
    worker_expiration_interval: int = setting(parse.integer(1, 3600), "Seconds between two runs of the purge", "30")

    region_code: str = setting(parse.region, "Mobile country code of the region, three digits", "302")
    hmac_key_length: int = setting(
        parse.integer(32, 1024), "Bytes that RETRIEVE_HMAC_KEY must have, at the least", "32"
    )
    cors_access_control_allow_origin: str = setting(
        parse.text, "Web pages that may ask for codes: the value of Access-Control-Allow-Origin", "*"
    )
    disable_current_date_check: bool = setting(
        parse.boolean, "Whether the archive of the current day is served", "true"
    )
    enable_entire_period_bundle: bool = setting(parse.boolean, "Whether the bundle 00000 is served", "true")
    enable_outbreak_events: bool = setting(parse.boolean, "Whether /qr takes and serves outbreak events", "true")
    publish_active_keys: bool = setting(
        parse.boolean, "Whether a key is published before its validity has ended", "false"
    )
    export_max_age_seconds: int = setting(
        parse.integer(0, 3600),
        "How old an archive may be when it is served, in seconds; 0 builds one for every request",
        "60",
    )
    export_minimum_keys: int = setting(
        parse.integer(0, 100_000), "Keys that a day publishes at the least, made-up ones if need be; 0 adds none", "0"
    )
    archive_files: str = setting(
        parse.archive_place,
        "Where built archives are kept: `database`, `file:///folder` or `s3://bucket/prefix`",
        "database",
    )
    exposure_configuration_path: str = setting(
        parse.text,
        "Folder with replacements for the exposure configuration files; each is checked at the start as phones do",
        "",
    )
    enable_test_tools: bool = setting(parse.exactly_true, "Whether /clear-diagnosis-keys exists", "false")
    test_tools_token: str | None = setting(
        parse.optional(parse.long_text(20)),
        "Bearer token of the test tools, 20 characters or more; needed when they are enabled",
        "",
        secret=True,
    )
    security_contact: str | None = setting(
        parse.optional(parse.address("mailto:", "https://", "tel:")),
        "Whom to tell about a weakness, for /.well-known/security.txt: `mailto:`, `https://` or `tel:`",
        "",
    )
    security_policy: str | None = setting(
        parse.optional(parse.address("https://")), "Where the policy about reports of weaknesses stands, `https://`", ""
    )
    review_tools: bool = setting(
        parse.exactly_true,
        "Whether the pages for reviewers exist, where both surfaces are served; never in production",
        "false",
    )
    review_app_log: str = setting(
        parse.text, "File with the log of a review app's processes, of which the front page shows the end", ""
    )

    @property
    def ban_policy(self) -> BanPolicy:
        """How wrong codes are punished."""
        return BanPolicy(
            max_failures=self.max_consecutive_claim_key_failures,
            duration=timedelta(hours=self.claim_key_ban_hours),
            max_daily_failures=self.max_daily_claim_key_failures,
        )

    @property
    def code_lifetime(self) -> timedelta:
        """How long a code can be claimed."""
        return timedelta(minutes=self.one_time_code_expiry_minutes)

    @property
    def export_policy(self) -> ExportPolicy:
        """What archives hold, and which are served."""
        return ExportPolicy(
            serve_current_day=self.disable_current_date_check,
            serve_bundle=self.enable_entire_period_bundle,
            publish_active_keys=self.publish_active_keys,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read every setting, or raise ConfigurationError about the first that is missing or malformed."""
        surfaces = _read(next(f for f in fields(cls) if f.name == "surfaces"), environment, ALL_SURFACES)
        settings = cls(**{f.name: _read(f, environment, surfaces) for f in fields(cls)})
        settings._check_together()
        return settings

    def _check_together(self) -> None:
        if self.retrieve_hmac_key and len(self.retrieve_hmac_key) < self.hmac_key_length:
            raise ConfigurationError(f"RETRIEVE_HMAC_KEY: shorter than HMAC_KEY_LENGTH, {self.hmac_key_length} bytes")
        if self.env == "production" and parse.DEMONSTRATION_LABEL in (self.key_claim_token or {}).values():
            raise ConfigurationError("KEY_CLAIM_TOKEN: a token must have a label of its own when ENV is production")
        if self.enable_test_tools and self.env == "production":
            raise ConfigurationError("ENABLE_TEST_TOOLS: must not be true when ENV is production")
        if self.review_tools and self.env == "production":
            raise ConfigurationError("REVIEW_TOOLS: must not be true when ENV is production")
        if self.enable_test_tools and not self.test_tools_token:
            raise ConfigurationError("TEST_TOOLS_TOKEN: missing, and ENABLE_TEST_TOOLS is true")


def _read(described: Any, environment: Mapping[str, str], surfaces: tuple[str, ...]) -> Any:
    name, about = described.name.upper(), described.metadata
    raw = environment.get(name, "") or environment.get(about["platform"], "") or about["default"]
    if raw is None:
        if any(surface in surfaces for surface in about["needed_by"]):
            raise ConfigurationError(f"{name}: missing. {about['description']}.")
        return None
    try:
        return about["parser"](raw)
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}") from None
