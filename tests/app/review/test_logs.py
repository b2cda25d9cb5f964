"""The log on the front page: its end alone, and none of the secrets."""

import secrets
from pathlib import Path
from typing import Any

import pytest

from app.config import ALL_SURFACES, Settings
from app.config.settings import describe_settings
from app.crypto.signing import generate_signing_key
from app.review.logs import MAX_LINE_CHARACTERS, MAX_LINES, last_lines
from app.review.masking import HIDDEN, Mask

MARKED = {
    "DATABASE_URL": "postgres://review:mark-of%2Fthe-database@db.example:5432/review",
    "REDIS_URL": "rediss://:mark-of-redis@redis.example:6380",
    "SECRET_KEY": secrets.token_hex(32),
    "SEALING_KEYS": f"{secrets.token_hex(32)},{secrets.token_hex(32)}",
    "KEY_CLAIM_TOKEN": "mark-of-ontario-000000001=ON:mark-of-alberta-000000001=AB",
    "RETRIEVE_HMAC_KEY": secrets.token_hex(32),
    "ECDSA_KEY": generate_signing_key(),
    "METRICS_USERNAME": "mark-of-the-operator",
    "METRICS_PASSWORD": "mark-of-the-figures",
    "TEST_TOOLS_TOKEN": "mark-of-the-test-tools",
    "PORTAL_SECRET_KEYS": secrets.token_hex(32),
    "SHARING_SECRET_KEY": secrets.token_hex(32),
    "SHARING_TOKENS": "mark-of-sharing-0000001=team",
    "PORTAL_TOKENS": "mark-of-the-portal-000001=ON",
    "MAIL_URL": "smtp://portal:mark-of-mail@mail.example:587",
    "QR_SIGNATURE_KEY": secrets.token_hex(32),
    "TEXT_MESSAGE_TOKEN": "mark-of-text-messages",
    "METRICS_TOKEN": "mark-of-metrics-" + "0" * 16,
    "NOTICE_WEBHOOK_KEY": secrets.token_hex(32),
    "STATUS_NOTE_TOKENS": "mark-of-notes-0000000001=hosting",
}
# As they may appear in a text, one by one: tokens without their labels, passwords without their addresses.
SPOKEN = [
    *MARKED.values(),
    "mark-of%2Fthe-database",
    "mark-of/the-database",
    "mark-of-redis",
    *MARKED["SEALING_KEYS"].split(","),
    "mark-of-ontario-000000001",
    MARKED["SECRET_KEY"].upper(),
]


@pytest.fixture
def settings() -> Settings:
    """Settings in which every secret can be recognised."""
    return Settings.from_environment(MARKED | {"SURFACES": ",".join(ALL_SURFACES)})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the log is; it does not exist yet."""
    return tmp_path / "app.log"


def test_every_secret_of_the_settings_is_marked_in_this_test() -> None:
    assert {each.name for each in describe_settings() if each.is_secret} == set(MARKED)


@pytest.mark.parametrize("secret", SPOKEN, ids=lambda _: "secret")
def test_no_secret_is_shown_in_any_form(settings: Settings, log: Path, secret: str) -> None:
    log.write_text(f"web.1 | before {secret} after\n")
    [line] = last_lines(log, "", Mask(settings)) or []
    assert line.text.startswith("before ")
    assert "after" in line.text
    for piece in (secret, *secret.split("=")[:1]):
        assert piece not in line.text
    assert "mark-of" not in line.text
    assert HIDDEN in line.text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Authorization: Bearer 8B74fmHh0NG8Mc83Rt2", f"Authorization: Bearer {HIDDEN}"),
        ("to redis://:other@10.0.0.1:6379 and on", f"to redis://:{HIDDEN}@10.0.0.1:6379 and on"),
        ("a basic dyno at http://127.0.0.1:8001/phone", "a basic dyno at http://127.0.0.1:8001/phone"),
    ],
)
def test_what_looks_like_a_secret_of_others_is_replaced_and_nothing_else(
    settings: Settings, line: str, shown: str
) -> None:
    assert Mask(settings).hide(line) == shown


def test_an_unknown_kind_of_secret_is_an_error(settings: Settings) -> None:
    object.__setattr__(settings.retrieval, "metrics_password", 7)
    with pytest.raises(TypeError, match="int"):
        Mask(settings)


def test_the_newest_lines_come_last_and_others_are_left_out(settings: Settings, log: Path) -> None:
    log.write_text("".join(f"web.1    | number {number}\n" for number in range(MAX_LINES + 50)))
    lines = last_lines(log, "", Mask(settings)) or []
    assert [line.text for line in (lines[0], lines[-1])] == ["number 50", f"number {MAX_LINES + 49}"]


def test_a_process_is_picked_by_its_whole_name(settings: Settings, log: Path) -> None:
    log.write_text("web.1 | a\nwebhook.1 | b\nclock.1 | c\nTraceback | d\nweb.2 | e\n")
    shown = last_lines(log, "web", Mask(settings)) or []
    assert [(line.process, line.text) for line in shown] == [("web.1", "a"), ("web.2", "e")]
    assert len(last_lines(log, "", Mask(settings)) or []) == 5


def test_of_a_long_log_only_the_end_is_read(settings: Settings, log: Path) -> None:
    secret = MARKED["SECRET_KEY"]
    # A hole of a gigabyte: reading all of it would exhaust memory. The truncated first line is not shown.
    with log.open("wb") as file:
        file.seek(1_000_000_000)
        file.write((f"web.1 | {secret}" * 10_000 + "\nweb.1 | the end\n").encode())
    lines = last_lines(log, "", Mask(settings)) or []
    assert [line.text for line in lines] == ["the end"]


def test_a_log_that_has_just_begun_is_completed_from_the_one_before(settings: Settings, log: Path) -> None:
    log.with_name("app.log.1").write_text("web.1 | old\n")
    log.write_text("web.1 | new\n")
    assert [line.text for line in last_lines(log, "", Mask(settings)) or []] == ["old", "new"]


def test_a_log_that_is_rotated_while_it_is_read_has_each_line_once(
    settings: Settings, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write_text("web.1 | one\n")
    opened = Path.open

    def rotate(path: Path, mode: str) -> Any:
        file = opened(path, mode)
        if path == log:
            log.replace(log.with_name(f"{log.name}.1"))
        return file

    monkeypatch.setattr(Path, "open", rotate)
    assert [line.text for line in last_lines(log, "", Mask(settings)) or ()] == ["one"]


def test_lines_are_bounded_and_contain_no_control_characters(settings: Settings, log: Path) -> None:
    log.write_text(f"\x1b[36mweb.1 |\x1b[0m \x1b]0;title\x07{'x' * 10_000}\n")
    [line] = last_lines(log, "", Mask(settings)) or []
    assert line.process == "web.1"
    assert len(line.text) == MAX_LINE_CHARACTERS
    assert line.text.isprintable()


def test_errors_and_warnings_have_a_level(settings: Settings, log: Path) -> None:
    log.write_text("web.1 | level=info msg=a\nweb.1 | level=warning msg=b\nweb.1 | level=critical msg=c\n")
    assert [line.level for line in last_lines(log, "", Mask(settings)) or []] == ["", "warning", "error"]


def test_no_log_is_none(settings: Settings, log: Path, tmp_path: Path) -> None:
    assert last_lines(log, "", Mask(settings)) is None
    assert last_lines(tmp_path, "", Mask(settings)) is None
