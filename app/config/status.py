"""The settings of status: what is published of objectives and incidents, and who is notified."""

from dataclasses import dataclass

from app.config import parsers as parse
from app.config.common import CommonSettings
from app.config.fields import setting


@dataclass(frozen=True, kw_only=True)
class StatusSettings(CommonSettings):
    """Settings of a process that serves status, and of the worker and clock that measure objectives."""

    status_url: str | None = setting(
        parse.optional(parse.address("https://", "http://")),
        "Address of the status page in a browser, such as https://status.example.org, for links in notices and feeds",
        "",
    )
