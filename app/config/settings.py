"""The settings of one process: read once from the environment into frozen, typed objects.

Names and defaults follow the public server's variables and its config.yaml (rules 106 to 108). No secret has a default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field
from typing import Any

from app.config import parsers as parse
from app.config.common import (
    ALL_SURFACES,
    DEFAULT_SURFACES,
    PORTAL,
    RETRIEVAL,
    SHARING,
    STATUS,
    SUBMISSION,
    CommonSettings,
)
from app.config.fields import declared, read_one, read_values
from app.config.portal import PortalSettings
from app.config.retrieval import RetrievalSettings
from app.config.review import ReviewSettings
from app.config.sharing import SharingSettings
from app.config.status import StatusSettings
from app.config.submission import SubmissionSettings
from app.domain.errors import ConfigurationError, SurfaceNotServedError

SURFACE_SETTINGS: Mapping[str, type[CommonSettings]] = {
    SUBMISSION: SubmissionSettings,
    RETRIEVAL: RetrievalSettings,
    PORTAL: PortalSettings,
    SHARING: SharingSettings,
    STATUS: StatusSettings,
}


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """The settings of one process: common ones, and one object for each surface that it serves."""

    review: ReviewSettings
    _served: Mapping[str, CommonSettings] = field(repr=False)

    @property
    def submission(self) -> SubmissionSettings:
        """The settings of submission; raises SurfaceNotServedError where it is not served."""
        served = self._served.get(SUBMISSION)
        if not isinstance(served, SubmissionSettings):
            raise SurfaceNotServedError(SUBMISSION)
        return served

    @property
    def retrieval(self) -> RetrievalSettings:
        """The settings of retrieval; raises SurfaceNotServedError where it is not served."""
        served = self._served.get(RETRIEVAL)
        if not isinstance(served, RetrievalSettings):
            raise SurfaceNotServedError(RETRIEVAL)
        return served

    @property
    def portal(self) -> PortalSettings:
        """The settings of the portal; raises SurfaceNotServedError where it is not served."""
        served = self._served.get(PORTAL)
        if not isinstance(served, PortalSettings):
            raise SurfaceNotServedError(PORTAL)
        return served

    @property
    def sharing(self) -> SharingSettings:
        """The settings of sharing; raises SurfaceNotServedError where it is not served."""
        served = self._served.get(SHARING)
        if not isinstance(served, SharingSettings):
            raise SurfaceNotServedError(SHARING)
        return served

    @property
    def status(self) -> StatusSettings:
        """The settings of status; raises SurfaceNotServedError where it is not served."""
        served = self._served.get(STATUS)
        if not isinstance(served, StatusSettings):
            raise SurfaceNotServedError(STATUS)
        return served

    def serves(self, *surfaces: str) -> bool:
        """Return whether the process serves all of these surfaces."""
        return set(surfaces) <= set(self.surfaces)

    def values(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the value of every setting that the process has."""
        for settings in (self, self.review, *self._served.values()):
            for each in declared(type(settings)):
                yield each.name.upper(), getattr(settings, each.name)

    def secrets(self) -> Iterator[Any]:
        """Yield the value of every secret setting that the process has."""
        for settings in (self, *self._served.values()):
            for each in declared(type(settings)):
                if each.metadata["secret"]:
                    yield getattr(settings, each.name)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read every setting; raise ConfigurationError for the first that is missing or malformed."""
        common = read_values(CommonSettings, environment)
        served = {
            surface: SURFACE_SETTINGS[surface](**read_values(SURFACE_SETTINGS[surface], environment))
            for surface in common["surfaces"]
        }
        settings = cls(**common, review=ReviewSettings(**read_values(ReviewSettings, environment)), _served=served)
        _check_combinations(settings)
        return settings


@dataclass(frozen=True)
class SettingDescription:
    """What a setting is, for documents and tools.

    `required_by` names the surfaces that cannot start without it, `platform` the variable that is read instead of it.
    """

    name: str
    description: str
    default: str | None
    required_by: tuple[str, ...]
    is_secret: bool
    platform: str


def setting_errors(environment: Mapping[str, str]) -> list[str]:
    """Return one line for each setting that is missing or malformed, where a start reports only the first."""
    errors: dict[str, None] = {}

    def collect(settings_class: type[Any]) -> dict[str, Any]:
        values = {}
        for each in declared(settings_class):
            try:
                values[each.name] = read_one(each, environment)
            except ConfigurationError as error:
                errors[str(error)] = None
        return values

    surfaces = collect(CommonSettings).get("surfaces", DEFAULT_SURFACES)
    for settings_class in (*(SURFACE_SETTINGS[surface] for surface in surfaces), ReviewSettings):
        collect(settings_class)
    if not errors:
        try:
            Settings.from_environment(environment)
        except ConfigurationError as error:  # settings that contradict each other
            errors[str(error)] = None
    return list(errors)


def describe_settings() -> list[SettingDescription]:
    """Return a description of every setting of the service."""
    described = [_describe(each, ALL_SURFACES) for each in declared(CommonSettings)]
    for surface in ALL_SURFACES:
        described += [_describe(each, (surface,)) for each in _own_settings(surface)]
    described += [_describe(each, ()) for each in declared(ReviewSettings)]
    # If several surfaces have a setting, its first description is used.
    return list({each.name: each for each in reversed(described)}.values())[::-1]


def parse_setting(name: str, raw: str) -> Any:
    """Return the value of one setting from its text; raise ConfigurationError, or KeyError for an unknown name."""
    classes: list[type[Any]] = [CommonSettings, *SURFACE_SETTINGS.values(), ReviewSettings]
    fields = {each.name.upper(): each for settings in classes for each in declared(settings)}
    return read_one(fields[name], {name: raw})


def _own_settings(surface: str) -> "list[Field[Any]]":
    common = {each.name for each in declared(CommonSettings)}
    return [each for each in declared(SURFACE_SETTINGS[surface]) if each.name not in common]


def _describe(each: "Field[Any]", surfaces: tuple[str, ...]) -> SettingDescription:
    about = each.metadata
    required_by = surfaces if about["default"] is None else ()
    return SettingDescription(
        each.name.upper(), about["description"], about["default"], required_by, about["secret"], about["platform"]
    )


def _check_combinations(settings: Settings) -> None:
    if settings.serves(RETRIEVAL):
        retrieval = settings.retrieval
        if len(retrieval.retrieve_hmac_key) < retrieval.hmac_key_length:
            raise ConfigurationError(
                f"RETRIEVE_HMAC_KEY: shorter than HMAC_KEY_LENGTH, {retrieval.hmac_key_length} bytes"
            )
    if settings.serves(SUBMISSION):
        _check_submission(settings.submission)
    if settings.serves(PORTAL):
        _check_portal(settings.portal)
    if settings.serves(STATUS):
        _check_status(settings.status)
    if settings.review.review_tools and settings.is_production:
        raise ConfigurationError("REVIEW_TOOLS: must not be true in production")


def _check_submission(submission: SubmissionSettings) -> None:
    if submission.is_production and parse.DEMONSTRATION_LABEL in submission.key_claim_token.values():
        raise ConfigurationError("KEY_CLAIM_TOKEN: a token must have a label of its own in production")
    if submission.enable_test_tools and submission.is_production:
        raise ConfigurationError("ENABLE_TEST_TOOLS: must not be true in production")
    if submission.enable_test_tools and not submission.test_tools_token:
        raise ConfigurationError("TEST_TOOLS_TOKEN: required if ENABLE_TEST_TOOLS is true")


def _check_portal(portal: PortalSettings) -> None:
    if SUBMISSION not in portal.surfaces and portal.submission_url is None:
        raise ConfigurationError("SUBMISSION_URL: required where the portal is served without submission")
    if not portal.is_production:
        return
    if not (portal.portal_url or "").startswith("https://"):
        raise ConfigurationError("PORTAL_URL: must start with https:// in production")
    if portal.keeps_email:
        raise ConfigurationError("MAIL_URL: required in production")
    if portal.keeps_text_messages:
        raise ConfigurationError("TEXT_MESSAGE_URL: must not be `outbox` in production")


def _check_status(status: StatusSettings) -> None:
    # Without it, the feed would contain the host name that a request states, and a cache could keep that.
    if status.is_production and not (status.status_url or "").startswith("https://"):
        raise ConfigurationError("STATUS_URL: must start with https:// in production")
    if status.notice_webhook_url and not status.notice_webhook_key:
        raise ConfigurationError("NOTICE_WEBHOOK_KEY: required with NOTICE_WEBHOOK_URL")
    if status.notice_emails and status.mail_url is None:
        raise ConfigurationError("MAIL_URL: required with NOTICE_EMAILS")
    if status.digest_emails and status.mail_url is None:
        raise ConfigurationError("MAIL_URL: required with DIGEST_EMAILS")
