"""host.conf: what the host accepts, and what it refuses with one line."""

from pathlib import Path

import pytest

from deploy.host.errors import HostError
from deploy.host.settings import read_settings
from deploy.host.templates import TEMPLATES
from tests.deploy_host.hosts import LINES, host_settings


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"SUBMISSION_NAME": "Not a name"}, "SUBMISSION_NAME"),
        ({"SURFACES": "retrieval"}, "must name submission"),
        ({"SURFACES": "submission,other"}, "'other' is not one of"),
        ({"RETRIEVAL_NAME": LINES["SUBMISSION_NAME"]}, "same host name"),
        ({"TLS": "none"}, "TLS: is neither"),
        ({"TLS": "files"}, "TLS_CERTIFICATE: required"),
        ({"ALARM_WEBHOOK": ""}, "alarms must reach a person"),
        ({"ALARM_WEBHOOK": "http://alarms.example.org/"}, "ALARM_WEBHOOK: does not start with https://"),
        ({"ALARM_WEBHOOK": "http://127.0.0.1.example.org/"}, "ALARM_WEBHOOK: does not start with https://"),
        ({"ALARM_WEBHOOK": "http://127.0.0.1:80@example.org/"}, "ALARM_WEBHOOK: does not start with https://"),
        ({"ALARM_WEBHOOK": "https://["}, "ALARM_WEBHOOK: does not start with https://"),
        ({"ALARM_EMAIL": "a@example.org"}, "ALARM_MAIL_URL"),
        ({"HEALTH_AUTHORITY": "a:b"}, "HEALTH_AUTHORITY"),
        ({"REGION_CODE": "30"}, "REGION_CODE"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY"),
        ({"MAIL_URL": ""}, "MAIL_URL"),
        ({"SOURCE": ""}, "SOURCE"),
        (
            {"SURFACES": "submission,status", "MAIL_URL": "", "DIGEST_EMAILS": "a@example.org"},
            "MAIL_URL: required by NOTICE",
        ),
        ({"NOTICE_WEBHOOK_URL": "http://example.org"}, "NOTICE_WEBHOOK_URL"),
        ({"FIGURE_THRESHOLDS": "diagnosis_keys=9000"}, "FIGURE_THRESHOLDS"),
        ({"NOTICE_HEARTBEAT_URL": "http://example.org"}, "NOTICE_HEARTBEAT_URL"),
        ({"DOWNLOADS": "bucket"}, "DOWNLOADS"),
        ({"SSH_PORT": "99999"}, "SSH_PORT"),
        ({"REBOOT_AT": "24:00"}, "REBOOT_AT"),
        ({"CDN_NETWORKS": "192.0.2.0/24 2001:db8::/32"}, "CDN_NETWORKS"),
        ({"SURFACE": "submission"}, "SURFACE: not a setting"),
        ({"FURTHER": "x"}, "FURTHER: not a setting"),
        ({"shop.PORTAL_MAIL_DOMAINS": "example.org"}, "'shop' is not one of"),
        ({"portal.mail domains": "example.org"}, "'mail domains' is not the name"),
        ({"portal.PORTAL_SECRET_KEYS": "x"}, "the host makes PORTAL_SECRET_KEYS itself"),
        ({"submission.DATABASE_URL": "x"}, "the host makes DATABASE_URL itself"),
        ({"portal.MAIL_URL": "x"}, "write MAIL_URL without the surface"),
    ],
)
def test_a_wrong_setting_is_refused_with_one_line_that_names_it(
    line: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(HostError, match=message):
        host_settings(tmp_path, **line)


def test_the_example_of_the_settings_is_accepted() -> None:
    settings = read_settings(TEMPLATES.parent / "host.conf.example")
    assert settings.surfaces == ("submission", "retrieval")
