"""The settings of the host: /etc/exposure-alert/host.conf, one NAME=value a line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from deploy.host.alarms import is_safe_webhook
from deploy.host.errors import HostError
from deploy.host.service_settings import further_settings, is_further

FILE = "/etc/exposure-alert/host.conf"
ALL_SURFACES = ("submission", "retrieval", "portal", "sharing", "status")
_HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


@dataclass(frozen=True, kw_only=True)
class HostSettings:
    """What an operator decides about a host. The field's name in capitals is the name in the file."""

    surfaces: tuple[str, ...]
    submission_name: str = ""
    retrieval_name: str = ""
    portal_name: str = ""
    sharing_name: str = ""
    status_name: str = ""
    region_code: str = "302"
    health_authority: str = ""
    source: str
    tls: str = "acme"
    acme_email: str = ""
    acme_server: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    mail_url: str = ""
    mail_from: str = ""
    notice_webhook_url: str = ""
    notice_emails: str = ""
    notice_heartbeat_url: str = ""
    figure_thresholds: str = ""
    digest_emails: str = ""
    digest_hour: str = ""
    status_parts: str = ""
    status_time_zone: str = ""
    status_name_en: str = ""
    status_name_fr: str = ""
    status_support_url: str = ""
    downloads: str = "files"
    archive_cache: str = "on"
    alarm_webhook: str = ""
    alarm_email: str = ""
    alarm_mail_url: str = ""
    backup_recipient: str = ""
    cdn_networks: str = ""
    ssh_port: str = "22"
    reboot_at: str = "04:20"
    web_concurrency: str = "2"
    # Settings of the service that the host does not know, by surface.
    further: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def name_of(self, surface: str) -> str:
        """Return the host name at which a surface is reached."""
        return str(getattr(self, f"{surface}_name"))

    @property
    def sends_mail_of_status(self) -> bool:
        """Whether notices of incidents or the daily digest are sent by e-mail."""
        return "status" in self.surfaces and bool(self.notice_emails or self.digest_emails)

    @property
    def has_download_files(self) -> bool:
        """Whether nginx serves archives from files, and asks the service for what is not there."""
        return "retrieval" in self.surfaces and self.downloads == "files"

    @property
    def names(self) -> list[str]:
        """The host names of all surfaces."""
        return [self.name_of(surface) for surface in self.surfaces]


def read_settings(file: Path) -> HostSettings:
    """Return the settings of a file; raise HostError, which names the first that is wrong."""
    try:
        values = dict(_lines(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise HostError(f"{file}: {error.strerror}. Copy deploy/host/host.conf.example to it, and adapt it") from None
    except UnicodeDecodeError:
        raise HostError(f"{file}: is not UTF-8: convert it") from None
    known = {each.name.upper() for each in fields(HostSettings)} - {"FURTHER"}
    own = {name: value for name, value in values.items() if not is_further(name)}
    if unknown := sorted(set(own) - known):
        raise HostError(f"{unknown[0]}: not a setting of the host")
    settings = replace(_parse(own), further=further_settings(values, known))
    for problem in _problems(settings):
        raise HostError(problem)
    return settings


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise HostError(f"line {number}: is not NAME=value")
        yield name.strip(), value.strip()


def _parse(values: Mapping[str, str]) -> HostSettings:
    given: dict[str, Any] = {name.lower(): value for name, value in values.items() if value}
    given["surfaces"] = tuple(part.strip() for part in given.get("surfaces", "submission,retrieval").split(","))
    if not given.get("source"):
        raise HostError("SOURCE: missing: the git repository that releases come from")
    return HostSettings(**given)


def _problems(settings: HostSettings) -> Iterator[str]:
    yield from _wrong_surfaces(settings)
    if len(set(settings.names)) < len(settings.names):
        yield "two surfaces have the same host name: give each its own"
    yield from (f"{name}: {text}" for name, is_wrong, text in _rules(settings) if is_wrong)


def _wrong_surfaces(settings: HostSettings) -> Iterator[str]:
    for surface in settings.surfaces:
        if surface not in ALL_SURFACES:
            yield f"SURFACES: {surface!r} is not one of {', '.join(ALL_SURFACES)}"
        elif not _HOST_NAME.fullmatch(settings.name_of(surface)):
            yield f"{surface.upper()}_NAME: missing, or not a host name in lower case"
    if "submission" not in settings.surfaces:
        yield "SURFACES: must name submission, whose settings backups need"


def _rules(settings: HostSettings) -> Iterator[tuple[str, bool, str]]:
    """Yield the name of a setting, whether it is wrong, and how."""
    label = re.fullmatch(r"[^:=\s]{1,31}", settings.health_authority)
    yield "HEALTH_AUTHORITY", label is None, "missing: the label of the first token, such as ON"
    yield "REGION_CODE", re.fullmatch(r"[0-9]{3}", settings.region_code) is None, "is not three digits"
    pairs = re.fullmatch(r"([a-z_]+=[0-9]{1,9}/[0-9]{1,9}(,|$))*", settings.figure_thresholds)
    yield "FIGURE_THRESHOLDS", pairs is None, "is not figure=warning/critical pairs, separated by commas"
    yield "MAIL_URL", "portal" in settings.surfaces and not settings.mail_url, "required by the portal"
    status_mail = settings.sends_mail_of_status and not settings.mail_url
    yield "MAIL_URL", status_mail, "required by NOTICE_EMAILS and DIGEST_EMAILS"
    for name in ("notice_webhook_url", "notice_heartbeat_url"):
        url = getattr(settings, name)
        yield name.upper(), bool(url) and not url.startswith("https://"), "does not start with https://"
    yield "ARCHIVE_CACHE", settings.archive_cache not in ("on", "off"), "is neither on nor off"
    yield "DOWNLOADS", settings.downloads not in ("files", "service"), "is neither files nor service"
    acme, files = settings.tls == "acme", settings.tls == "files"
    yield "TLS", not (acme or files), "is neither acme nor files"
    yield "ACME_EMAIL", acme and not settings.acme_email, "required by TLS=acme"
    yield "TLS_CERTIFICATE", files and not settings.tls_certificate, "required by TLS=files"
    yield "TLS_KEY", files and not settings.tls_key, "required by TLS=files"
    mail = bool(settings.alarm_email)
    server = settings.alarm_mail_url.startswith(("smtp://", "smtps://"))
    yield "ALARM_MAIL_URL", mail and not server, "required by ALARM_EMAIL: smtps://user:password@host, or smtp://…"
    webhook = settings.alarm_webhook
    yield "ALARM_WEBHOOK", bool(webhook) and not is_safe_webhook(webhook), "does not start with https://"
    yield (
        "ALARM_EMAIL",
        not (mail or webhook),
        "this or ALARM_WEBHOOK is required: alarms must reach a person",
    )
    yield "SSH_PORT", settings.ssh_port not in map(str, range(1, 65536)), "is not a port"
    networks = list(map(_is_network, settings.cdn_networks.split(","))) if settings.cdn_networks else []
    yield "CDN_NETWORKS", not all(networks), "is not networks such as 192.0.2.0/24, separated by commas"
    time = re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", settings.reboot_at)
    yield "REBOOT_AT", time is None, "is not a time such as 04:20"
    yield "WEB_CONCURRENCY", settings.web_concurrency not in map(str, range(1, 33)), "is not a number from 1 to 32"


def _is_network(text: str) -> bool:
    try:
        ip_network(text.strip())
    except ValueError:
        return False
    return True
