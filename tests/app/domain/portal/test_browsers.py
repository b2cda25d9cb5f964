"""The names of browsers in the list of a person's sessions."""

import pytest

from app.domain.portal.browsers import browser_name

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0"
WINDOWS, ANDROID = "(Windows NT 10.0; Win64; x64)", "(Linux; Android 10; K)"
IPHONE, IPAD = "(iPhone; CPU iPhone OS 18_7 like Mac OS X)", "(iPad; CPU OS 18_7 like Mac OS X)"


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        (f"{WINDOWS} {CHROME} Safari/537.36 Edg/143.0.0.0", "Edge, Windows"),
        (f"{ANDROID} {CHROME} Mobile Safari/537.36 OPR/92.0.0.0", "Opera, Android"),
        (f"{IPHONE} {WEBKIT} Version/18.7 Mobile/15E148 Safari/604.1 OPT/6.2.0", "Opera, iPhone"),
        (f"{ANDROID} AppleWebKit/537.36 SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile", "Samsung Internet, Android"),
        ("(X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        (f"{IPAD} {WEBKIT} FxiOS/145.0 Mobile/15E148 Safari/605.1.15", "Firefox, iPad"),
        (f"(X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome, ChromeOS"),
        (f"{IPHONE} {WEBKIT} CriOS/143.0.0.0 Mobile/15E148 Safari/604.1", "Chrome, iPhone"),
        (f"(Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.6 Safari/605.1.15", "Safari, macOS"),
        (WINDOWS, "Windows"),
        ("", ""),
    ],
)
def test_a_browser_is_named_by_its_family_and_system(rest: str, name: str) -> None:
    assert browser_name(f"Mozilla/5.0 {rest}") == name
