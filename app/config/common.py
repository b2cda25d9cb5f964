"""The settings that every process has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.config import parsers as parse
from app.config.fields import setting
from app.config.figure_thresholds import figure_thresholds
from app.domain.exports import ExportPolicy
from app.domain.publication import ReleasePolicy

SUBMISSION: Final = "submission"
RETRIEVAL: Final = "retrieval"
PORTAL: Final = "portal"
SHARING: Final = "sharing"
STATUS: Final = "status"
ALL_SURFACES: Final = (SUBMISSION, RETRIEVAL, PORTAL, SHARING, STATUS)
# The others have secrets and database roles of their own, so a process serves them only if SURFACES names them.
DEFAULT_SURFACES: Final = (SUBMISSION, RETRIEVAL)


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """Settings of every process, whatever it serves."""

    surfaces: tuple[str, ...] = setting(
        parse.choices(ALL_SURFACES),
        "The surfaces that this process serves: any of submission, retrieval, portal, sharing, status",
        ",".join(DEFAULT_SURFACES),
    )
    env: str = setting(
        parse.environment_name,
        f"The kind of deployment: {', '.join(parse.ENVIRONMENTS)}; `production` refuses the test tools",
        "development",
    )
    bind_addr: str = setting(
        parse.text, "Address and port to listen on, such as 127.0.0.1:8000; takes precedence over PORT", ""
    )
    port: int | None = setting(
        parse.optional(parse.integer(1, 65535)),
        "Port to listen on, on every interface; the default is 8000 for submission alone, else 8001",
        "",
    )
    branch: str = setting(
        parse.text,
        "The branch of this build, for /services/version.json; default HEROKU_BRANCH",
        "",
        platform="HEROKU_BRANCH",
    )
    revision: str = setting(
        parse.text,
        "The commit of this build, for /services/version.json; default HEROKU_BUILD_COMMIT",
        "",
        platform="HEROKU_BUILD_COMMIT",
    )
    database_url: str = setting(parse.database_url, "PostgreSQL, as `postgresql://` or `postgres://`", secret=True)
    redis_url: str = setting(parse.redis_url, "Redis, as `redis://` or `rediss://`", secret=True)
    database_pool_size: int = setting(parse.integer(1, 100), "Maximum database connections of one process", "10")
    database_timeout_seconds: int = setting(
        parse.integer(1, 60), "Seconds that a request waits for the database before it fails", "5"
    )
    trusted_proxies: int = setting(
        parse.integer(0, 10), "Number of proxies in front whose X-Forwarded-For entries are trusted", "0"
    )
    allowed_hosts: tuple[str, ...] = setting(
        parse.host_names,
        "Host names, comma-separated, that an instance for development on 127.0.0.1 accepts in addition to localhost",
        "",
    )
    rate_limits: bool = setting(
        parse.switch, "Whether requests are limited, `on` or `off`; the ban on guessing codes is always on", "on"
    )
    region_code: str = setting(parse.region, "Mobile country code of the region, three digits", "302")
    disable_current_date_check: bool = setting(
        parse.boolean, "Whether the archive of the current day is served", "true"
    )
    enable_entire_period_bundle: bool = setting(parse.boolean, "Whether the bundle 00000 is served", "true")
    enable_outbreak_events: bool = setting(
        parse.boolean, "Whether outbreak events are accepted and served under /qr", "true"
    )
    publish_active_keys: bool = setting(
        parse.boolean, "Whether a key is published before its validity has ended", "false"
    )
    one_time_code_expiry_minutes: int = setting(
        parse.integer(1, 525_600), "Minutes in which a code can be claimed", "1440"
    )
    release_period_hours: int = setting(
        parse.integer(0, 24),
        "Hours in which uploads are collected and then published together; 0 publishes each at once",
        "1",
    )
    metrics_token: str | None = setting(
        parse.optional(parse.long_text(32)),
        "Bearer token of /metrics, 32 characters or more; without it /metrics does not exist",
        "",
        secret=True,
    )
    otel_exporter_otlp_endpoint: str | None = setting(
        parse.optional(parse.address("http://", "https://")),
        "Base URL of an OTLP/HTTP receiver of traces, such as http://127.0.0.1:4318; requires requirements-tracing.txt",
        "",
    )
    figure_thresholds: Mapping[str, tuple[int, int]] = setting(
        figure_thresholds,
        "Thresholds of figures that differ from the defaults: `figure=warning/critical` pairs, such as "
        "`diagnosis_keys=90000/135000,claimed_codes=30000/45000`",
        "",
    )
    security_contact: str | None = setting(
        parse.optional(parse.address("mailto:", "https://", "tel:")),
        "Contact for vulnerability reports in /.well-known/security.txt: `mailto:`, `https://` or `tel:`",
        "",
    )
    security_policy: str | None = setting(
        parse.optional(parse.address("https://")), "URL of the vulnerability disclosure policy, `https://`", ""
    )

    @property
    def is_production(self) -> bool:
        """Whether this is a production deployment, which refuses tools for tests and reviews."""
        return self.env == "production"

    @property
    def code_lifetime(self) -> timedelta:
        """How long a code can be claimed."""
        return timedelta(minutes=self.one_time_code_expiry_minutes)

    @property
    def release_policy(self) -> ReleasePolicy:
        """When keys become public."""
        return ReleasePolicy(period_hours=self.release_period_hours, publish_active_keys=self.publish_active_keys)

    @property
    def export_policy(self) -> ExportPolicy:
        """What archives hold, and which are served."""
        return ExportPolicy(
            serve_current_day=self.disable_current_date_check,
            serve_bundle=self.enable_entire_period_bundle,
            publish_active_keys=self.publish_active_keys,
        )
